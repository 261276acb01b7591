// A PostgreSQL server: a pool for statements and one connection more that listens.
import { Client, type ClientConfig } from 'pg';
import type { Logger } from 'pino';
import { checkPool, createKysely, openPool } from '#app/data/connection-pool.ts';
import type { OpenDatabase } from '#app/data/database.ts';
import { Listener } from '#app/data/listener.ts';
import { AppError } from '#app/errors.ts';

const OLDEST_VERSION = 15;
/** To open a connection, and to wait for a free one. */
const CONNECT_TIMEOUT_MS = 3_000;
/** Nothing that a request does may hold a connection, a lock or a transaction for longer. */
const STATEMENT_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 3_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** This side's own clock, for a server that went away without a word: no answer will come, the server's timeouts included. */
const QUERY_TIMEOUT_MS = 6_000;

export interface ServerOptions {
  readonly url: string;
  readonly poolSize: number;
  readonly lockTimeoutMs?: number;
  readonly queryTimeoutMs?: number;
}

export async function openServerDatabase({ url, poolSize, lockTimeoutMs = LOCK_TIMEOUT_MS, queryTimeoutMs = QUERY_TIMEOUT_MS }: ServerOptions, { log }: { readonly log: Logger }): Promise<OpenDatabase> {
  const connection: ClientConfig = {
    connectionString: url,
    application_name: 'stockade',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: lockTimeoutMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
  };
  const address = addressOf(url);
  const pool = openPool({ ...connection, query_timeout: queryTimeoutMs, max: poolSize }, log);
  const listener = new Listener(() => new Client(connection), log);
  try {
    const { rows } = await pool.query<{ version: number }>("select current_setting('server_version_num')::int / 10000 as version");
    const version = rows[0]?.version ?? 0;
    if (version < OLDEST_VERSION) throw new AppError(`PostgreSQL ${version} at ${address} is too old: ${OLDEST_VERSION} or newer is needed.`);
  } catch (error) {
    await pool.end();
    if (error instanceof AppError) throw error;
    throw new AppError(`The database at ${address} can't be used: ${error instanceof Error ? describe(error) : String(error)}. Check DATABASE_URL.`, { cause: error });
  }
  return {
    kind: 'server',
    address,
    db: createKysely(pool),
    async maintain(work) {
      const own = openPool({ ...connection, max: 1 }, log);
      try {
        return await work(createKysely(own));
      } finally {
        await own.end();
      }
    },
    listen: (channel, onNotify) => listener.listen(channel, onNotify),
    async notify(channel, payload) { await pool.query('select pg_notify($1, $2)', [channel, payload]); },
    // `query_timeout` also drops the connection, so that one to a host that vanished doesn't come back into the pool.
    check: (timeoutMs) => checkPool(pool, timeoutMs, { query_timeout: timeoutMs }),
    async close() { await Promise.all([listener.close(), pool.end()]); },
  };
}

/** Refused connections to a name with two addresses arrive as an AggregateError without a message. */
function describe(error: Error): string {
  return error.message === '' && error instanceof AggregateError ? error.errors.map(String).join(', ') : error.message;
}

function addressOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
