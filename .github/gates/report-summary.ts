// The findings as Markdown, for $GITHUB_STEP_SUMMARY, which takes one MiB.
import { commandOf, countOf, type Entry, type RunRecord } from './report.ts';
import { escapeMarkdown } from './report-text.ts';

const LARGEST_BYTES = 1_000_000;
const SIGNS = { fail: '❌', 'not run': '⚪', pass: '✅' } as const;

export function summaryOf(entries: readonly Entry[], { verdicts, remainder }: RunRecord): string {
  const head = ['# Gates', '', `${countOf(verdicts, 'fail')} fail, ${countOf(verdicts, 'not run')} not run, ${countOf(verdicts, 'pass')} pass. "Not run" is no pass: nobody looked.`, '', '| | gate | claim | findings | seconds |', '| --- | --- | --- | ---: | ---: |', ...entries.map(rowOf), ''];
  const tail = [
    ...(remainder.untouched > 0 ? [`${remainder.untouched} more judge nothing that was changed.`, ''] : []),
    ...remainder.withoutPart.map(({ name, part = '' }) => `- ${escapeMarkdown(name)} claims nothing here: there is no ${escapeMarkdown(part)}`),
  ];
  const sections = entries.filter(({ verdict }) => verdict.status !== 'pass').flatMap(sectionOf);
  return `${[...head, ...fitting(sections, LARGEST_BYTES - sizeOf([...head, ...tail])), ...tail].join('\n').trimEnd()}\n`;
}

function rowOf({ verdict }: Entry): string {
  return `| ${SIGNS[verdict.status]} ${verdict.status} | ${escapeMarkdown(verdict.gate)} | ${escapeMarkdown(verdict.claim)} | ${verdict.status === 'not run' ? '' : verdict.findings.length} | ${(verdict.ms / 1000).toFixed(1)} |`;
}

function sectionOf({ verdict, gate, files }: Entry): readonly string[] {
  const title = [`## ${SIGNS[verdict.status]} ${escapeMarkdown(verdict.claim)}`, '', `${escapeMarkdown(gate.why)} ${escapeMarkdown(gate.remedy)} [Read on](${encodeURI(gate.link)})`, ''];
  const again = [`Run it again: \`${commandOf(verdict)}\``, ''];
  if (verdict.status === 'not run') return [...title, `Not run: ${escapeMarkdown(verdict.reason)}.`, '', ...again];
  return [...title, ...again, '| where | rule | what is wrong | what to do |', '| --- | --- | --- | --- |', ...files.flatMap(({ file, findings }) => findings.map(({ line, rule, message, fix }) => `| ${escapeMarkdown(line === undefined ? file : `${file}:${line}`)} | ${escapeMarkdown(rule)} | ${escapeMarkdown(message)} | ${escapeMarkdown(fix)} |`)), ''];
}

const NOTE_BYTES = 200;

function fitting(lines: readonly string[], limit: number): readonly string[] {
  if (sizeOf(lines) <= limit) return lines;
  let size = NOTE_BYTES;
  const end = lines.findIndex((line) => (size += sizeOf([line])) > limit);
  return [...lines.slice(0, end), '', `${lines.length - end} lines more are in gates.html of the same run.`, ''];
}

function sizeOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
}
