// A saved plan for the people who approve it: what is made, changed and destroyed, the worst first, and no value.
import { attributesOf, type Change, changesIn } from './plan.ts';

const KINDS = ['replace', 'destroy', 'change', 'make'] as const;
type Kind = (typeof KINDS)[number];

/** GitHub takes 65,536 characters of a comment, and the summaries of staging and production are in one. */
const LONGEST = 32_000;

export function summaryOf(environment: string, text: string): string {
  const changes = changesIn(text).map((change) => ({ change, kind: kindOf(change) }));
  const counts = KINDS.map((kind) => ({ kind, count: changes.filter((each) => each.kind === kind).length })).filter(({ count }) => count > 0);
  const heading = `### ${environment}: ${counts.length === 0 ? 'nothing changes' : counts.map(({ kind, count }) => `${count} to ${kind}`).join(', ')}\n`;
  if (changes.length === 0) return heading;
  const rows = KINDS.flatMap((kind) => changes.filter((each) => each.kind === kind).map(({ change }) => `| ${isLoss(kind) ? `**${kind}**` : kind} | \`${change.address}\` | ${kind === 'change' || kind === 'replace' ? attributesOf(change).join(', ') : ''} |\n`));
  let table = '\n| | resource | what differs |\n| --- | --- | --- |\n';
  let shown = 0;
  for (const row of rows) {
    if (table.length + row.length > LONGEST) break;
    table += row;
    shown++;
  }
  return `${heading}${table}${shown < rows.length ? `\n${rows.length - shown} more are in the log of the plan.\n` : ''}`;
}

const isLoss = (kind: Kind): boolean => kind === 'replace' || kind === 'destroy';

function kindOf({ address, actions }: Change): Kind {
  const of = new Set(actions);
  if (of.has('delete') || of.has('forget')) return of.has('create') ? 'replace' : 'destroy';
  if (of.has('update')) return 'change';
  if (of.has('create')) return 'make';
  throw new Error(`${address}: what ${actions.join(' and ')} does is not known here.`);
}
