// What the lock files of npm, Go and Python pin, in one form, for whoever asks a database about it.
// Tested by dependencies_have_no_known_holes.gate.test.ts: it alone reads them so.
import path from 'node:path';
import { Unusable } from './gate.ts';
import { readLock } from './lock-file.ts';

/** As the OSV schema calls them. */
export type Ecosystem = 'npm' | 'Go' | 'PyPI';

export interface LockedVersion {
  readonly name: string;
  readonly version: string;
  readonly line: number;
  /** Whether production loads it; what is not the root's lock file, or is `dev` there, only development and CI do. */
  readonly isProduction: boolean;
}

export interface LockedFile {
  readonly file: string;
  readonly ecosystem: Ecosystem;
  readonly versions: readonly LockedVersion[];
}

const readers: Readonly<Record<string, readonly [Ecosystem, (file: string, text: string) => readonly LockedVersion[]]>> = {
  'package-lock.json': ['npm', lockedByNpm],
  'go.mod': ['Go', (_, text) => lockedByLines(text, /^\s*(?:require\s+)?([\w.~/-]+\.[\w.~/-]+)\s+v(\d\S*)/, /^(go) (\d+\.\d+\.\d+)$/)],
  'requirements.txt': ['PyPI', (_, text) => lockedByLines(text, /^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([\w.!+-]+)/)],
};

/** @throws Unusable when nothing is pinned in it. */
export function readLocked(file: string, text: string): LockedFile {
  const [ecosystem, read] = readers[path.posix.basename(file)] ?? [];
  if (ecosystem === undefined || read === undefined) throw new Unusable(`${file} is no lock file of a known form`);
  const versions = read(file, text);
  if (versions.length === 0) throw new Unusable(`${file} locks nothing`);
  return { file, ecosystem, versions };
}

function lockedByNpm(file: string, text: string): readonly LockedVersion[] {
  return readLock(file, text).packages.filter(({ link }) => link !== true).map(({ name, alias, version = '', line, dev }) => ({ name: name ?? alias, version, line, isProduction: file === 'package-lock.json' && dev !== true }));
}

function lockedByLines(text: string, ...patterns: readonly RegExp[]): readonly LockedVersion[] {
  return text.split('\n').flatMap((content, index) => {
    const [, name = '', version = ''] = patterns.map((pattern) => pattern.exec(content)).find((match) => match !== null) ?? [];
    // The database has Go's own library under this name.
    return name === '' ? [] : [{ name: name === 'go' ? 'stdlib' : name, version, line: index + 1, isProduction: false }];
  });
}

/** One spelling of the same package and version; Python's names have several (PEP 503). */
export function keyOf(ecosystem: Ecosystem, name: string, version: string): string {
  return `${ecosystem === 'PyPI' ? name.toLowerCase().replaceAll(/[-_.]+/g, '-') : name}@${version}`;
}
