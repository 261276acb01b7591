// Holds what the manifests ask for to the time within which a release is taken, as the registers define it.
import { z } from 'zod';
import { type Frame, readTimeFrames, TIME_FRAMES } from '../rules/time-frames.ts';
import { type Finding, type Gate, parseJson, type Tool, Unusable } from './gate.ts';
import { lineOf, type Manifest, readManifest } from './lock-file.ts';

const npm: Tool = { set: 'machine', program: 'npm', get: 'comes with Node' };
const DAY_MS = 24 * 60 * 60_000;
const AT_ONCE = 4;

export const gate: Gate = {
  claim: 'no release of a package that a manifest names has waited for longer than the registers allow',
  why: 'What is years behind can’t take the fix of a hole in days: the upgrade before it comes first (CWE-1104).',
  remedy: 'Take the release, a major one with its notes of migration. What can’t be taken is waived with the reason in <manifest>.waivers.',
  link: 'https://docs.npmjs.com/cli/v11/commands/npm-outdated',
  tools: [npm],
  reads: /(?:^|\/)package\.json(?:\.waivers)?$/,
  settings: /^\.github\/REGISTERS\.md$/,
  scope: 'tree',
  // New versions come out while nothing here changes.
  when: 'schedule',
  unseeded: 'what it finds is what is out that day; its test holds what turns it red',
  standIn: 'Dependabot proposes each release; nobody says that it was taken',
  unparsable: { file: 'package.json', text: '{ "dependencies": ' },
  async check({ files, read, run, now }) {
    const frames = readTimeFrames(read(TIME_FRAMES));
    const wanted = files.filter((file) => file.endsWith('.json')).flatMap((file) => wantedBy(file, read(file)));
    if (wanted.length === 0) throw new Unusable('no manifest names a package');
    const names = [...new Set(wanted.map(({ name }) => name))];
    const released = new Map<string, Released>();
    const ask = async (): Promise<void> => {
      for (let name = names.pop(); name !== undefined; name = names.pop()) {
        const { stdout } = await run(npm, ['view', name, 'time', 'versions', 'dist-tags', '--json', '--fetch-retries=1', '--fetch-timeout=20000']);
        released.set(name, releasedOf(name, stdout));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, ask));
    return wanted.flatMap((each) => lateFindings(each, released.get(each.name), frames, now));
  },
};

export interface Wanted {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly version: string;
  readonly where: keyof Frame;
}

const EXACT = /^\d+\.\d+\.\d+$/;
const PRODUCT = 'package.json';

/** @throws Unusable when it is no manifest, or asks for something else than one release. */
export function wantedBy(file: string, text: string): readonly Wanted[] {
  const manifest: Manifest = readManifest(file, text);
  const of = (packages: Readonly<Record<string, string>> = {}, where: keyof Frame): readonly Wanted[] =>
    Object.entries(packages).map(([name, version]) => {
      if (!EXACT.test(version)) throw new Unusable(`${file} asks for ${name} ${version}, which is no release by its number`);
      return { file, line: lineOf(text, `"${name}": "${version}"`), name, version, where };
    });
  // What is not the product's is a tool.
  const production = file === PRODUCT ? 'production' : 'development';
  return [...of(manifest.dependencies, production), ...of(manifest.optionalDependencies, production), ...of(manifest.devDependencies, 'development')];
}

export interface Released {
  /** When each came out, in milliseconds since 1970. */
  readonly at: ReadonlyMap<string, number>;
  /** What the publisher calls so: what is above it is not meant for everybody yet. */
  readonly latest: string;
}

const Answer = z.looseObject({ 'time': z.record(z.string(), z.iso.datetime({ offset: true })), 'versions': z.union([z.string(), z.array(z.string()).min(1)]), 'dist-tags': z.looseObject({ latest: z.string() }) });

/** @throws Unusable when npm did not answer whole. */
export function releasedOf(name: string, answer: string): Released {
  const { success, data } = Answer.safeParse(parseJson(answer, `npm view ${name}`));
  if (!success) throw new Unusable(`npm view ${name} answered in another form`);
  const { time, versions, 'dist-tags': { latest } } = data;
  const at = new Map([versions].flat().filter((version) => EXACT.test(version)).map((version) => {
    const published = time[version];
    if (published === undefined) throw new Unusable(`npm view does not say when ${name} ${version} came out`);
    return [version, Date.parse(published)];
  }));
  return { at, latest };
}

const numbersOf = (version: string): readonly number[] => version.split(/[.-]/).slice(0, 3).map(Number);

function order(one: string, other: string): number {
  const [a, b] = [numbersOf(one), numbersOf(other)];
  const index = a.findIndex((number, position) => number !== b[position]);
  return index < 0 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}

/** What `^` lets npm take without a word: below 1.0.0 each minor version may break (semver.org, 4). */
function lineOfReleases(version: string): string {
  const [major = 0, minor = 0, patch = 0] = numbersOf(version);
  return major > 0 ? `${major}` : minor > 0 ? `0.${minor}` : `0.0.${patch}`;
}

export function lateFindings({ file, line, name, version, where }: Wanted, released: Released | undefined, frames: { readonly release: Frame; readonly major: Frame }, now: number): readonly Finding[] {
  if (released?.at.has(version) !== true) throw new Unusable(`the registry tells of no release ${name} ${version}`);
  const newer = [...released.at].filter(([each]) => order(each, version) > 0 && order(each, released.latest) <= 0).toSorted(([, a], [, b]) => a - b);
  const late = (rule: string, [first]: typeof newer, days: number): readonly Finding[] => {
    if (first === undefined) return [];
    const [missed, at] = first;
    const waited = Math.floor((now - at) / DAY_MS);
    if (waited <= days) return [];
    return [{ rule: `${rule}/${name}`, file, line, severity: 'warning', message: `${name} is ${version}, and ${missed} came out ${waited} days ago; ${TIME_FRAMES} allows ${days}.`, fix: `npm install --save-exact ${name}@${newer.at(-1)?.[0] ?? missed}, or another that came out a week ago; where it can’t be taken, waive ${rule}/${name} with the reason in ${file}.waivers.` }];
  };
  const isSame = ([each]: readonly [string, number]): boolean => lineOfReleases(each) === lineOfReleases(version);
  return [...late('behind', newer.filter(isSame), frames.release[where]), ...late('behind-major', newer.filter((each) => !isSame(each)), frames.major[where])];
}
