// Asks the OSV database about everything that is locked, with osv-scanner: api.osv.dev, or a copy on this machine where there is no way out.
import { statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { readTimeFrames, TIME_FRAMES, type TimeFrames } from '../rules/time-frames.ts';
import { type Finding, type Gate, type Output, parseJson, type Tool, Unusable } from './gate.ts';
import { type Ecosystem, keyOf, type LockedFile, readLocked } from './locked-versions.ts';

const scanner: Tool = { set: 'osv', program: 'osv-scanner' };
/** The scanner's own: a folder that has osv-scalibr/<ecosystem>/all.zip, as `--offline --download-offline-databases` leaves it. */
const COPY = 'OSV_SCALIBR_LOCAL_DB_CACHE_DIRECTORY';
const DAY_MS = 24 * 60 * 60_000;
/** A critical hole has to be mended within two days: a copy that does not know of it for one of them is no answer. */
const LONGEST_AGE_MS = DAY_MS;
const NOTHING = 0;
const HOLES = 1;

export const gate: Gate = {
  claim: 'no locked package has a hole that is published in the OSV database',
  why: 'A published hole is what attackers try first, and scanners of the whole internet find who has it (CWE-1395).',
  remedy: 'Upgrade to the version that the finding names, by the day that it names. Where there is none, waive it with the reason why the hole is out of reach, in <lock file>.waivers.',
  link: 'https://google.github.io/osv-scanner/output/',
  tools: [scanner],
  reads: /(?:^|\/)(?:package-lock\.json|go\.mod|requirements\.txt)(?:\.waivers)?$/,
  settings: /^\.github\/REGISTERS\.md$/,
  scope: 'tree',
  // New holes are published while nothing here changes.
  when: 'schedule',
  unseeded: 'what it finds is what is known that day; its proof has the scanner itself look for made holes',
  standIn: 'snyk_finds_nothing asks Snyk’s database, and Dependabot GitHub’s',
  unparsable: { file: 'package-lock.json', text: '{ "packages": ' },
  async check({ root, files, read, run, scratch, now, environment }) {
    const locks = files.filter((file) => !file.endsWith('.waivers')).map((file) => readLocked(file, read(file)));
    const frames = readTimeFrames(read(TIME_FRAMES));
    const { [COPY]: named = '' } = environment;
    const copy = named === '' ? undefined : path.resolve(root, named);
    if (copy !== undefined) refuseOldCopy(copy, locks, now);
    const controls = await writeControls(scratch, locks);
    // In the place of any osv-scanner.toml of the tree, which could have it pass holes by without a date.
    const config = path.join(scratch, 'osv-scanner.toml');
    await writeFile(config, 'ScanGoModVersion = true\n');
    const lockfiles = [...locks.map(({ file }) => path.join(root, file)), ...controls.map(({ file }) => file)];
    const output = await run(scanner, [
      'scan', 'source', '--format', 'json', '--verbosity', 'error', '--config', config,
      // Everything that is locked and nothing else, whether its code is called or not.
      '--all-packages', '--all-vulns', '--no-resolve', '--no-ignore', '--no-call-analysis', 'all',
      // Not --offline-vulnerabilities: without the rest of --offline, no database is asked, and nothing said of it.
      ...(copy === undefined ? [] : ['--offline']),
      ...lockfiles.flatMap((file) => ['--lockfile', file]),
    ], { accept: [NOTHING, HOLES], environment: copy === undefined ? {} : { [COPY]: copy } });
    return holesIn(output, { root, locks, controls, frames, now });
  },
};

/** @throws Unusable when a database that is needed is not in the copy, or was fetched too long ago. */
function refuseOldCopy(copy: string, locks: readonly LockedFile[], now: number): void {
  for (const ecosystem of new Set(locks.map((lock) => lock.ecosystem))) {
    const zip = path.join(copy, 'osv-scalibr', ecosystem, 'all.zip');
    const fetched = statSync(zip, { throwIfNoEntry: false })?.mtimeMs;
    if (fetched === undefined) throw new Unusable(`the copy of the OSV database has no ${zip}`);
    if (now - fetched > LONGEST_AGE_MS) throw new Unusable(`${zip} is of ${new Date(fetched).toISOString().slice(0, 16)}Z, more than a day ago: fetch it anew (osv-scanner scan source --offline --download-offline-databases)`);
  }
}

/** What each of the databases knows a hole in, since years: where it tells of none, its silence about the others says nothing. */
const CONTROLS: Readonly<Record<Ecosystem, { readonly file: string; readonly name: string; readonly version: string; readonly text: string }>> = {
  npm: { file: 'package-lock.json', name: 'lodash', version: '4.17.20', text: '{"name":"control","lockfileVersion":3,"packages":{"":{"name":"control"},"node_modules/lodash":{"version":"4.17.20"}}}' },
  Go: { file: 'go.mod', name: 'golang.org/x/text', version: '0.3.5', text: 'module control\n\ngo 1.21\n\nrequire golang.org/x/text v0.3.5\n' },
  PyPI: { file: 'requirements.txt', name: 'urllib3', version: '1.26.4', text: 'urllib3==1.26.4\n' },
};

interface Control {
  /** Absolute. */
  readonly file: string;
  readonly ecosystem: Ecosystem;
}

async function writeControls(scratch: string, locks: readonly LockedFile[]): Promise<readonly Control[]> {
  const folder = path.join(scratch, 'control');
  await mkdir(folder);
  return await Promise.all([...new Set(locks.map((lock) => lock.ecosystem))].map(async (ecosystem) => {
    const file = path.join(folder, CONTROLS[ecosystem].file);
    await writeFile(file, CONTROLS[ecosystem].text);
    return { file, ecosystem };
  }));
}

const Hole = z.looseObject({
  id: z.string(),
  summary: z.string().optional(),
  published: z.iso.datetime().optional(),
  database_specific: z.looseObject({ severity: z.string().optional() }).optional(),
  affected: z.array(z.looseObject({
    package: z.looseObject({ name: z.string() }).optional(),
    ranges: z.array(z.looseObject({ type: z.string().optional(), events: z.array(z.record(z.string(), z.string())) })).optional(),
  })).optional(),
});
type Hole = z.infer<typeof Hole>;
const Report = z.looseObject({
  results: z.array(z.looseObject({
    source: z.looseObject({ path: z.string().min(1) }),
    packages: z.array(z.looseObject({
      package: z.looseObject({ name: z.string(), version: z.string(), ecosystem: z.string() }),
      groups: z.array(z.looseObject({ ids: z.array(z.string()).min(1), aliases: z.array(z.string()).optional(), max_severity: z.string().optional() })).optional(),
      vulnerabilities: z.array(Hole).optional(),
    })).min(1),
  })),
});
type Packages = z.infer<typeof Report>['results'][number]['packages'];

interface Asked {
  readonly root: string;
  readonly locks: readonly LockedFile[];
  readonly controls: readonly Control[];
  readonly frames: TimeFrames;
  readonly now: number;
}

/** @throws Unusable when it is no whole report, is not about all that is locked, or the database does not know what it must. */
export function holesIn({ stdout, stderr }: Output, { root, locks, controls, frames, now }: Asked): readonly Finding[] {
  // With a hole in its report it ends as if all were well, whatever it could not ask.
  if (stderr.trim() !== '') throw new Unusable(`osv-scanner could not ask about everything: ${stderr.trim()}`);
  const report = Report.safeParse(parseJson(stdout, 'osv-scanner'));
  if (!report.success) throw new Unusable(`osv-scanner wrote a report of another form: ${z.prettifyError(report.error)}`);
  const packagesOf = (file: string): Packages => report.data.results.filter(({ source }) => path.resolve(root, source.path) === path.resolve(root, file)).flatMap(({ packages }) => packages);
  for (const { file, ecosystem } of controls) {
    const { name, version } = CONTROLS[ecosystem];
    if (!packagesOf(file).some((each) => each.package.name === name && (each.groups ?? []).length > 0)) throw new Unusable(`the database knows no hole in ${name} ${version}, as every whole one of ${ecosystem} does`);
  }
  return locks.flatMap(({ file, ecosystem, versions }) => {
    const locked = Map.groupBy(versions, ({ name, version }) => keyOf(ecosystem, name, version));
    const packages = packagesOf(file);
    const seen = new Set(packages.map((each) => keyOf(ecosystem, each.package.name, each.package.version)));
    const unseen = [...locked.keys()].filter((key) => !seen.has(key));
    if (unseen.length > 0) throw new Unusable(`osv-scanner did not look at ${unseen.slice(0, 3).join(', ')} of ${file}${unseen.length > 3 ? `, and ${unseen.length - 3} more` : ''}`);
    return packages.flatMap(({ package: { name, version }, groups = [], vulnerabilities = [] }) => {
      const places = locked.get(keyOf(ecosystem, name, version)) ?? [];
      const [place] = places;
      return groups.map(({ ids, aliases = [], max_severity: score = '' }): Finding => {
        const holes = vulnerabilities.filter(({ id }) => ids.includes(id));
        const due = dueOf(gradeOf(ids, score, holes), places.length === 0 || places.some(({ isProduction }) => isProduction), holes, frames, now);
        const fixed = fixedIn(holes, (other) => keyOf(ecosystem, other, '') === keyOf(ecosystem, name, ''));
        return {
          rule: ids[0] ?? 'hole', file, ...(place === undefined ? {} : { line: place.line }), severity: due.severity,
          message: `${name} ${version} has ${[...new Set([...ids, ...aliases])].join(', ')}${score === '' ? '' : ` (CVSS ${score})`}: ${holes.find(({ summary }) => summary !== undefined)?.summary ?? 'no summary'}; ${due.words}`,
          fix: fixed.length > 0 ? `Upgrade ${name} to ${fixed.join(' or ')}${ecosystem === 'npm' ? ` (npm explain ${name} says what brings it)` : ''}.` : `There is no fixed version: replace ${name}, or waive it with the reason why the hole is out of reach.`,
        };
      });
    });
  });
}

type Grade = 'critical' | 'high' | 'medium' | 'low';
/** https://www.first.org/cvss/v4.0/specification-document, qualitative severity rating scale. */
const LEAST_SCORES = [['critical', 9], ['high', 7], ['medium', 4], ['low', 0]] as const;
const WORDS: Readonly<Record<string, Grade>> = { CRITICAL: 'critical', HIGH: 'high', MODERATE: 'medium', MEDIUM: 'medium', LOW: 'low' };

/** By its score; else by the word of whoever published it; what nobody rated yet is high. A package that is malware is being exploited. */
function gradeOf(ids: readonly string[], score: string, holes: readonly Hole[]): Grade {
  if (ids.some((id) => id.startsWith('MAL-'))) return 'critical';
  const scored = score === '' ? undefined : LEAST_SCORES.find(([, least]) => Number(score) >= least)?.[0];
  const words = holes.flatMap(({ database_specific: specific }) => WORDS[specific?.severity ?? ''] ?? []);
  return scored ?? LEAST_SCORES.find(([grade]) => words.includes(grade))?.[0] ?? 'high';
}

function dueOf(grade: Grade, isProduction: boolean, holes: readonly Hole[], frames: TimeFrames, now: number): { readonly severity: Finding['severity']; readonly words: string } {
  const where = isProduction ? 'production' : 'development';
  const [published] = holes.flatMap(({ published: each }) => (each === undefined ? [] : [Date.parse(each)])).toSorted((a, b) => a - b);
  if (published === undefined) return { severity: 'error', words: `when it was published is not said: mend it now (${grade}, ${where})` };
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  const due = day(published + frames[grade][where] * DAY_MS);
  const isOverdue = due < day(now);
  return { severity: isOverdue || grade === 'critical' || grade === 'high' ? 'error' : 'warning', words: `published on ${day(published)}, ${isOverdue ? 'and overdue since' : 'to be mended by'} ${due} (${grade}, ${where}; REGISTERS.md)` };
}

/** Not the commits, which a lock file can't ask for. */
function fixedIn(holes: readonly Hole[], isMeant: (name: string) => boolean): readonly string[] {
  const ranges = holes.flatMap(({ affected = [] }) => affected.filter((each) => isMeant(each.package?.name ?? '')).flatMap((each) => each.ranges ?? []));
  return [...new Set(ranges.filter(({ type }) => type !== 'GIT').flatMap(({ events }) => events.flatMap((event) => event['fixed'] ?? [])))];
}
