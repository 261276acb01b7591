// Writes the model down: a diagram of the data flows, and the threats of each element, for the platform and for each feature.
import { type Answer, type Element, type Flow, pairsOf, type Part, STRIDE, type Status, statusOf, type Threat, threatened } from './model.ts';

const STATUSES: readonly Status[] = ['mitigated', 'transferred', 'accepted', 'open'];
const SHAPES: Readonly<Record<Element['kind'], readonly [string, string]>> = { external: ['[', ']'], process: ['([', '])'], store: ['[(', ')]'] };

export interface ThreatDocument {
  readonly path: string;
  readonly text: string;
}

/** Of the platform, or of the feature alone: the one does not change when the other goes. */
export function documentOf(parts: readonly Part[], feature: string | undefined): ThreatDocument {
  const own = parts.filter((part) => part.feature === feature);
  const shown = parts.filter((part) => part.feature === undefined || part.feature === feature);
  const path = feature === undefined ? '.github/THREATS.md' : `app/features/${feature}/THREATS.md`;
  const up = path.split('/').slice(1).map(() => '../').join('');
  const lines = [...introduce(feature, up), ...count(own), ...draw(own, shown), ...listElements(own, up), ...listFlows(own, shown, up)];
  return { path, text: `${lines.join('\n')}\n` };
}

export function countThreats(parts: readonly Part[]): ReadonlyMap<Status, number> {
  const threats = threatened(parts).flatMap((each) => each.threats);
  return new Map(STATUSES.map((status) => [status, threats.filter((threat) => statusOf(threat) === status).length]));
}

function introduce(feature: string | undefined, up: string): readonly string[] {
  const data = feature === undefined ? '`.github/threats/*.json`' : '`threats.json` beside it';
  const rest = feature === undefined ? 'Each feature has a `THREATS.md` of its own in its folder, which goes when the folder goes.' : `The elements of the platform are in [its own model](${up}.github/THREATS.md).`;
  return [
    `# Threat model${feature === undefined ? '' : ' of this feature'}`,
    '',
    `Written by \`npm run threats\` from ${data}; don't edit it. ${rest}`,
    '',
    'STRIDE per element: outside, spoofing and repudiation; a process, all six; a store, tampering, disclosure and denial (and',
    'repudiation where it is a record); a flow, tampering, disclosure and denial. **Mitigated** is a threat that tests, policies,',
    'rules or gates answer, each of which CI runs; **transferred**, one that somebody outside must answer; **accepted**, one that',
    'is left, with the reason and who decides; **open**, one that waits. `npm test` fails for a route, a table or a way out that',
    'belongs to no element, for an element without a letter, and for an answer that is not there.',
    '',
  ];
}

function count(parts: readonly Part[]): readonly string[] {
  const threats = threatened(parts).flatMap((each) => each.threats);
  const rows = Object.entries(STRIDE).map(([letter, name]) => {
    const own = threats.filter((threat) => threat.id.startsWith(letter));
    return [name, ...STATUSES.map((status) => own.filter((threat) => statusOf(threat) === status).length), own.length];
  });
  const sums = ['**all**', ...STATUSES.map((status) => countThreats(parts).get(status) ?? 0), threats.length];
  return [...table(['', ...STATUSES, 'all'], [...rows, sums]), ''];
}

/** Mermaid, since GitHub draws it. A dashed line is one that leaves its zone: a trust boundary. */
function draw(own: readonly Part[], shown: readonly Part[]): readonly string[] {
  const flows = own.flatMap((part) => part.flows);
  const ends = new Set(flows.flatMap((flow) => pairsOf(flow).flat()));
  const owned = own.flatMap((part) => part.elements);
  const elements = [...owned, ...shown.flatMap((part) => part.elements).filter((element) => ends.has(element.id) && !owned.includes(element))];
  const zones = shown.flatMap((part) => part.zones).filter((zone) => elements.some((element) => element.zone === zone.id));
  return [
    '```mermaid',
    'flowchart LR',
    ...zones.flatMap(({ id, name }) => [`  subgraph zone-${id}["${name}"]`, ...elements.filter(({ zone }) => zone === id).map(({ id: element, kind, name: text }) => `    ${element}${SHAPES[kind][0]}"${text}"${SHAPES[kind][1]}`), '  end']),
    ...flows.flatMap((flow, index) => pairsOf(flow).map(([from, to]) => `  ${from} ${crosses(from, to, elements) ? `-. ${index + 1} .->` : `-- ${index + 1} -->`} ${to}`)),
    '```',
    '',
    'A line that is broken crosses a trust boundary; the numbers are those of the flows below.',
    '',
  ];
}

