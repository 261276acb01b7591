// What the last proof of each gate saw, kept in the repository: the README's figures are its sums, and slices are weighed by its seconds.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { listFiles } from '../rules/tree.ts';
import { type Patch, readPatch } from './patches.ts';

export const RECORD = '.github/gates/proof.json';
export const SEEDS = '.github/gates/seeds';
export const BENIGN = '.github/gates/benign';

const Entry = z.strictObject({
  /** Seeded defects, all of them caught: a proof that missed one is not recorded. */
  defects: z.int().nonnegative(),
  /** Ways of failing that were red, all of them. */
  failures: z.int().nonnegative(),
  /** Ordinary changes, none of them blocked. */
  ordinary: z.int().nonnegative(),
  /** Of one core. */
  seconds: z.number().nonnegative(),
});
export type Entry = Readonly<z.infer<typeof Entry>>;
const ProofRecord = z.record(z.string(), Entry);
export type ProofRecord = Readonly<z.infer<typeof ProofRecord>>;

/** Empty where nothing was ever proven. */
export function readRecord(root: string): ProofRecord {
  const file = path.join(root, RECORD);
  return existsSync(file) ? ProofRecord.parse(JSON.parse(readFileSync(file, 'utf8'))) : {};
}

/** What was proven now takes the place of what was, and what is no gate any more goes. */
export function writeRecord(root: string, proven: ProofRecord, gates: readonly string[]): void {
  const known = new Set(gates);
  const entries = Object.entries({ ...readRecord(root), ...proven }).filter(([gate]) => known.has(gate)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const lines = entries.map(([gate, entry]) => `  ${JSON.stringify(gate)}: ${JSON.stringify(entry, undefined, 1).replaceAll(/\s+/g, ' ')}`);
  writeFileSync(path.join(root, RECORD), `{\n${lines.join(',\n')}\n}\n`);
}

export function seedsOf(root: string, gate: string): readonly Patch[] {
  return patchesIn(root, `${SEEDS}/${gate}`, ['Class', 'Rule', 'File']);
}

export function ordinaryChanges(root: string): readonly Patch[] {
  return patchesIn(root, BENIGN, ['Change']);
}

function patchesIn(root: string, folder: string, fields: readonly string[]): readonly Patch[] {
  if (!existsSync(path.join(root, folder))) return [];
  return listFiles(root, folder).filter((file) => file.endsWith('.patch')).map((file) => readPatch(root, file, fields));
}

/** The sentence of the README. */
export function figuresOf(record: ProofRecord, gates: readonly string[]): string {
  const entries = gates.flatMap((gate) => record[gate] ?? []);
  const sum = (of: (entry: Entry) => number) => entries.reduce((total, entry) => total + of(entry), 0);
  const [defects, failures, ordinary] = [sum((entry) => entry.defects), sum((entry) => entry.failures), Math.max(0, ...entries.map((entry) => entry.ordinary))];
  return `${defects} of ${defects} defects caught, ${failures} of ${failures} ways of failing red, 0 of ${ordinary} ordinary changes blocked`;
}
