// Asks OpenSSF Scorecard for what it can tell of the files alone; each check that comes to a verdict has to be at its highest.
import { z } from 'zod';
import { type Finding, type Gate, parseJson, type Tool, Unusable } from './gate.ts';

const scorecard: Tool = { set: 'scorecard', program: 'scorecard' };
/** What `--local` always looks at. */
const EXPECTED = ['Binary-Artifacts', 'Dangerous-Workflow', 'License', 'Pinned-Dependencies', 'Security-Policy', 'Token-Permissions'];
const HIGHEST = 10;
const INCONCLUSIVE = -1;
const [COMPLETE, WITH_ERRORS] = [0, 1];
const Report = z.object({
  score: z.number(),
  checks: z.array(z.object({ name: z.string().min(1), score: z.int().min(INCONCLUSIVE).max(HIGHEST), reason: z.string(), details: z.array(z.string()).nullable(), documentation: z.object({ url: z.string(), short: z.string() }) })).min(1),
});

export const gate: Gate = {
  claim: 'every check of OpenSSF Scorecard that files can decide is at ten',
  why: 'Who chooses between dependencies looks there first; what it warns of is how projects were taken over.',
  remedy: 'Each finding has the detail that cost points; the page of the check says how to get them back.',
  link: 'https://github.com/ossf/scorecard/blob/main/docs/checks.md',
  tools: [scorecard],
  reads: /./,
  scope: 'tree',
  when: 'schedule',
  unseeded: 'Scorecard takes ten minutes to build and is not among the tools; its test holds what turns it red',
  standIn: 'zizmor, the policies in policies/ and repository_meets_osps_baseline look at most of the same',
  async check({ run }) {
    // It ends with an error when one check can't reach what it asks over the network; what the others say counts.
    const { stdout } = await run(scorecard, ['--local', '.', '--format', 'json', '--show-details'], { accept: [COMPLETE, WITH_ERRORS] });
    return findingsOf(stdout);
  },
};

/** @throws Unusable */
export function findingsOf(output: string): readonly Finding[] {
  const report = Report.safeParse(parseJson(output, 'scorecard'));
  if (!report.success) throw new Unusable(`scorecard printed a report of another form: ${z.prettifyError(report.error)}`);
  const { checks } = report.data;
  const silent = EXPECTED.filter((name) => !checks.some((check) => check.name === name && check.score !== INCONCLUSIVE));
  if (silent.length > 0) throw new Unusable(`scorecard came to no verdict on ${silent.join(', ')}`);
  return checks
    .filter(({ score }) => score !== INCONCLUSIVE && score < HIGHEST)
    .flatMap(({ name, score, reason, details, documentation }): readonly Finding[] => {
      const warnings = (details ?? []).filter((detail) => detail.startsWith('Warn: '));
      const fix = `${documentation.short} ${documentation.url} says how to get to ten.`;
      const all = warnings.length > 0 ? warnings.map((warning) => warning.slice('Warn: '.length)) : [reason];
      return all.map((what) => ({ rule: name, ...placeOf(what), severity: 'warning', message: `${score} of ${HIGHEST}: ${what}`, fix }));
    });
}

/** A detail names `path:line`, where it is about a line. */
function placeOf(detail: string): Pick<Finding, 'file' | 'line'> {
  const [, file, line] = /(?:^|\s)([\w./-]+\w):(\d+)/.exec(detail) ?? [];
  return file === undefined || line === undefined ? { file: 'README.md' } : { file, line: Math.max(Number(line), 1) };
}
