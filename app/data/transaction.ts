// One transaction around a piece of work.
import { AppError } from '#app/errors.ts';
import type { Database } from '#app/feature.ts';

/** SQLSTATE: lock not available (lock_timeout), deadlock detected, serialization failure. */
const CONTENTION = new Set(['55P03', '40P01', '40001']);
export const LOCK_NOT_AVAILABLE = '55P03';

/** Commits what `work` wrote when it resolves, rolls it back when it throws. @throws AppError 503 when others hold what it needs. */
export async function inTransaction<T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> {
  try {
    return await db.transaction().execute(work);
  } catch (error) {
    if (!CONTENTION.has(sqlState(error) ?? '')) throw error;
    throw new AppError('Others are changing the same data. Try again.', { status: 503, code: 'database-busy', expose: true, headers: { 'Retry-After': '1' }, cause: error });
  }
}

/** What `read` finds is of one moment, however long it takes; for a database that can't be written to. */
export async function* inSnapshot<T>(db: Database, read: (tx: Database) => AsyncIterable<T>): AsyncGenerator<T> {
  const tx = await db.startTransaction().setIsolationLevel('repeatable read').execute();
  try {
    yield* read(tx);
  } finally {
    // Of a connection that is lost, the first error counts; it is released all the same.
    await tx.rollback().execute().catch(() => undefined);
  }
}

/** The error code of PostgreSQL, of whichever engine. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
