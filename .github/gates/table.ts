// The table at the end of a run, and the findings above it, for a terminal.
import type { NamedGate } from './find.ts';
import type { Verdict } from './judge.ts';

export interface Remainder {
  /** How many gates a change did not touch. */
  readonly untouched: number;
  readonly withoutPart: readonly NamedGate[];
}

/** Of one gate; a tool that has found its way into the wrong folder fills the terminal otherwise. */
const MOST_FINDINGS = 20;
const CLAIM_WIDTH = 60;

export function tableOf(verdicts: readonly Verdict[], { untouched, withoutPart }: Remainder): string {
  const head = ['gate', 'claim', 'result', 'findings', 'seconds'];
  const rows = verdicts.flatMap(({ gate, claim, status, reason, findings, ms }) => {
    const [result, claims] = [wrap(reason === '' ? status : `${status} (${reason})`, CLAIM_WIDTH / 2), wrap(claim, CLAIM_WIDTH)];
    const height = Math.max(result.length, claims.length);
    return Array.from({ length: height }, (_, line) => [line === 0 ? gate : '', claims[line] ?? '', result[line] ?? '', line === 0 && status !== 'not run' ? String(findings.length) : '', line === 0 ? (ms / 1000).toFixed(1) : '']);
  });
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = [head, ...rows].map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
  const count = (wanted: Verdict['status']) => verdicts.filter(({ status }) => status === wanted).length;
  const counts = `${count('pass')} pass, ${count('fail')} fail, ${count('not run')} not run`;
  return ['', ...verdicts.flatMap(findingsOf), '', ...lines, '', ...notes(untouched, withoutPart), counts].join('\n');
}

function findingsOf({ gate, findings }: Verdict): readonly string[] {
  const shown = findings.slice(0, MOST_FINDINGS).map(({ file, line, rule, message, fix }) => `${file}${line === undefined ? '' : `:${line}`}  ${gate}/${rule}\n    ${message}\n    → ${fix}`);
  return findings.length > MOST_FINDINGS ? [...shown, `${findings.length - MOST_FINDINGS} more of ${gate}: npm run gates -- --only ${gate} --report <folder> shows all`] : shown;
}

function wrap(text: string, width: number): readonly string[] {
  return text.split(' ').reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= width) return [...lines, word];
    return [...lines.slice(0, -1), `${last} ${word}`];
  }, []);
}

function notes(untouched: number, withoutPart: readonly NamedGate[]): readonly string[] {
  return [
    ...(untouched > 0 ? [`${untouched} more judge nothing that was changed`] : []),
    ...withoutPart.map(({ name, part = '' }) => `${name} claims nothing here: there is no ${part}`),
  ];
}
