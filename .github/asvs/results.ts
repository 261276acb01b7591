// What tests ran on exactly these files, and how they ended: written by `npm test`, read by `npm run asvs`.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { listFiles } from '../rules/tree.ts';

export type Outcome = 'passed' | 'failed' | 'skipped';
export interface TestResult {
  /** From the root of the repository, with forward slashes. */
  readonly file: string;
  /** The test's name after those of the tests around it. */
  readonly name: string;
  readonly outcome: Outcome;
}
interface Results {
  readonly digest: string;
  readonly tests: readonly TestResult[];
}

const RESULTS = '.cache/test-results.json';
/** What is said about the tests, or made from their results, does not change how they end. */
const saidAboutTests = /^\.github\/(?:ASVS\.md$|asvs\/claims\/)|^app\/features\/[^/]+\/asvs(?:-v\d\d)?(?:\.seen-red)?\.json$/;

/** Of every file that a test could read. A commit's hash would not do: what is not committed runs too. */
export function digestOf(root: string): string {
  const hash = createHash('sha256');
  for (const path of listFiles(root).toSorted()) if (!saidAboutTests.test(path)) hash.update(`${path}\0`).update(readFileSync(join(root, path))).update('\0');
  return hash.digest('hex');
}

/** Adds to what ran on the same files before, so that a run of some files does not undo that of others. */
export function recordResults(root: string, digest: string, tests: readonly TestResult[]): void {
  const files = new Set(tests.map(({ file }) => file));
  const results: Results = { digest, tests: [...readResults(root, digest).filter(({ file }) => !files.has(file)), ...tests] };
  const path = join(root, RESULTS);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, JSON.stringify(results));
  renameSync(`${path}.${process.pid}`, path);
}

/** Nothing, where what ran was not these files. */
export function readResults(root: string, digest: string): readonly TestResult[] {
  const results = parse(join(root, RESULTS));
  return results?.digest === digest ? results.tests : [];
}

function parse(path: string): Results | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Results;
  } catch {
    return undefined;
  }
}
