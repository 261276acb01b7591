// Gives committed events their positions, one sequencer at a time over all processes, so that positions appear in their order.
import { sql } from 'kysely';
import { inTransaction } from '#app/data/transaction.ts';
import type { Database } from '#app/feature.ts';
import { lock, SEQUENCER_LOCK } from '#app/live/locks.ts';
import { HEAD } from '#app/live/outbox.ts';

const BATCH = 1_000;

/**
 * Numbers every committed event that has no position yet, and says how many. The lock is held until the commit is
 * visible, so whoever reads `position > last` can't come upon a smaller one later. Events of a transaction that is
 * still open aren't seen and aren't waited for; a later run numbers them.
 */
export async function sequence(db: Database, now: Date): Promise<number> {
  let total = 0;
  for (;;) {
    const numbered = await inTransaction(db, async (tx) => {
      await lock(tx, SEQUENCER_LOCK);
      return numberBatch(tx, now);
    });
    total += numbered;
    if (numbered < BATCH) return total;
  }
}

async function numberBatch(tx: Database, now: Date): Promise<number> {
  const result = await sql`
    with oldest as (
      select tenant_id, id, sequence from outbox_event where position is null order by sequence limit ${BATCH}::integer
    ), pending as (
      select tenant_id, id, row_number() over (order by sequence) as ordinal from oldest
    )
    update outbox_event as event
    set position = ${HEAD} + pending.ordinal, sequenced_at = ${now}::timestamptz
    from pending
    where event.tenant_id = pending.tenant_id and event.id = pending.id`.execute(tx);
  return Number(result.numAffectedRows ?? 0n);
}
