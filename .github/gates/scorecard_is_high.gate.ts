// Asks OpenSSF Scorecard for what it can tell of the files alone; each of those checks has to be at its highest.
import { z } from 'zod';
import { type Finding, type Gate, parseJson, type Tool, Unusable } from './gate.ts';
import { copyFiles } from './tree-state.ts';

const scorecard: Tool = { set: 'scorecard', program: 'scorecard' };
const HIGHEST = 10;
const INCONCLUSIVE = -1;
/**
 * What files decide, with the highest that each can come to. By `--local` a licence is known by the name of its file alone, where on
 * GitHub its text is read. The others ask a network: Vulnerabilities and Fuzzing; or GitHub, as the job `scorecard` of scheduled.yml does.
 */
const CHECKS: ReadonlyMap<string, number> = new Map([['Binary-Artifacts', HIGHEST], ['Dangerous-Workflow', HIGHEST], ['Dependency-Update-Tool', HIGHEST], ['License', 9], ['Packaging', HIGHEST], ['Pinned-Dependencies', HIGHEST], ['SAST', HIGHEST], ['Security-Policy', HIGHEST], ['Token-Permissions', HIGHEST]]);
const Report = z.object({
  score: z.number(),
  checks: z.array(z.object({ name: z.string().min(1), score: z.int().min(INCONCLUSIVE).max(HIGHEST), reason: z.string(), details: z.array(z.string()).nullable(), documentation: z.object({ url: z.string(), short: z.string() }) })).min(1),
});

export const gate: Gate = {
  claim: 'every check of OpenSSF Scorecard that files can decide is at its highest',
  why: 'Who chooses between dependencies looks there first; what it warns of is how projects were taken over.',
  remedy: 'Each finding has the detail that cost points; the page of the check says how to get them back.',
  link: 'https://github.com/ossf/scorecard/blob/main/docs/checks.md',
  tools: [scorecard],
  reads: /./,
  scope: 'tree',
  when: 'schedule',
  standIn: 'zizmor, the policies in policies/ and repository_meets_osps_baseline look at most of the same',
  async check({ files, root, run, scratch }) {
    // It goes through whatever lies in the folder, ends at a link that leads out of it, and takes what is installed for the repository's own.
    copyFiles(files, root, scratch);
    const { stdout } = await run(scorecard, ['--local', scratch, '--checks', [...CHECKS.keys()].join(','), '--format', 'json', '--show-details']);
    return findingsOf(stdout);
  },
};

/** @throws Unusable */
export function findingsOf(output: string): readonly Finding[] {
  const report = Report.safeParse(parseJson(output, 'scorecard'));
  if (!report.success) throw new Unusable(`scorecard printed a report of another form: ${z.prettifyError(report.error)}`);
  const { checks } = report.data;
  const silent = [...CHECKS.keys()].filter((name) => !checks.some((check) => check.name === name && check.score !== INCONCLUSIVE));
  if (silent.length > 0) throw new Unusable(`scorecard came to no verdict on ${silent.join(', ')}`);
  return checks
    .filter(({ name, score }) => score < (CHECKS.get(name) ?? HIGHEST))
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