function crosses(from: string, to: string, elements: readonly Element[]): boolean {
  const zoneOf = (id: string) => elements.find((element) => element.id === id)?.zone;
  return zoneOf(from) !== zoneOf(to);
}

function listElements(parts: readonly Part[], up: string): readonly string[] {
  const titles: Readonly<Record<Element['kind'], string>> = { external: 'Outside', process: 'Processes', store: 'Stores' };
  const elements = parts.flatMap((part) => part.elements);
  return (['external', 'process', 'store'] as const).flatMap((kind) => {
    const own = elements.filter((element) => element.kind === kind);
    return own.length === 0 ? [] : [`## ${titles[kind]}`, '', ...own.flatMap((element) => [`### ${element.name}`, '', element.what, ...factsOf(element), '', ...listThreats(element.threats, up)])];
  });
}

function factsOf({ routes, sometimes, tables, commands }: Element): readonly string[] {
  const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');
  return [
    ...(routes.length + sometimes.length > 0 ? ['', `Routes: ${code(routes)}${sometimes.length > 0 ? `${routes.length > 0 ? ', ' : ''}and where they are asked for ${code(sometimes)}` : ''}.`] : []),
    ...(commands.length > 0 ? ['', `Commands: ${code(commands)}.`] : []),
    ...(tables.length > 0 ? ['', `Tables: ${code(tables)}.`] : []),
  ];
}

function listFlows(own: readonly Part[], shown: readonly Part[], up: string): readonly string[] {
  const names = new Map(shown.flatMap((part) => part.elements.map((element) => [element.id, element.name] as const)));
  const elements = shown.flatMap((part) => part.elements);
  const say = (ids: readonly string[]) => ids.map((id) => names.get(id) ?? id).join(', ');
  const describe = ({ paths, carries, protocol, authentication, encryption, settings }: Flow) => [
    carries,
    '',
    ...table(
      ['protocol', 'who it is', 'encryption', 'trust boundary', ...(settings.length > 0 ? ['setting'] : [])],
      [[protocol, authentication, encryption, pairsOf({ paths }).some(([from, to]) => crosses(from, to, elements)) ? 'crossed' : 'none', ...(settings.length > 0 ? [settings.map((name) => `\`${name}\``).join(', ')] : [])]],
    ),
    '',
  ];
  const flows = own.flatMap((part) => part.flows);
  return ['## Flows', '', ...flows.flatMap((flow, index) => [`### ${index + 1}. ${say(Object.keys(flow.paths))} → ${say([...new Set(Object.values(flow.paths).flat())])}`, '', ...describe(flow), ...listThreats(flow.threats, up)])].slice(0, -1);
}

function listThreats(threats: readonly Threat[], up: string): readonly string[] {
  return [...table(['', 'threat', 'answer'], threats.map((threat) => [threat.id, threat.threat, `**${statusOf(threat)}** ${threat.answers.map((answer) => say(answer, up)).join(' · ')}`])), ''];
}

function say(answer: Answer, up: string): string {
  if ('test' in answer) return `[${answer.test.replace(/^.*\//, '').replace('.test.ts', '')}](${up}${answer.test}): ${answer.name}`;
  if ('policy' in answer) return `policy [${answer.name}](${up}${answer.policy})`;
  if ('rule' in answer) return `rule: ${answer.rule}`;
  if ('gate' in answer) return `\`${answer.gate}\``;
  if ('transferred' in answer) return `to ${answer.to}: ${answer.transferred}`;
  return 'accepted' in answer ? `${answer.accepted} (decides: ${answer.decides})` : answer.open;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): readonly string[] {
  const line = (cells: readonly (string | number)[]) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll(/<(?=[a-z/!])/gi, '&lt;')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
