// What both engines share: pg's Pool behind Kysely, and how a column's text becomes a JavaScript value.
import { setTimeout as delay } from 'node:timers/promises';
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import { Client, Pool, type PoolClient, type PoolConfig, type QueryResult, type Submittable, types } from 'pg';
import type { Logger } from 'pino';
import type { Login } from '#app/data/login.ts';
import { beginsTransaction, type Scope, ScopedQuery } from '#app/data/scoped-query.ts';
import { isConnectionLost, isUnavailable, isWrongPassword, toUnavailable } from '#app/data/unavailable.ts';
import { AppError } from '#app/errors.ts';
import type { Database } from '#app/feature.ts';

const { DATE, INT8 } = types.builtins;
type Oid = (typeof types.builtins)[keyof typeof types.builtins];

/**
 * The password was right when the service started, so one that is wrong is being rotated: the role has the new one, and the
 * file not yet. A request waits this long for it.
 */
const ROTATION_MS = 2_000;
const ROTATION_RETRY_MS = 50;

/** Per pool, because pg's own registry is global and a library in the same process may rely on its defaults. */
export const columnTypes = {
  getTypeParser(oid: Oid, format?: 'text' | 'binary'): unknown {
    if (format === 'binary') return types.getTypeParser(oid, 'binary');
    if (oid === INT8) return parseInt8;
    // A day has no time zone; pg would make it midnight of the server's own.
    if (oid === DATE) return (text: string) => text;
    return types.getTypeParser(oid, 'text');
  },
} as PoolConfig['types'] & object;

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`The bigint ${text} does not fit into a JavaScript number: cast it to text in the query.`);
  return value;
}

/** With a `login`, each connection logs in as that says at its time. */
export function openPool(config: PoolConfig, log: Logger, login?: Login): Pool {
  const options = { ...config, types: columnTypes };
  class CurrentClient extends Client {
    constructor() {
      super({ ...options, ...login?.() });
    }
  }
  const pool = new Pool({ ...options, ...(login && { Client: CurrentClient }) });
  // Without these two listeners a connection that the server drops ends the process: the pool reports idle ones, and
  // nobody listens to one that is checked out and waits between two statements of a transaction.
  pool.on('error', (error) => { log.warn({ err: error }, 'an idle database connection was lost'); });
  pool.on('connect', (client) => {
    client.on('error', (error) => { log.debug({ err: error }, 'a database connection was lost'); });
  });
  return pool;
}

export function createKysely(pool: Pool, scope?: Scope): Database {
  const safePool: PostgresPool = {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      return guard(await connectPatiently(pool), scope);
    },
  };
  return new Kysely({ dialect: new PostgresDialect({ pool: safePool }) });
}

/** @throws AppError 503 when there is none in time. */
async function connectPatiently(pool: Pool): Promise<PoolClient> {
  const end = performance.now() + ROTATION_MS;
  for (;;) {
    try {
      return await pool.connect();
    } catch (error) {
      if (!isWrongPassword(error) || performance.now() > end) throw toUnavailable(error);
      await delay(ROTATION_RETRY_MS);
    }
  }
}

function guard(client: PoolClient, scope: Scope | undefined): PostgresPoolClient {
  let broken = false;
  const ask: Ask = scope === undefined ? (text, values) => client.query(text, values as unknown[]) : withinScope(client, scope);
  const query: Ask = async (text, values) => {
    try {
      return await ask(text, values);
    } catch (error) {
      broken ||= isConnectionLost(error);
      throw isUnavailable(error) ? toUnavailable(error) : error;
    }
  };
  return {
    // Its second form is for cursors, which nothing here uses.
    query: query as unknown as PostgresPoolClient['query'],
    release(destroy) {
      // Closing it properly would wait for a server that is gone.
      if (broken) socketOf(client)?.destroy();
      // A connection that comes back inside a transaction would hand it to the next caller.
      client.release(destroy === true || broken || client.getTransactionStatus() !== 'I');
    },
  };
}

type Ask = (text: string, values: readonly unknown[]) => Promise<QueryResult>;

/** Role and tenant last as long as the transaction, so that no connection carries them to its next user. */
function withinScope(client: PoolClient, scope: Scope): Ask {
  let inTransaction = false;
  return (text, values) => {
    if (inTransaction) {
      inTransaction = text !== 'commit' && text !== 'rollback';
      return client.query(text, values as unknown[]);
    }
    inTransaction = beginsTransaction(text);
    return new Promise((resolve, reject) => {
      client.query(new ScopedQuery(text, values, scope, (error, result) => { if (error === null) resolve(result); else reject(error); }) as unknown as Submittable);
    });
  };
}

/** pg keeps it to itself. */
function socketOf(client: PoolClient): { destroy(): void } | undefined {
  return (client as unknown as { readonly connection?: { readonly stream?: { destroy(): void } } }).connection?.stream;
}

/** Rejects when the database does not answer in time, a free connection included. */
export async function checkPool(pool: Pool, timeoutMs: number, options: { readonly query_timeout?: number } = {}): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => { reject(new AppError(`The database did not answer within ${timeoutMs} ms.`)); }, timeoutMs);
  try {
    await Promise.race([pool.query({ text: 'select 1', ...options }), promise]);
  } finally {
    clearTimeout(timer);
  }
}
