// Removes events that are older than the stated retention, and remembers how far, so that nobody resumes across a gap.
import { sql } from 'kysely';
import { inTransaction } from '#app/data/transaction.ts';
import type { Database } from '#app/feature.ts';
import { RETENTION_LOCK, tryLock } from '#app/live/locks.ts';

const BATCH = 1_000;

/** Removes what was sequenced before the date, in bounded batches; one process at a time, the others return 0. */
export async function purgeEvents(db: Database, before: Date): Promise<number> {
  let total = 0;
  for (;;) {
    const purged = await inTransaction(db, async (tx) => ((await tryLock(tx, RETENTION_LOCK)) ? purgeBatch(tx, before) : 0));
    total += purged;
    if (purged < BATCH) return total;
  }
}

/** The events and the horizon go in one statement: no reader ever sees one without the other. */
async function purgeBatch(tx: Database, before: Date): Promise<number> {
  const { rows } = await sql<{ purged: number }>`
    with oldest as (
      select tenant_id, id, position, sequenced_at from outbox_event where position is not null order by position limit ${BATCH}::integer
    ), expired as (
      -- Only a prefix: a process whose clock is off must not tear a hole into the middle.
      select tenant_id, id from oldest
      where position < coalesce((select min(position) from oldest where sequenced_at >= ${before}::timestamptz), 9007199254740992)
    ), gone as (
      delete from outbox_event as event using expired
      where event.tenant_id = expired.tenant_id and event.id = expired.id
      returning event.tenant_id, event.position
    ), recorded as (
      insert into outbox_horizon (tenant_id, position)
      select tenant_id, max(position) from gone group by tenant_id
      on conflict (tenant_id) do update set position = excluded.position
      returning tenant_id
    )
    select count(*)::integer as purged from gone`.execute(tx);
  return rows[0]?.purged ?? 0;
}
