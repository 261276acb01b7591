// What both engines share: pg's Pool behind Kysely, and how a column's text becomes a JavaScript value.
import { setTimeout as delay } from 'node:timers/promises';
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import { Client, type ClientBase, Pool, type PoolClient, type PoolConfig, type QueryResult, type Submittable, types } from 'pg';
import type { Logger } from 'pino';
import type { Login } from '#app/data/login.ts';
import { describeStatement } from '#app/data/statement.ts';
import { beginsTransaction, type Scope, ScopedQuery } from '#app/data/scoped-query.ts';
import { isConnectionLost, isUnavailable, isWrongPassword, toUnavailable } from '#app/data/unavailable.ts';
import { AppError } from '#app/errors.ts';
import type { Database } from '#app/feature.ts';
import { certificateEnd } from '#app/lib/certificate-end.ts';
import { inSpan, outsideSpans, type SpanPart } from '#app/lib/span.ts';

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

/** What the metrics want to know of a pool. */
export interface PoolView {
  readonly totalCount: number;
  readonly idleCount: number;
  /** Who waits for a connection. */
  readonly waitingCount: number;
  readonly options: { readonly max: number };
  /** When the first of the certificates ends that the server has shown last, in ms since 1970; undefined without TLS. */
  readonly certificateEndMs: number | undefined;
  /** Told of each statement once it has ended. */
  observer: ((statement: string, durationMs: number, error: unknown) => void) | undefined;
}

type ObservedPool = Pool & PoolView & { certificateEndMs: number | undefined };

/** With a `login`, each connection logs in as that says at its time. */
export function openPool(config: PoolConfig, log: Logger, login?: Login): ObservedPool {
  const options = { ...config, types: columnTypes };
  class CurrentClient extends Client {
    constructor() {
      super({ ...options, ...login?.() });
    }
  }
  const view: Pick<ObservedPool, 'certificateEndMs' | 'observer'> = { certificateEndMs: undefined, observer: undefined };
  const pool = Object.assign(new Pool({ ...options, ...(login && { Client: CurrentClient }) }), view);
  // Without these two listeners a connection that the server drops ends the process: the pool reports idle ones, and
  // nobody listens to one that is checked out and waits between two statements of a transaction.
  pool.on('error', (error) => { log.warn({ err: error }, 'an idle database connection was lost'); });
  pool.on('connect', (client) => {
    pool.certificateEndMs = certificateEnd(socketOf(client)) ?? pool.certificateEndMs;
    client.on('error', (error) => { log.debug({ err: error }, 'a database connection was lost'); });
  });
  return pool;
}

export function createKysely(pool: ObservedPool, scope?: Scope): Database {
  const safePool: PostgresPool = {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      return guard(await connectPatiently(pool), pool, scope);
    },
  };
  return new Kysely({ dialect: new PostgresDialect({ pool: safePool }) });
}

/** @throws AppError 503 when there is none in time. */
async function connectPatiently(pool: Pool): Promise<PoolClient> {
  const end = performance.now() + ROTATION_MS;
  for (;;) {
    try {
      // A connection that is made here serves others after this request.
      return await outsideSpans(() => pool.connect());
    } catch (error) {
      if (!isWrongPassword(error) || performance.now() > end) throw toUnavailable(error);
      await delay(ROTATION_RETRY_MS);
    }
  }
}

function guard(client: PoolClient, pool: Pick<PoolView, 'observer'>, scope: Scope | undefined): PostgresPoolClient {
  let broken = false;
  const ask: Ask = scope === undefined ? (text, values) => client.query(text, values as unknown[]) : withinScope(client, scope);
  const query: Ask = async (text, values) => {
    const startedAt = performance.now();
    let failure: unknown;
    try {
      return await inSpan(() => querying(text), () => ask(text, values));
    } catch (error) {
      failure = error;
      broken ||= isConnectionLost(error);
      throw isUnavailable(error) ? toUnavailable(error) : error;
    } finally {
      pool.observer?.(text, performance.now() - startedAt, failure);
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

/** No values, and no rows: https://opentelemetry.io/docs/specs/semconv/db/postgresql/ */
function querying(text: string): SpanPart {
  const { operation, summary, text: masked } = describeStatement(text);
  return { name: summary, kind: 'client', attributes: { 'db.system.name': 'postgresql', 'db.operation.name': operation, 'db.query.summary': summary, 'db.query.text': masked } };
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
function socketOf(client: ClientBase): { destroy(): void } | undefined {
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
