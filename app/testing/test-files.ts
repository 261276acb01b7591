// Which files `npm test` and the proofs run: found by their suffix, chosen by words of their path.
import { globSync } from 'node:fs';

/** Paths relative to `root`, with forward slashes everywhere, sorted. The bench has packages of its own below `app/`. */
export function findFiles(root: string, patterns: readonly string[]): readonly string[] {
  return globSync(patterns, { cwd: root, exclude: ['**/node_modules/**'] })
    .map((path) => path.replaceAll('\\', '/'))
    .sort();
}

/** The files whose path has one of the words in it; all of them when there is no word. */
export function selectFiles(files: readonly string[], words: readonly string[]): readonly string[] {
  if (words.length === 0) return files;
  return files.filter((file) => words.some((word) => file.includes(word.replaceAll('\\', '/'))));
}
