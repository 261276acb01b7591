// The advisory locks that the processes of one database share.
import { sql } from 'kysely';
import type { Database } from '#app/feature.ts';

/** First key of every advisory lock of the live part; "live" in ASCII. */
export const NAMESPACE = 0x6c697665;
export const SEQUENCER_LOCK = 1;
export const RETENTION_LOCK = 2;

export async function tryLock(tx: Database, key: number): Promise<boolean> {
  const { rows } = await sql<{ taken: boolean }>`select pg_try_advisory_xact_lock(${NAMESPACE}::integer, ${key}::integer) as taken`.execute(tx);
  return rows[0]?.taken === true;
}
