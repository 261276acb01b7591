// Lets no version into a lock file before others had the time to find out what is in it.
import { type Finding, type Gate, type GateContext, type Tool, Unusable } from './gate.ts';
import { type LockedPackage, readLocks } from './lock-file.ts';
import { idOf, publishedOn, readReleaseDates, RELEASE_DATES, type ReleaseDates } from './release-dates.ts';
import { DEPENDABOT, withoutCooldown } from './update-coverage.ts';

const npm: Tool = { set: 'machine', program: 'npm', get: 'comes with Node' };
const LEAST_AGE_DAYS = 7;
const DAY_MS = 24 * 60 * 60_000;
/** A new package may bring a deep tree; more than this at once is a new record, which its command writes. */
const MOST_NAMES = 400;
const AT_ONCE = 8;
const LONGEST_MS = 180_000;

export const gate: Gate = {
  claim: `every version in a lock file was published at least ${LEAST_AGE_DAYS} days ago`,
  why: 'Hijacked versions (axios, chalk, nx, Shai-Hulud) were found and taken down within hours or days: who waits a week installs none of them.',
  remedy: 'Take the version before, or wait. For a fix of a hole that is being used, waive the finding with the reason in package-lock.json.waivers.',
  link: 'https://docs.npmjs.com/cli/v11/using-npm/config#min-release-age',
  tools: [npm],
  reads: /(?:^|\/)(?:package-lock\.json(?:\.waivers)?|\.npmrc)$|^\.github\/dependabot\.yml$/,
  settings: /^\.github\/gates\/release-dates\.json$/,
  scope: 'tree',
  when: 'change',
  unparsable: { file: 'package-lock.json', text: '{ "packages": ' },
  async check(context) {
    const { files, tree, read, now } = context;
    if (!tree.includes(RELEASE_DATES)) throw new Unusable(`there is no ${RELEASE_DATES}`);
    const packages = readLocks(context).flatMap((lock) => lock.packages).filter(({ inBundle }) => inBundle !== true);
    const dates = readReleaseDates(read(RELEASE_DATES));
    const answers = await askRegistry(context, undated(packages, dates));
    return [...files.filter((file) => file.endsWith('.npmrc')).flatMap((file) => cooldownFindings(file, read(file))), ...(files.includes(DEPENDABOT) ? withoutCooldown(read(DEPENDABOT)) : []), ...ageFindings(packages, dates, answers, now)];
  },
};

export function undated(packages: readonly LockedPackage[], published: ReleaseDates): readonly string[] {
  return [...new Set(packages.map(idOf))].filter((id) => published[id] === undefined);
}

/** What the registry says of those that the record does not have, a name at a time; nothing of one that it does not answer for. */
export async function askRegistry({ run }: Pick<GateContext, 'run'>, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const byName = [...Map.groupBy(ids, (id) => id.slice(0, id.lastIndexOf('@')))].slice(0, MOST_NAMES);
  const end = performance.now() + LONGEST_MS;
  const answers = new Map<string, string>();
  for (let first = 0; first < byName.length && performance.now() < end; first += AT_ONCE) {
    const texts = await Promise.all(byName.slice(first, first + AT_ONCE).map(async ([name, versions]) => ({ versions, text: await timesOf(run, name) })));
    // Without a network none has a date, which is a finding of its own; the rest need not wait for it in vain.
    if (texts.every(({ text }) => text === undefined)) break;
    for (const { versions, text } of texts) for (const id of versions) {
      const date = text === undefined ? undefined : publishedOn(id, text);
      if (date !== undefined) answers.set(id, date);
    }
  }
  return answers;
}

async function timesOf(run: GateContext['run'], name: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(npm, ['view', name, 'time', '--json', '--fetch-retries=0', '--fetch-timeout=10000']);
    // Half an answer throws here, and counts as none.
    publishedOn(name, stdout);
    return stdout;
  } catch {
    return undefined;
  }
}

export function ageFindings(packages: readonly LockedPackage[], published: ReleaseDates, answers: ReadonlyMap<string, string>, now: number): readonly Finding[] {
  return packages.flatMap((entry): readonly Finding[] => {
    const id = idOf(entry);
    const date = published[id] ?? answers.get(id);
    const at = { file: entry.file, line: entry.line, severity: 'error' as const };
    if (date === undefined) return [{ ...at, rule: 'unknown-age', message: `When ${id} was published is neither in ${RELEASE_DATES} nor could the registry be asked; perhaps there is no such version.`, fix: 'Where the registry can be reached, run npx node .github/gates/release-dates.command.ts, look at the date, and commit it.' }];
    const ageDays = Math.floor((now - Date.parse(date)) / DAY_MS);
    if (ageDays >= LEAST_AGE_DAYS) return [];
    return [{ ...at, rule: 'too-young', message: `${id} was published on ${date}, ${ageDays < 0 ? 'which is to come' : `${ageDays} days ago`}; nobody had ${LEAST_AGE_DAYS} days to look at it.`, fix: `Take the version before it, or wait until ${new Date(Date.parse(date) + LEAST_AGE_DAYS * DAY_MS).toISOString().slice(0, 10)}.` }];
  });
}

export function cooldownFindings(file: string, text: string): readonly Finding[] {
  const values = [...text.matchAll(/^\s*min-release-age\s*=\s*["']?(\d+)["']?\s*$/gm)];
  const isLong = Number(values.at(-1)?.[1] ?? 0) >= LEAST_AGE_DAYS;
  const exempt = /^\s*(?:min-release-age-exclude(?:\[\])?|before)\s*=/m.exec(text);
  return [
    ...(isLong ? [] : [{ rule: 'no-cooldown', file, line: 1, severity: 'error' as const, message: `npm install may choose a version here that is younger than ${LEAST_AGE_DAYS} days.`, fix: `Write min-release-age=${LEAST_AGE_DAYS} (npm 11.10 and later read it, in days).` }]),
    ...(exempt === null ? [] : [{ rule: 'no-cooldown', file, line: text.slice(0, exempt.index).split('\n').length, severity: 'error' as const, message: `${exempt[0].trim()} takes packages out of the cooldown.`, fix: 'Remove the line; a fix that can’t wait is a waiver with a reason and a date.' }]),
  ];
}
