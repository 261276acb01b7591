// The table at the end of a run, and the findings above it, for a terminal.
import type { NamedGate } from './find.ts';
import type { Verdict } from './judge.ts';

export interface Remainder {
  /** How many gates a change did not touch. */
  readonly untouched: number;
  readonly withoutPart: readonly NamedGate[];
}

export function tableOf(verdicts: readonly Verdict[], { untouched, withoutPart }: Remainder): string {
  const findings = verdicts.flatMap((verdict) => verdict.findings.map((finding) => `${finding.file}${finding.line === undefined ? '' : `:${finding.line}`}  ${verdict.gate}/${finding.rule}\n    ${finding.message}\n    → ${finding.fix}`));
  const head = ['gate', 'claim', 'result', 'findings', 'seconds'];
  const rows = verdicts.map(({ gate, claim, status, reason, findings: found, ms }) => [gate, claim, reason === '' ? status : `${status} (${reason})`, status === 'not run' ? '' : String(found.length), (ms / 1000).toFixed(1)]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = [head, ...rows].map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
  const count = (wanted: Verdict['status']) => verdicts.filter(({ status }) => status === wanted).length;
  const counts = `${count('pass')} pass, ${count('fail')} fail, ${count('not run')} not run`;
  return ['', ...findings, '', ...lines, '', ...notes(untouched, withoutPart), counts].join('\n');
}

function notes(untouched: number, withoutPart: readonly NamedGate[]): readonly string[] {
  return [
    ...(untouched > 0 ? [`${untouched} more judge nothing that was changed`] : []),
    ...withoutPart.map(({ name, part = '' }) => `${name} claims nothing here: there is no ${part}`),
  ];
}
