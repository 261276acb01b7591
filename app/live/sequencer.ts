// Gives committed events their positions, one sequencer at a time over all processes, so that positions appear in their order.
import { sql } from 'kysely';
import type { Database } from '#app/feature.ts';
import { NAMESPACE, SEQUENCER_LOCK } from '#app/live/locks.ts';

const BATCH = 1_000;

/**
 * Numbers every committed event that has no position yet, and says how many. The lock is held until the commit is
 * visible, so whoever reads `position > last` can't come upon a smaller one later. Events of a transaction that is
 * still open aren't seen and aren't waited for; a later run numbers them. The statement is in 0005_sequence_outbox.sql.
 */
export async function sequence(db: Database, now: Date): Promise<number> {
  let total = 0;
  for (;;) {
    const { rows } = await sql<{ numbered: number }>`select sequence_outbox(${NAMESPACE}::integer, ${SEQUENCER_LOCK}::integer, ${BATCH}::integer, ${now}::timestamptz) as numbered`.execute(db);
    const numbered = rows[0]?.numbered ?? 0;
    total += numbered;
    if (numbered < BATCH) return total;
  }
}
