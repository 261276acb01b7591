// The counts by chapter and level, and the table that is kept in the repository.
import type { Class, Verdict } from './verdict.ts';

const classes: readonly Class[] = ['test', 'gate', 'document', 'open', 'not run', 'not applicable'];

interface Counts {
  readonly title: string;
  readonly of: Readonly<Record<Class, number>>;
  readonly all: number;
}

function count(title: string, verdicts: readonly Verdict[]): Counts {
  const of = Object.fromEntries(classes.map((each) => [each, verdicts.filter((verdict) => verdict.class === each).length])) as Record<Class, number>;
  return { title, of, all: verdicts.length };
}

/** Of those that apply, proven by something that ran: a test or a gate. A document is not a proof. */
function shareOf({ of, all }: Counts): string {
  const applicable = all - of['not applicable'];
  return applicable === 0 ? '–' : `${of.test + of.gate} of ${applicable} (${Math.floor((100 * (of.test + of.gate)) / applicable)} %)`;
}

export function countRows(verdicts: readonly Verdict[]): readonly (readonly string[])[] {
  const chapters = [...new Set(verdicts.map(({ chapter }) => chapter))];
  const levels = [1, 2, 3] as const;
  const groups = [
    ...chapters.flatMap((chapter) => levels.map((level) => count(`${chapter} L${level}`, verdicts.filter((each) => each.chapter === chapter && each.level === level)))),
    ...levels.map((level) => count(`Level ${level}`, verdicts.filter((each) => each.level === level))),
    count('All', verdicts),
  ];
  return [['', ...classes, 'proven'], ...groups.filter(({ all }) => all > 0).map((each) => [each.title, ...classes.map((name) => String(each.of[name])), shareOf(each)])];
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
/** Some names hold what Markdown would take for markup. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');

export function markdown(verdicts: readonly Verdict[]): string {
  const [head = [], ...counts] = countRows(verdicts);
  const chapters = [...new Set(verdicts.map(({ chapter }) => chapter))];
  return [
    '# OWASP ASVS 5.0: what holds each requirement',
    '',
    'Written by `npm run asvs` from the tests that ran; [what the classes mean](asvs/README.md). The requirements are those of the',
    '[OWASP Application Security Verification Standard](https://github.com/OWASP/ASVS) 5.0.0, CC BY-SA 4.0; their text is in',
    '[requirements.json](asvs/requirements.json).',
    '',
    row(head.map((name) => name || 'chapter, level')),
    row(head.map(() => '---')),
    ...counts.map(row),
    ...chapters.flatMap((chapter) => ['', `## ${chapter}`, '', row(['requirement', 'level', 'class', 'by']), row(['---', '---', '---', '---']), ...verdicts.filter((each) => each.chapter === chapter).map(rowOf)]),
    '',
  ].join('\n');
}

function rowOf({ id, level, class: kind, evidence }: Verdict): string {
  return row([id, String(level), kind, evidence.map(cell).join('<br>')]);
}
