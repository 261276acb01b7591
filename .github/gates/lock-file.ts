// What npm writes into package-lock.json, read strictly: an entry of another form is no verdict, rather than one that is skipped.
import { z } from 'zod';
import { type GateContext, parseJson, Unusable } from './gate.ts';

const Versions = z.record(z.string(), z.string());
export const Manifest = z.looseObject({
  name: z.string().optional(),
  scripts: Versions.optional(),
  dependencies: Versions.optional(),
  devDependencies: Versions.optional(),
  optionalDependencies: Versions.optional(),
  peerDependencies: Versions.optional(),
  overrides: z.record(z.string(), z.unknown()).optional(),
  workspaces: z.unknown().optional(),
  bundleDependencies: z.unknown().optional(),
  bundledDependencies: z.unknown().optional(),
});
export type Manifest = z.infer<typeof Manifest>;

const Entry = z.looseObject({
  name: z.string().optional(),
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  license: z.unknown().optional(),
  dev: z.boolean().optional(),
  optional: z.boolean().optional(),
  devOptional: z.boolean().optional(),
  inBundle: z.boolean().optional(),
  link: z.boolean().optional(),
  hasInstallScript: z.boolean().optional(),
  dependencies: Versions.optional(),
  devDependencies: Versions.optional(),
  optionalDependencies: Versions.optional(),
  peerDependencies: Versions.optional(),
  bundleDependencies: z.unknown().optional(),
});
const Lock = z.looseObject({ lockfileVersion: z.int(), packages: z.record(z.string(), Entry), dependencies: z.unknown().optional() });

export interface LockedPackage extends z.infer<typeof Entry> {
  /** The lock file that names it. */
  readonly file: string;
  readonly line: number;
  /** Where npm puts it: node_modules/a/node_modules/b. */
  readonly path: string;
  /** By which the code asks for it: the last part of its path. */
  readonly alias: string;
}

export interface LockFile {
  readonly file: string;
  readonly version: number;
  readonly root: z.infer<typeof Entry>;
  readonly packages: readonly LockedPackage[];
}

export const LOCK_FILE = /(?:^|\/)package-lock\.json$/;

/** @throws Unusable */
export function readLock(file: string, text: string): LockFile {
  const lock = Lock.safeParse(parseJson(text, file));
  if (!lock.success) throw new Unusable(`${file} is no lock file of npm's form: ${z.prettifyError(lock.error)}`);
  const { '': root, ...others } = lock.data.packages;
  if (root === undefined) throw new Unusable(`${file} does not say which package it is of`);
  const lines = new Map(text.split('\n').map((line, index) => [/^ {4}"(.*)": \{/.exec(line)?.[1] ?? '', index + 1]));
  const packages = Object.entries(others).map(([path, entry]) => ({ ...entry, file, path, line: lines.get(path) ?? 1, alias: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length) }));
  return { file, version: lock.data.lockfileVersion, root, packages };
}

/** @throws Unusable */
export function readManifest(file: string, text: string): Manifest {
  const manifest = Manifest.safeParse(parseJson(text, file));
  if (!manifest.success) throw new Unusable(`${file} is no manifest of npm's form: ${z.prettifyError(manifest.error)}`);
  return manifest.data;
}

/** @throws Unusable when there is none. */
export function readLocks({ files, read }: Pick<GateContext, 'files' | 'read'>): readonly LockFile[] {
  const locks = files.filter((file) => LOCK_FILE.test(file)).map((file) => readLock(file, read(file)));
  if (locks.length === 0) throw new Unusable('there is no package-lock.json');
  return locks;
}

/** From 1; the first line that has `text`. */
export function lineOf(content: string, text: string): number {
  const index = content.indexOf(text);
  return index < 0 ? 1 : content.slice(0, index).split('\n').length;
}
