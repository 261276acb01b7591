// A PostgreSQL server: a pool for statements and one connection more that listens.
import { type ConnectionOptions, getCACertificates } from 'node:tls';
import { Client, type ClientBase, type ClientConfig } from 'pg';
import type { Logger } from 'pino';
import { checkPool, createKysely, openPool } from '#app/data/connection-pool.ts';
import type { OpenDatabase } from '#app/data/database.ts';
import { createLogin, type Login, type LoginOptions } from '#app/data/login.ts';
import { Listener } from '#app/data/listener.ts';
import { readRdsAuthorities } from '#app/data/rds-authorities.ts';
import { PLATFORM_ROLE, refusePowerfulLogin, TENANT_ROLE } from '#app/data/roles.ts';
import { AppError } from '#app/errors.ts';
import type { Database } from '#app/feature.ts';

const OLDEST_VERSION = 15;
/** To open a connection, and to wait for a free one. */
const CONNECT_TIMEOUT_MS = 3_000;
/** Nothing that a request does may hold a connection, a lock or a transaction for longer. */
const STATEMENT_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 3_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** This side's own clock, for a server that went away without a word: no answer will come, the server's timeouts included. */
const QUERY_TIMEOUT_MS = 6_000;

export interface ServerOptions extends LoginOptions {
  readonly poolSize: number;
  /** The login that changes the schema; undefined where that is done elsewhere. */
  readonly migrationUrl?: string | undefined;
  /** Verify the server's certificate and name, unless a URL says `sslmode=disable`. */
  readonly tls?: boolean;
  /** Refuse a login that row-level security can't hold. */
  readonly leastPrivilege?: boolean;
  /** As whom `db` works; PostgreSQL's `none` is the login itself, for a schema that is not ours. */
  readonly role?: string;
  readonly lockTimeoutMs?: number;
  readonly queryTimeoutMs?: number;
}

export interface ServerParts {
  readonly log: Logger;
  /** Whom to believe of a server of Amazon RDS; of no setting, for a test's own authority alone. */
  readonly rdsAuthorities?: typeof readRdsAuthorities;
}

export async function openServerDatabase(options: ServerOptions, { log, rdsAuthorities = readRdsAuthorities }: ServerParts): Promise<OpenDatabase> {
  const { url, poolSize, migrationUrl, iamRegion, tls = false, role = PLATFORM_ROLE, lockTimeoutMs = LOCK_TIMEOUT_MS, queryTimeoutMs = QUERY_TIMEOUT_MS } = options;
  const connection: ClientConfig = {
    application_name: 'stockade',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: lockTimeoutMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    ...(tls ? { ssl: iamRegion === undefined ? true : await trustRds(iamRegion, rdsAuthorities, log) } : {}),
  };
  const address = addressOf(url);
  const login = await createLogin(options, log);
  await checkServer(() => ({ ...connection, ...login() }), address, options);
  // From the first statement on, whatever else the login may be.
  const acting: ClientConfig = { ...connection, options: `-c role=${role}` };
  // A login that comes by rotation is held to what the first one was.
  const examine = options.leastPrivilege === true && options.currentUrl !== undefined && { onConnect: (client: ClientBase) => refusePowerfulLogin(client) };
  const pool = openPool({ ...acting, ...examine, query_timeout: queryTimeoutMs, max: poolSize }, log, login);
  const listener = new Listener(() => new Client({ ...acting, ...login() }), log);
  return {
    kind: 'server',
    address,
    db: createKysely(pool),
    forTenant: (tenantId, { readOnly = false } = {}) => createKysely(pool, { role: TENANT_ROLE, tenantId, readOnly }),
    ...(migrationUrl === undefined ? {} : { maintain: async (work) => maintain(connection, await createLogin({ url: migrationUrl, iamRegion }, log), work, log) }),
    listen: (channel, onNotify) => listener.listen(channel, onNotify),
    async notify(channel, payload) { await pool.query('select pg_notify($1, $2)', [channel, payload]); },
    pool,
    // `query_timeout` also drops the connection, so that one to a host that vanished doesn't come back into the pool.
    check: (timeoutMs) => checkPool(pool, timeoutMs, { query_timeout: timeoutMs }),
    async close() { await Promise.all([listener.close(), pool.end()]); },
  };
}

/** Amazon's authorities for the region, the operator's own, and no other: whoever else Node believes has no word in what is RDS. It speaks TLS 1.3, so that nothing older is taken. */
async function trustRds(region: string, rdsAuthorities: typeof readRdsAuthorities, log: Logger): Promise<ConnectionOptions> {
  const { instances, proxies } = await rdsAuthorities(region);
  const operators = getCACertificates('extra');
  if (instances.length + operators.length === 0) log.warn({ region }, 'the authorities of Amazon RDS in this region are not known here: give its bundle in NODE_EXTRA_CA_CERTS');
  return { ca: [...instances, ...proxies, ...operators], minVersion: 'TLSv1.3' };
}

/** As the login itself, since the role may not be there before the first migration. */
async function checkServer(connection: Login, address: string, { migrationUrl, leastPrivilege = false }: ServerOptions): Promise<void> {
  const client = new Client(connection());
  try {
    await client.connect();
    const { rows } = await client.query<{ version: number; prepared: boolean }>(`select current_setting('server_version_num')::int / 10000 as version, to_regrole('${PLATFORM_ROLE}') is not null as prepared`);
    const { version = 0, prepared = false } = rows[0] ?? {};
    if (version < OLDEST_VERSION) throw new AppError(`PostgreSQL ${version} at ${address} is too old: ${OLDEST_VERSION} or newer is needed.`);
    if (leastPrivilege) await refusePowerfulLogin(client);
    if (!prepared && migrationUrl === undefined) throw new AppError(`The database at ${address} was never migrated: run "npm run migrate", or set DATABASE_MIGRATION_URL.`);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(`The database at ${address} can't be used: ${error instanceof Error ? describe(error) : String(error)}. Check DATABASE_URL.`, { cause: error });
  } finally {
    await client.end();
  }
}

async function maintain<T>(connection: ClientConfig, login: Login, work: (db: Database) => Promise<T>, log: Logger): Promise<T> {
  const own = openPool({ ...connection, max: 1 }, log, login);
  try {
    return await work(createKysely(own));
  } finally {
    await own.end();
  }
}

/** Refused connections to a name with two addresses arrive as an AggregateError without a message. */
function describe(error: Error): string {
  return error.message === '' && error instanceof AggregateError ? error.errors.map(String).join(', ') : error.message;
}

function addressOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
