// The repository as the rules see it: every text file that a clone has, and the shape of a rule.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Path with forward slashes → text. */
export type Tree = ReadonlyMap<string, string>;

export interface Rule {
  /** What holds, as the test's name. */
  readonly claim: string;
  /** One line for each violation, beginning with the file's path. */
  readonly violations: (tree: Tree) => readonly string[];
  /** A small tree that the rule refuses, so that the rule is known to be able to fail. */
  readonly refuses: Readonly<Record<string, string>>;
  /** Its nearest relatives that the rule lets pass. */
  readonly allows: Readonly<Record<string, string>>;
}

const notPartOfAClone = new Set(['node_modules', '.git', '.data', '.cache', 'coverage', '.env', '.DS_Store']);

/** Every file that belongs to a clone, relative to `root`, with forward slashes. */
export function listFiles(root: string, folder = ''): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !notPartOfAClone.has(name) && !name.endsWith('.log'))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      return entry.isDirectory() ? listFiles(root, path) : [path];
    });
}

export function readTree(root: string): Tree {
  return new Map(
    listFiles(root)
      .map((path) => [path, readFileSync(join(root, path))] as const)
      .filter(([, bytes]) => !bytes.includes(0))
      .map(([path, bytes]) => [path, bytes.toString('utf8')]),
  );
}

export function treeOf(files: Readonly<Record<string, string>>): Tree {
  return new Map(Object.entries(files));
}

/** The files of `tree` whose path matches, as `[path, text]`. */
export function matching(tree: Tree, pattern: RegExp): readonly (readonly [string, string])[] {
  return [...tree].filter(([path]) => pattern.test(path));
}

/** `path:line` and the line's text for every line that matches; `pattern` has no `g` flag. */
export function linesThat(pattern: RegExp, [path, text]: readonly [string, string]): readonly string[] {
  return text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : []));
}
