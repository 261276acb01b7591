// Holds the audit trail against itself while the service runs, over and over and in small steps, and tells Prometheus.
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import type { Database } from '#app/feature.ts';
import { createRunner } from '#app/lib/runner.ts';
import type { Checkpoint } from '#app/privacy/audit-checkpoint.ts';
import type { AuditKey } from '#app/privacy/audit-keys.ts';
import { readChain } from '#app/privacy/audit-reader.ts';
import { toCheckpoint, type CheckpointRow } from '#app/privacy/audit-tables.ts';
import { type ChainedEntry, type TenantVerdict, verifyTenant } from '#app/privacy/audit-verifier.ts';

/** Some millisecond of digests, and a rest that leaves nineteen parts of twenty to requests: 5,000 entries a second. */
const STEP = 100;
const REST_MS = 20;

export interface WatchParts {
  /** As the platform. */
  readonly db: Database;
  readonly keys: readonly AuditKey[];
  /** The last checkpoint of each tenant that this process has signed: with it a tail is missed that was cut off with its own. */
  readonly signed: ReadonlyMap<string, Checkpoint>;
  readonly verifyMs: number;
  readonly metrics: Registry;
  readonly log: Logger;
}

/** Returns how to stop. */
export function watchTrail({ db, keys, signed, verifyMs, metrics, log }: WatchParts): () => Promise<void> {
  const intact = new Gauge({ name: 'stockade_audit_chain_intact', help: '1 when the last verification found the audit trail whole, 0 when it did not; absent before the first.', registers: [metrics] });
  const verified = new Gauge({ name: 'stockade_audit_verified_timestamp_seconds', help: 'When the audit trail was last verified to its end, in seconds since 1970; absent before the first.', registers: [metrics] });
  for (const gauge of [intact, verified]) gauge.remove({});
  const stopping = new AbortController();

  const runner = createRunner('verifying the audit trail', async () => {
    let broken = false;
    for await (const { tenantId, problems } of verifyAll(db, { keys, signed: new Map(signed) }, stopping.signal)) {
      if (problems.length === 0) continue;
      broken = true;
      log.error({ tenant: tenantId, problems }, 'the audit trail is broken');
    }
    if (stopping.signal.aborted) return;
    intact.set(broken ? 0 : 1);
    verified.setToCurrentTime();
  }, log);
  runner.request();
  const timer = setInterval(runner.request, verifyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    stopping.abort();
    await runner.stop();
  };
}

/** Each tenant to where its chain was signed last: one signature vouches for all before it, since each hash holds the one before. */
async function* verifyAll(db: Database, { keys, signed }: Pick<WatchParts, 'keys' | 'signed'>, signal: AbortSignal): AsyncGenerator<TenantVerdict> {
  const heads = await readHeads(db);
  const verifying = { verifying: new Map(keys.map((key) => [key.id, key.verifying])), mac: keys.map(({ mac }) => mac) };
  for (const tenantId of new Set([...heads.keys(), ...signed.keys()])) {
    const { head = 0, checkpoint } = heads.get(tenantId) ?? {};
    const checkpoints = [checkpoint, signed.get(tenantId)].filter((one) => one !== undefined);
    const verdict = await verifyTenant(tenantId, slowly(readChain(db, tenantId, head), signal), checkpoints, verifying);
    // What was broken off says nothing.
    if (signal.aborted) return;
    yield verdict;
  }
}

/** Of one moment, so that what is sealed meanwhile is neither unsigned nor cut off. */
async function readHeads(db: Database): Promise<ReadonlyMap<string, { readonly head: number; readonly checkpoint: Checkpoint }>> {
  const { rows } = await sql<CheckpointRow & { readonly head: number }>`
    select latest.*, coalesce((select max(position) from audit_entry where audit_entry.tenant_id = latest.tenant_id), 0) as head
    from (select distinct on (tenant_id) * from audit_checkpoint order by tenant_id, position desc) as latest`.execute(db);
  return new Map(rows.map((row) => [row.tenant_id, { head: row.head, checkpoint: toCheckpoint(row) }]));
}

async function* slowly(entries: AsyncIterable<ChainedEntry>, signal: AbortSignal): AsyncGenerator<ChainedEntry> {
  let count = 0;
  for await (const entry of entries) {
    if (signal.aborted) return;
    yield entry;
    count += 1;
    if (count % STEP === 0) await delay(REST_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
