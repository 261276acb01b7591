// Holds a tenant's chain against its codes, hashes and checkpoints, entry by entry; pure, so that an export is verified as the database is.
// Tested by audit-sealer.test.ts, against each way of changing a chain.
import type { KeyObject } from 'node:crypto';
import { type Checkpoint, isSignedBy } from '#app/privacy/audit-checkpoint.ts';
import { type AuditEntry, chainEntry, digestEntry, isAuthentic, NO_HASH } from '#app/privacy/audit-entry.ts';

export interface ChainedEntry extends AuditEntry {
  readonly position: number;
  readonly chainHash: Buffer;
  /** Absent in an export. */
  readonly mac?: Buffer;
}

export interface VerifyingKeys {
  /** By key id. */
  readonly verifying: ReadonlyMap<string, KeyObject>;
  /** Empty where they are not to be had: who verifies an export has none. */
  readonly mac: readonly Buffer[];
}

export interface TenantVerdict {
  readonly tenantId: string;
  readonly entries: number;
  /** How far a checkpoint vouches. */
  readonly signedUpTo: number;
  readonly problems: readonly string[];
}

/** More would not help who reads them. */
const MOST_PROBLEMS = 20;

/** `checkpoints`: those of the database or the export, and those that were kept elsewhere, in any order. */
export async function verifyTenant(tenantId: string, entries: AsyncIterable<ChainedEntry>, checkpoints: readonly Checkpoint[], keys: VerifyingKeys): Promise<TenantVerdict> {
  const problems: string[] = [];
  const report = (problem: string) => {
    if (problems.length < MOST_PROBLEMS) problems.push(problem);
  };
  const good = new Map<number, Checkpoint[]>();
  for (const checkpoint of checkpoints) {
    const verifying = keys.verifying.get(checkpoint.keyId);
    if (verifying === undefined || !isSignedBy(checkpoint, verifying)) report(`the checkpoint at ${checkpoint.position} is not signed by this service`);
    else good.set(checkpoint.position, [...(good.get(checkpoint.position) ?? []), checkpoint]);
  }
  let [count, position, signedUpTo, broken] = [0, 0, 0, false];
  let hash: Buffer = NO_HASH;
  for await (const entry of entries) {
    const digest = digestEntry(entry);
    count += 1;
    if (entry.position !== position + 1) report(removedBetween(position, entry.position));
    const { mac } = entry;
    if (mac !== undefined && !keys.mac.some((key) => isAuthentic(digest, key, mac))) report(`entry ${entry.position} (${entry.id}) was changed, or not written by this service`);
    const expected = chainEntry(hash, entry.position, digest);
    // Once is enough: every later hash follows from it.
    if (!broken && !expected.equals(entry.chainHash)) {
      report(`the chain breaks at entry ${entry.position} (${entry.id}): it, or one before it, was changed, removed or moved`);
      broken = true;
    }
    for (const checkpoint of good.get(entry.position) ?? []) {
      if (checkpoint.chainHash.equals(entry.chainHash)) signedUpTo = entry.position;
      else report(`at ${entry.position} the chain is another than the one that was signed at ${checkpoint.signedAt.toISOString()}: it was computed anew`);
    }
    position = entry.position;
    hash = entry.chainHash;
  }
  const last = Math.max(0, ...good.keys());
  if (last > position) report(`the tail is cut off: entries up to ${last} were signed, the last one there is ${position}`);
  if (signedUpTo < position) report(`the entries after ${signedUpTo} are not signed`);
  return { tenantId, entries: count, signedUpTo, problems };
}

function removedBetween(before: number, after: number): string {
  if (after <= before) return `entry ${after} is there twice`;
  return after === before + 2 ? `entry ${before + 1} was removed` : `the entries from ${before + 1} to ${after - 1} were removed`;
}
