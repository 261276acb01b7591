// Puts committed entries into their tenant's chain and signs it: behind the writers, who wait for nobody.
import { sql } from 'kysely';
import type { Logger } from 'pino';
import { inTransaction } from '#app/data/transaction.ts';
import type { Database } from '#app/feature.ts';
import { createRunner } from '#app/lib/runner.ts';
import { type Checkpoint, signCheckpoint } from '#app/privacy/audit-checkpoint.ts';
import { chainEntry, digestEntry, isAuthentic, NO_HASH } from '#app/privacy/audit-entry.ts';
import type { AuditKey } from '#app/privacy/audit-keys.ts';
import { auditTables, type EntryRow, toEntry } from '#app/privacy/audit-tables.ts';
import { erasureOf, type SignedErasure, signErasure } from '#app/privacy/erasures.ts';

/** Some 5 ms of digests: no request waits longer for the event loop than that. */
const BATCH = 500;
const SEAL_EVERY_MS = 1_000;

export interface SealerParts {
  /** As the platform. */
  readonly db: Database;
  /** The current key first. */
  readonly keys: readonly [AuditKey, ...AuditKey[]];
  /** Takes it out of the database. */
  readonly publish: (checkpoint: Checkpoint) => Promise<void>;
  /** Likewise, before its entry is in the chain: twice where this process dies meanwhile, but never not at all. */
  readonly publishErasure: (erasure: SignedErasure) => Promise<void>;
  /** All that was committed is in the chain. */
  readonly onSealed?: () => void;
  readonly log: Logger;
  readonly clock: () => Date;
}

export interface Sealer {
  /** Seals what is committed by now. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

export function startSealer(parts: SealerParts): Sealer {
  const runner = createRunner('sealing the audit trail', () => sealAll(parts), parts.log);
  const timer = setInterval(runner.request, SEAL_EVERY_MS);
  timer.unref();
  return {
    flush: () => sealAll(parts),
    async stop() {
      clearInterval(timer);
      await runner.stop();
      // What the last requests wrote; another process does it where this one can't.
      await sealAll(parts).catch((error: unknown) => {
        parts.log.warn({ err: error }, 'the last entries of the audit trail are not sealed yet');
      });
    },
  };
}

async function sealAll(parts: SealerParts): Promise<void> {
  for (;;) {
    const { sealed, checkpoints } = await inTransaction(parts.db, (tx) => sealBatch(tx, parts));
    for (const checkpoint of checkpoints) await parts.publish(checkpoint);
    if (sealed < BATCH) {
      parts.onSealed?.();
      return;
    }
  }
}

interface Batch {
  readonly sealed: number;
  readonly checkpoints: readonly Checkpoint[];
}
interface Head {
  readonly position: number;
  readonly chainHash: Buffer;
}

/** One process at a time; the lock is held until the commit is visible, so that no position is given twice. */
async function sealBatch(tx: Database, { keys, publishErasure, log, clock }: SealerParts): Promise<Batch> {
  const nothing: Batch = { sealed: 0, checkpoints: [] };
  const { rows: [lock] } = await sql<{ taken: boolean }>`select pg_try_advisory_xact_lock(hashtext('audit_entry')) as taken`.execute(tx);
  if (lock?.taken !== true) return nothing;
  const rows = await auditTables(tx).selectFrom('audit_entry').selectAll().where('position', 'is', null).orderBy('sequence').limit(BATCH).execute();
  if (rows.length === 0) return nothing;
  const heads = await readHeads(tx, [...new Set(rows.map((row) => row.tenant_id))]);
  const erasures: SignedErasure[] = [];
  const links = rows.map((row) => {
    const digest = digestEntry(toEntry(row));
    const erasure = erasureOf(toEntry(row));
    // It goes into the chain all the same, which says what is there: the verification names it.
    if (keys.some(({ mac }) => isAuthentic(digest, mac, row.mac))) erasures.push(...(erasure === undefined ? [] : [signErasure(erasure, keys[0])]));
    else log.error({ tenant: row.tenant_id, entry: row.id }, 'an entry of the audit trail was not written by this service, or was changed');
    const { position, chainHash } = heads.get(row.tenant_id) ?? { position: 0, chainHash: NO_HASH };
    const head: Head = { position: position + 1, chainHash: chainEntry(chainHash, position + 1, digest) };
    heads.set(row.tenant_id, head);
    return { row, ...head };
  });
  for (const erasure of erasures) await publishErasure(erasure);
  await storeLinks(tx, links);
  const signedAt = clock();
  const checkpoints = [...heads].map(([tenantId, head]) => signCheckpoint({ tenantId, ...head, signedAt }, keys[0]));
  await auditTables(tx)
    .insertInto('audit_checkpoint')
    .values(checkpoints.map(({ tenantId, position, chainHash, keyId, signature }) => ({ tenant_id: tenantId, position, chain_hash: chainHash, signed_at: signedAt, key_id: keyId, signature })))
    // Only where entries were taken away: the older one stays, and the verification names it.
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return { sealed: rows.length, checkpoints };
}

/** Where each chain ends: at its last entry, whatever became of the checkpoints. */
async function readHeads(tx: Database, tenantIds: readonly string[]): Promise<Map<string, Head>> {
  const { rows } = await sql<{ tenant_id: string; position: number; chain_hash: Buffer }>`
    select tenant.id as tenant_id, last.position, last.chain_hash from unnest(${tenantIds}::text[]) as tenant (id)
    cross join lateral (select position, chain_hash from audit_entry where tenant_id = tenant.id and position is not null order by position desc limit 1) as last`.execute(tx);
  return new Map(rows.map((row) => [row.tenant_id, { position: row.position, chainHash: row.chain_hash }]));
}

async function storeLinks(tx: Database, links: readonly (Head & { readonly row: EntryRow })[]): Promise<void> {
  await sql`
    update audit_entry as entry set position = link.position, chain_hash = decode(link.chain_hash, 'hex')
    from unnest(${links.map(({ row }) => row.tenant_id)}::text[], ${links.map(({ row }) => row.id)}::uuid[], ${links.map(({ position }) => position)}::bigint[], ${links.map(({ chainHash }) => chainHash.toString('hex'))}::text[])
      as link (tenant_id, id, position, chain_hash)
    where entry.tenant_id = link.tenant_id and entry.id = link.id`.execute(tx);
}
