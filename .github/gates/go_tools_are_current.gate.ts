// Holds the tools that Go builds to their newest release: Dependabot takes what a `tool` line brings for indirect, and may leave it where it is.
import path from 'node:path';
import { z } from 'zod';
import { type Finding, type Gate, type Tool, Unusable } from './gate.ts';

const go: Tool = { set: 'machine', program: 'go', get: 'https://go.dev/dl' };
/** As long as a scanner may lack what its next release finds. */
const LONGEST_BEHIND_DAYS = 60;
const LEAST_AGE_DAYS = 7;
const DAY_MS = 24 * 60 * 60_000;
const Module = z.looseObject({ Path: z.string(), Version: z.string(), Time: z.iso.datetime(), Query: z.string().optional() });

export const gate: Gate = {
  claim: `each tool that Go builds is a release that was out for ${LEAST_AGE_DAYS} days, and none that came after it is older than ${LONGEST_BEHIND_DAYS}`,
  why: 'A scanner that nobody upgrades knows the weaknesses of its year; its green says less each month.',
  remedy: 'In the folder of the go.mod: go get -tool <program>@<version>, go mod tidy, then npm run gates:setup and npm run gates.',
  link: 'https://go.dev/doc/modules/managing-dependencies#tools',
  tools: [go],
  reads: /^\.github\/tools\/[\w-]+\/go\.mod$/,
  scope: 'tree',
  when: 'schedule',
  standIn: 'lock_file_is_whole holds the tools to their hashes, whatever their age',
  unparsable: { file: '.github/tools/go/go.mod', text: 'module {{{ (\n' },
  async check({ files, read, root, run, scratch, now }) {
    const locked = files.flatMap((file) => lockedTools(file, read(file)));
    const released = locked.filter(({ version }) => isRelease(version));
    if (released.length === 0) return locked.flatMap((tool) => toolFindings(tool, new Map(), now));
    // Outside of any module, so that the versions of one do not decide what is the newest of another.
    const { stdout } = await run(go, ['list', '-m', '-json', ...new Set(released.flatMap(({ module, version = '' }) => [`${module}@${version}`, `${module}@latest`]))], { directory: path.relative(root, scratch), environment: { GOWORK: 'off', GOFLAGS: '-mod=mod' } });
    const answers = readModules(stdout);
    return locked.flatMap((tool) => toolFindings(tool, answers, now));
  },
};

export interface LockedTool {
  readonly file: string;
  /** From 1, where its version stands, or else its `tool` line. */
  readonly line: number;
  readonly module: string;
  readonly version: string | undefined;
}

/** @throws Unusable when the file names no module or no tool. */
export function lockedTools(file: string, text: string): readonly LockedTool[] {
  const lines = text.split('\n');
  const block = /^tool \(\n([^)]*)\)/m.exec(text)?.[1] ?? '';
  const programs = [...[...text.matchAll(/^tool ([\w./~-]+)$/gm)].map((match) => match[1] ?? ''), ...block.split('\n').map((line) => line.trim()).filter((line) => line !== '')];
  if (!/^module [\w./~-]+$/m.test(text) || programs.length === 0) throw new Unusable(`${file} names no module and its tools`);
  const required = lines.flatMap((line, index) => {
    const [, module = '', version = ''] = /^\s*(?:require\s+)?([\w./~-]+)\s+(v\d\S*)/.exec(line) ?? [];
    return module === '' ? [] : [{ module, version, line: index + 1 }];
  });
  return programs.map((program) => {
    // The longest path that the program is in: github.com/a/b/v2 rather than github.com/a/b.
    const found = required.filter(({ module }) => program === module || program.startsWith(`${module}/`)).toSorted((a, b) => b.module.length - a.module.length)[0];
    return found === undefined ? { file, line: lines.findIndex((line) => line.trim().replace(/^tool /, '') === program) + 1, module: program, version: undefined } : { file, ...found };
  });
}

/** A version that somebody gave a number to, rather than one of a commit, or one before a release. */
function isRelease(version: string | undefined): boolean {
  return /^v\d+\.\d+\.\d+(?:\+incompatible)?$/.test(version ?? '');
}

/** One object after the other is what go prints. @throws Unusable when one of them is cut off, or of another form. */
export function readModules(stdout: string): ReadonlyMap<string, { readonly version: string; readonly at: number }> {
  const objects = stdout.split(/^(?=\{)/m).filter((text) => text.trim() !== '');
  if (objects.length === 0) throw new Unusable('go printed no module');
  return new Map(objects.map((text) => {
    try {
      const { Path: module, Version: version, Time: time, Query: query = version } = Module.parse(JSON.parse(text));
      return [`${module}@${query}`, { version, at: Date.parse(time) }];
    } catch {
      throw new Unusable('go printed a module of another form, or half of one');
    }
  }));
}

export function toolFindings({ file, line, module, version }: LockedTool, answers: ReturnType<typeof readModules>, now: number): readonly Finding[] {
  const at = (rule: string, message: string, fix: string): Finding => ({ rule, file, line, severity: 'warning', message, fix });
  if (version === undefined) return [at('not-locked', `No version of ${module} is required, so that go would choose one.`, 'Run go mod tidy in its folder.')];
  if (!isRelease(version)) return [at('not-released', `${module} ${version} is a commit or a test version that was never released.`, `Take a release: go get -tool ${module}@latest`)];
  const [own, newest] = [answers.get(`${module}@${version}`), answers.get(`${module}@latest`)];
  if (own === undefined || newest === undefined) throw new Unusable(`go does not tell of ${module} ${version}`);
  const days = (from: number) => Math.floor((now - from) / DAY_MS);
  if (days(own.at) < LEAST_AGE_DAYS) return [at('too-young', `${module} ${version} came out ${days(own.at)} days ago; nobody had ${LEAST_AGE_DAYS} days to look at it.`, 'Take the version before it, or wait.')];
  if (newest.at <= own.at || days(newest.at) <= LONGEST_BEHIND_DAYS) return [];
  return [at('behind', `${module} is ${version}, and ${newest.version} came out ${days(newest.at)} days ago.`, `go get -tool ${module}@${newest.version} in its folder, then go mod tidy; where it can’t be taken, waive this with the reason.`)];
}
