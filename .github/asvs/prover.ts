// Takes a control away in a copy of the repository, and looks which tests that cite the requirement turn red.
import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { listFiles } from '../rules/tree.ts';
import { idsIn, patternOf } from './cites.ts';
import { editsOf, type Removal } from './claims.ts';
import { type Collected, collectResults } from './collect.ts';

const DEADLINE_MS = 4 * 60_000;
/** What a removal that left rubbish behind throws: the test would fail whatever it asserts. A SyntaxError is JSON's, since the file was loaded. */
const broken = new Set(['ReferenceError']);

export type Proof = { readonly red: Readonly<Record<string, string>> } | { readonly problem: string };

/** A copy in which tests can run; `close` removes it. */
export function openCopy(root: string): { readonly directory: string; close(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'stockade-asvs-'));
  for (const path of listFiles(root)) cpSync(join(root, path), join(directory, path));
  if (existsSync(join(root, 'node_modules'))) symlinkSync(realpathSync(join(root, 'node_modules')), join(directory, 'node_modules'), 'junction');
  return {
    directory,
    close: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The tests of a file that cite one of the requirements, as they end in the copy as it is. */
async function citing(directory: string, test: string, ids: readonly string[]): Promise<readonly Collected[]> {
  const events = run({ cwd: directory, files: [join(directory, test)], testNamePatterns: ids.map(patternOf), signal: AbortSignal.timeout(DEADLINE_MS) });
  const collected = collectResults(events, directory);
  await finished(events.resume(), { writable: false });
  return collected;
}

const ofId = (results: readonly Collected[], id: string): readonly Collected[] => results.filter(({ name }) => idsIn(name).includes(id));

/** What is wrong with the control in place, by requirement: without tests that pass then, red would say nothing. */
export async function findFaults(directory: string, test: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const all = await citing(directory, test, ids);
  return new Map(
    ids.flatMap((id) => {
      const results = ofId(all, id);
      const failed = results.find(({ outcome }) => outcome === 'failed');
      if (failed) return [[id, `"${failed.name}" fails with the control in place: ${failed.because}`]];
      return results.some(({ outcome }) => outcome === 'passed') ? [] : [[id, `no test of ${test} that cites it passed`]];
    }),
  );
}

/** One removal for all requirements that name it, since most of the time goes into the start of what is tested. */
export async function prove(directory: string, removal: Removal, ids: readonly string[]): Promise<ReadonlyMap<string, Proof>> {
  const before = new Map(editsOf(removal).map(({ control }) => [control, readFileSync(join(directory, control), 'utf8')]));
  try {
    for (const { control, find, replace } of editsOf(removal)) {
      const text = readFileSync(join(directory, control), 'utf8');
      if (text.split(find).length !== 2) return new Map(ids.map((id) => [id, { problem: `"${find}" does not occur once in ${control}` }]));
      // A function, since `$` means something in a replacement.
      writeFileSync(join(directory, control), text.replace(find, () => replace));
    }
    const results = await citing(directory, removal.test, ids);
    return new Map(ids.map((id) => [id, judge(ofId(results, id))]));
  } finally {
    for (const [control, text] of before) writeFileSync(join(directory, control), text);
  }
}

function judge(results: readonly Collected[]): Proof {
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  if (results.length === 0) return { problem: 'the file did not get as far as its tests' };
  const bad = failed.find(({ error }) => broken.has(error));
  if (bad) return { problem: `"${bad.name}" failed because the removal broke the program: ${bad.error} ${bad.because}` };
  if (failed.length === 0) return { problem: 'nothing turned red' };
  return { red: Object.fromEntries(failed.map(({ name, because }) => [name, because])) };
}
