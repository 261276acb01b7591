// The one way in which a dashboard is written, so that a review sees what changed and nothing else. Tested by dashboards.test.ts.

/** As wide as the prose of this repository. */
const WIDTH = 130;

/** What Grafana writes into an export and reads nowhere in a file: its own numbers and times. */
const NOT_OURS: ReadonlySet<string> = new Set(['iteration', 'pluginVersion', 'version']);

export function formatDashboard(dashboard: object): string {
  // Its own id; those of panels are what links name.
  const kept = Object.entries(dashboard).filter(([key]) => key !== 'id');
  return `${write(withoutNoise(Object.fromEntries(kept)), 0, 0)}\n`;
}

function withoutNoise(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNoise);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => (NOT_OURS.has(key) ? [] : [[key, withoutNoise(inner)]])));
}

/** On one line what fits there; a panel, a query or a link is then read at one glance. */
function write(value: unknown, indent: number, before: number): string {
  const line = onOneLine(value);
  if (typeof value !== 'object' || value === null || indent + before + line.length < WIDTH) return line;
  const inner = indent + 2;
  const entries = Array.isArray(value) ? value.map((item) => write(item, inner, 0)) : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${write(item, inner, key.length + 4)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open ?? ''}\n${entries.map((entry) => ' '.repeat(inner) + entry).join(',\n')}\n${' '.repeat(indent)}${close ?? ''}`;
}

function onOneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(onOneLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${onOneLine(item)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}
