// A command runs once for each Idempotency-Key: the key, the response and the change are one transaction.
import { type Kysely, sql } from 'kysely';
import { inTransaction, LOCK_NOT_AVAILABLE, sqlState } from '#app/data/transaction.ts';
import { AppError } from '#app/errors.ts';
import type { Database } from '#app/feature.ts';

export interface StoredResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface IdempotencyScope {
  readonly tenantId: string;
  readonly subjectId: string;
  readonly operationId: string;
  readonly key: string;
  /** Hex SHA-256 of method, path and body. */
  readonly fingerprint: string;
}

type IdempotencyTables = {
  idempotency_key: {
    tenant_id: string;
    subject_id: string;
    operation_id: string;
    key: string;
    fingerprint: string;
    status: number | null;
    headers: Record<string, string> | null;
    body: string | null;
    created_at: Date;
  };
};

type Outcome = { readonly replayed: boolean; readonly response: StoredResponse } | 'mismatch';

/**
 * Runs `work` in one transaction together with its key, or answers what was stored under it. A response of 400 and more rolls
 * the work's writes back and is stored all the same; a thrown error takes the key with it, so that the client may try again.
 * Without a scope it is a plain transaction.
 * @throws AppError 409 when the first request with this key is still running after the connection's lock_timeout.
 */
export async function runOnce(db: Database, scope: IdempotencyScope | undefined, work: (tx: Database) => Promise<StoredResponse>, now: Date): Promise<Outcome> {
  return inTransaction(db, async (tx) => {
    if (scope === undefined) return { replayed: false, response: await attempt(tx, work) };
    if (!(await claim(tx, scope, now))) return replay(tx, scope);
    const response = await attempt(tx, work);
    await store(tx, scope, response);
    return { replayed: false, response };
  });
}

export async function purgeIdempotencyKeys(db: Database, before: Date): Promise<number> {
  const result = await tables(db).deleteFrom('idempotency_key').where('created_at', '<', before).executeTakeFirst();
  return Number(result.numDeletedRows);
}

/** A savepoint rather than the whole transaction is undone: the key stays, and a statement that failed is forgotten. */
async function attempt(tx: Database, work: (tx: Database) => Promise<StoredResponse>): Promise<StoredResponse> {
  await sql`savepoint work`.execute(tx);
  const response = await work(tx);
  if (response.status >= 400) await sql`rollback to savepoint work`.execute(tx);
  return response;
}

/** False when the key is taken. Waits for a transaction that is just taking it. */
async function claim(tx: Database, { tenantId, subjectId, operationId, key, fingerprint }: IdempotencyScope, now: Date): Promise<boolean> {
  try {
    const result = await tables(tx)
      .insertInto('idempotency_key')
      .values({ tenant_id: tenantId, subject_id: subjectId, operation_id: operationId, key, fingerprint, created_at: now })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  } catch (error) {
    throw sqlState(error) === LOCK_NOT_AVAILABLE ? keyInUse(error) : error;
  }
}

async function replay(tx: Database, scope: IdempotencyScope): Promise<Outcome> {
  const row = await tables(tx).selectFrom('idempotency_key').select(['fingerprint', 'status', 'headers', 'body']).where(sameKey(scope)).executeTakeFirst();
  // Purged between the two statements.
  if (row === undefined || row.status === null) throw keyInUse();
  if (row.fingerprint !== scope.fingerprint) return 'mismatch';
  return { replayed: true, response: { status: row.status, headers: row.headers ?? {}, body: row.body ?? '' } };
}

async function store(tx: Database, scope: IdempotencyScope, { status, headers, body }: StoredResponse): Promise<void> {
  await tables(tx).updateTable('idempotency_key').set({ status, headers: sql`${JSON.stringify(headers)}::jsonb`, body }).where(sameKey(scope)).execute();
}

function sameKey({ tenantId, subjectId, operationId, key }: IdempotencyScope) {
  return sql<boolean>`(tenant_id, subject_id, operation_id, key) = (${tenantId}, ${subjectId}, ${operationId}, ${key})`;
}

function keyInUse(cause?: unknown): AppError {
  return new AppError('The first request with this Idempotency-Key is still running. Try again.', {
    status: 409,
    code: 'idempotency-key-in-use',
    headers: { 'Retry-After': '1' },
    cause,
  });
}

function tables(db: Database): Kysely<IdempotencyTables> {
  return db.$extendTables<IdempotencyTables>();
}
