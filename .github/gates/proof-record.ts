// What the last whole proof of the gates saw, kept in the repository: the README has its figures, and slices are weighed by its seconds.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { listFiles } from '../rules/tree.ts';
import { type Patch, readPatch } from './patches.ts';

export const RECORD = '.github/gates/proof.json';
const SEEDS = '.github/gates/seeds';
const BENIGN = '.github/gates/benign';

const Count = z.int().nonnegative();
const ProofRecord = z.strictObject({
  /** The commit that it was run on. */
  commit: z.string().regex(/^[0-9a-f]{7,40}$/),
  /** A proof that missed a defect, or blocked an ordinary change, is not recorded: each of these is all of them. */
  defects: Count,
  failures: Count,
  ordinary: Count,
  minutes: z.number().positive(),
  /** Of each gate, on one core. */
  seconds: z.record(z.string(), z.number().nonnegative()),
});
export type ProofRecord = Readonly<z.infer<typeof ProofRecord>>;

/** Nothing where no proof was recorded yet. */
export function readRecord(root: string): ProofRecord | undefined {
  const file = path.join(root, RECORD);
  return existsSync(file) ? ProofRecord.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
}

export function writeRecord(root: string, record: ProofRecord): void {
  writeFileSync(path.join(root, RECORD), `${JSON.stringify(record, undefined, 1)}\n`);
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

/** The judgements that are not of a seed: without a defect, with all ordinary changes, and of a file that can't be parsed. */
const BESIDE_SEEDS = 3;

/** What the proof of each gate costs: as recorded, or by how often it judges where it is newer than the record. */
export function weightsOf(root: string, gates: readonly string[]): ReadonlyMap<string, number> {
  const { seconds = {} } = readRecord(root) ?? {};
  const judgements = new Map(gates.map((gate) => [gate, seedsOf(root, gate).length + BESIDE_SEEDS]));
  const measured = gates.filter((gate) => seconds[gate] !== undefined);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const perJudgement = measured.length === 0 ? 1 : sum(measured.map((gate) => seconds[gate] ?? 0)) / sum(measured.map((gate) => judgements.get(gate) ?? 0));
  return new Map([...judgements].map(([gate, count]) => [gate, seconds[gate] ?? count * perJudgement]));
}

/** The sentence of the README. */
export function figuresOf({ commit, defects, failures, ordinary }: Omit<ProofRecord, 'minutes' | 'seconds'>): string {
  return `${defects} of ${defects} defects caught, ${failures} of ${failures} ways of failing red, 0 of ${ordinary} ordinary changes blocked (${commit})`;
}
