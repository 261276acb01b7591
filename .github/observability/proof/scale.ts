// Makes the shipped files of Prometheus and Alertmanager run so many times faster: with 60 an hour is a minute, and a minute a second. What is
// a duration is divided (windows, intervals, for, group_wait …); thresholds, counts and the windows in the names of recordings stay as they are.
import { isScalar, parseDocument, type Node, visit } from 'yaml';

/** A scrape is work in real time, and is not made faster than this. */
export const SHORTEST_SCRAPE_MS = 1_000;
/** A rate over fewer scrapes is a guess: one that is late leaves too little to compare. */
const LEAST_SCRAPES = 4;

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000 } as const;
const DURATION = String.raw`(?:\d+(?:ms|[smhdwy]))+`;
/** https://prometheus.io/docs/prometheus/latest/querying/basics/#time-durations */
const WINDOW = new RegExp(String.raw`\[(${DURATION})(?::(${DURATION})?)?\]`, 'g');
const OFFSET = new RegExp(String.raw`\boffset\s+-?(${DURATION})`, 'g');
const WHOLE = new RegExp(`^${DURATION}$`);
/** All that the two programs call a time; what else stands beside such a key is left alone. */
const TIMES = new Set(['for', 'keep_firing_for', 'interval', 'evaluation_interval', 'group_wait', 'group_interval', 'repeat_interval', 'resolve_timeout']);
const SCRAPES = new Set(['scrape_interval', 'scrape_timeout']);

export function toMs(duration: string): number {
  return [...duration.matchAll(/(\d+)(ms|[smhdwy])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit as keyof typeof UNITS], 0);
}

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * The same text with other durations.
 * @throws Error with one line where a window would hold too few scrapes, or a time less than a millisecond.
 */
export function scale(text: string, factor: number): string {
  if (!(factor >= 1)) throw new Error(`the factor must be 1 or more, and is ${factor}`);
  if (factor === 1) return text;
  const edits: Edit[] = [];
  visit(parseDocument(text), {
    Pair(_, { key, value }) {
      if (!isScalar(key) || !isScalar(value) || typeof value.value !== 'string') return;
      const name = String(key.value);
      if (name === 'expr') edits.push(...windowsIn(text, rangeOf(value), factor));
      else if ((TIMES.has(name) || SCRAPES.has(name)) && WHOLE.test(value.value)) edits.push({ ...rangeOf(value), text: SCRAPES.has(name) ? scrapeOf(value.value, factor) : divide(value.value, factor) });
    },
  });
  return edits.toSorted((one, other) => other.from - one.from).reduce((scaled, { from, to, text: next }) => scaled.slice(0, from) + next + scaled.slice(to), text);
}

/** The name of each target and receiver, to the address that it has here. Whatever is not named stays. */
export function redirect(text: string, addresses: Readonly<Record<string, string>>): string {
  return Object.entries(addresses).reduce((redirected, [name, address]) => {
    if (!redirected.includes(name)) throw new Error(`nothing is sent to ${name}`);
    return redirected.replaceAll(name, address);
  }, text);
}

function rangeOf({ range }: Pick<Node, 'range'>): { readonly from: number; readonly to: number } {
  const [from = 0, to = 0] = range ?? [];
  return { from, to };
}

function windowsIn(text: string, { from, to }: { readonly from: number; readonly to: number }, factor: number): readonly Edit[] {
  const expression = text.slice(from, to);
  const shortest = (duration: string): string => {
    if (toMs(duration) / factor < LEAST_SCRAPES * SHORTEST_SCRAPE_MS) throw new Error(`the window ${duration} of ${factor} times faster is ${toMs(duration) / factor} ms, less than ${LEAST_SCRAPES} scrapes: the factor is at most ${Math.floor(toMs(duration) / (LEAST_SCRAPES * SHORTEST_SCRAPE_MS))}`);
    return divide(duration, factor);
  };
  const windows = [...expression.matchAll(WINDOW)].map(({ index, 0: all, 1: window = '', 2: step }) => ({ from: from + index, to: from + index + all.length, text: `[${shortest(window)}${all.includes(':') ? `:${step === undefined ? '' : divide(step, factor)}` : ''}]` }));
  const offsets = [...expression.matchAll(OFFSET)].map(({ index, 0: all, 1: offset = '' }) => ({ from: from + index + all.length - offset.length, to: from + index + all.length, text: divide(offset, factor) }));
  return [...windows, ...offsets];
}

function divide(duration: string, factor: number): string {
  const ms = Math.round(toMs(duration) / factor);
  if (ms === 0 && toMs(duration) > 0) throw new Error(`the time ${duration} is less than a millisecond ${factor} times faster`);
  return `${ms}ms`;
}

/** A timeout is at most the interval. */
function scrapeOf(duration: string, factor: number): string {
  return `${Math.max(SHORTEST_SCRAPE_MS, Math.round(toMs(duration) / factor))}ms`;
}

