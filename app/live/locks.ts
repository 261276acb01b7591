// The advisory locks that the processes of one database share.
import { sql } from 'kysely';
import type { Database } from '#app/feature.ts';

/** First key of every advisory lock of the live part; "live" in ASCII. */
const NAMESPACE = 0x6c697665;
export const SEQUENCER_LOCK = 1;
export const RETENTION_LOCK = 2;

/** A process that is frozen or cut off while it holds the lock must not hold up the others for longer than this; below the limit of a statement. */
const STUCK_MS = 4_000;

/** Waits for the lock, which the end of the transaction gives back. In a statement of its own: the next one sees what the holder before committed. */
export async function lock(tx: Database, key: number): Promise<void> {
  await sql`select set_config('idle_in_transaction_session_timeout', ${String(STUCK_MS)}, true),
    set_config('lock_timeout', ${String(STUCK_MS)}, true),
    pg_advisory_xact_lock(${NAMESPACE}::integer, ${key}::integer)`.execute(tx);
}

export async function tryLock(tx: Database, key: number): Promise<boolean> {
  const { rows } = await sql<{ taken: boolean }>`select pg_try_advisory_xact_lock(${NAMESPACE}::integer, ${key}::integer) as taken`.execute(tx);
  return rows[0]?.taken === true;
}
