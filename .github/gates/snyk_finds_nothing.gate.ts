// Asks Snyk's database about what production installs, where there is a token for it.
import { z } from 'zod';
import { type Finding, type Gate, type Output, parseJson, type Tool, Unusable } from './gate.ts';
import { readLock } from './lock-file.ts';

const snyk: Tool = { set: 'packages', program: 'snyk' };
const NOTHING = 0;
const HOLES = 1;

export const gate: Gate = {
  claim: 'Snyk knows no hole in a locked package',
  why: 'Snyk’s researchers publish holes that reach the OSV database later, or never (CWE-1395).',
  remedy: 'Upgrade to the version that the finding names, or waive it with the reason in package-lock.json.waivers.',
  link: 'https://docs.snyk.io/developer-tools/snyk-cli/commands/test',
  tools: [snyk],
  reads: /^package(?:-lock)?\.json(?:\.waivers)?$/,
  scope: 'tree',
  when: 'schedule',
  unseeded: 'it needs a token; its test holds what turns it red',
  standIn: 'dependencies_have_no_known_holes asks the OSV database',
  hindrance: ({ SNYK_TOKEN: token }) => (token === undefined || token === '' ? 'SNYK_TOKEN is not set' : undefined),
  async check({ files, read, run, scratch }) {
    if (!files.includes('package-lock.json')) throw new Unusable('there is no package-lock.json');
    const { packages } = readLock('package-lock.json', read('package-lock.json'));
    // An empty folder for the policy: a .snyk file of the tree could have it pass holes by. 2: it failed; 3: it found no project.
    const output = await run(snyk, ['test', '--json', '--dev', '--package-manager=npm', '--file=package-lock.json', `--policy-path=${scratch}`], { accept: [NOTHING, HOLES], environment: { SNYK_DISABLE_ANALYTICS: '1' } });
    return snykFindings(output, packages.length);
  },
};

const Report = z.looseObject({
  ok: z.boolean(),
  dependencyCount: z.int().positive(),
  packageManager: z.literal('npm'),
  vulnerabilities: z.array(z.looseObject({
    id: z.string().min(1),
    title: z.string(),
    severity: z.enum(['low', 'medium', 'high', 'critical']),
    packageName: z.string(),
    version: z.string(),
    fixedIn: z.array(z.string()).optional(),
    from: z.array(z.string()).optional(),
  })),
});

/** @throws Unusable when it is no whole report, or is about a part of what is locked. */
export function snykFindings({ status, stdout }: Output, locked: number): readonly Finding[] {
  const report = Report.safeParse(parseJson(stdout, 'snyk'));
  if (!report.success) throw new Unusable(`snyk wrote a report of another form: ${z.prettifyError(report.error)}`);
  const { ok, dependencyCount, vulnerabilities } = report.data;
  if (dependencyCount < locked * LEAST_SHARE) throw new Unusable(`snyk looked at ${dependencyCount} packages of ${locked}`);
  if (ok !== (status === NOTHING) || ok !== (vulnerabilities.length === 0)) throw new Unusable('snyk’s status, verdict and list of holes contradict each other');
  // One for each way that leads to it.
  const first = new Map(vulnerabilities.map((hole) => [`${hole.id} ${hole.packageName}@${hole.version}`, hole]));
  return [...first.values()].map(({ id, title, severity, packageName, version, fixedIn = [], from = [] }) => ({
    rule: id, file: 'package-lock.json', severity: severity === 'low' || severity === 'medium' ? 'warning' : 'error',
    message: `${packageName} ${version}: ${title} (${severity}), brought by ${from.slice(1).join(' → ') || packageName}.`,
    fix: fixedIn.length > 0 ? `Upgrade ${packageName} to ${fixedIn.join(' or ')}.` : `There is no fixed version: replace ${packageName}, or waive it with the reason why the hole is out of reach.`,
  }));
}

/** Optional packages of other platforms are not counted by Snyk. */
const LEAST_SHARE = 0.5;
