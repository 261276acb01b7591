// The embedded PostgreSQL: PGlite (WebAssembly) behind pg's own client and pool. Imported only when it is used.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { PglitePgConnection } from '@electric-sql/pglite/node-postgres';
import { Client, type ClientConfig, escapeIdentifier } from 'pg';
import type { Logger } from 'pino';
import { checkPool, createKysely, openPool } from '#app/data/connection-pool.ts';
import type { OpenDatabase } from '#app/data/database.ts';
import { type FolderLock, lockFolder } from '#app/data/folder-lock.ts';
import { Channels } from '#app/data/listener.ts';
import { PLATFORM_ROLE, TENANT_ROLE } from '#app/data/roles.ts';

/** A transaction that waits for another connection of the same process would wait forever: there is only one. */
const CONNECT_TIMEOUT_MS = 30_000;

export interface EmbeddedOptions {
  /** Data is kept in its `postgres/`; undefined keeps it in memory. */
  readonly directory: string | undefined;
  /** A dumped data directory to begin with, in memory only. */
  readonly image?: Blob;
  /** As whom `db` works; `none` for a schema that is not ours. */
  readonly role?: string;
}

export async function openEmbeddedDatabase({ directory, image, role = PLATFORM_ROLE }: EmbeddedOptions, { log }: { readonly log: Logger }): Promise<OpenDatabase> {
  if (directory === undefined) return adapt(await PGlite.create(image === undefined ? {} : { loadDataDir: image }), { address: 'memory', lock: undefined, role }, log);
  const folder = path.join(directory, 'postgres');
  // eslint-disable-next-line security/detect-non-literal-fs-filename -- the configured data folder
  await mkdir(folder, { recursive: true });
  const lock = lockFolder(folder);
  try {
    return adapt(await PGlite.create({ dataDir: folder }), { address: folder, lock, role }, log);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The contents of a new database after `prepare`, to start others from. */
export async function createImage(prepare: (database: OpenDatabase) => Promise<void>, { log }: { readonly log: Logger }): Promise<Blob> {
  const pglite = await PGlite.create();
  const database = adapt(pglite, { address: 'memory', lock: undefined, role: 'none' }, log);
  try {
    await prepare(database);
    return await pglite.dumpDataDir('none');
  } finally {
    await database.close();
  }
}

interface Opened {
  readonly address: string;
  readonly lock: FolderLock | undefined;
  readonly role: string;
}

function adapt(pglite: PGlite, { address, lock, role }: Opened, log: Logger): OpenDatabase {
  class EmbeddedClient extends Client {
    constructor(config?: ClientConfig) {
      super(Object.assign({}, config, { connection: new PglitePgConnection({ pglite }) }));
    }
  }
  const channels = new Channels();
  const pool = openPool(
    {
      Client: EmbeddedClient,
      // The pool's queue is what hands the one session out to one caller at a time.
      max: 1,
      idleTimeoutMillis: 0,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      // Every client is a new view of the same session: a discarded one may have left its transaction open.
      // eslint-disable-next-line @typescript-eslint/no-misused-promises -- the pool awaits it, its type only does not say so
      onConnect: (client) => client.query('rollback'),
    },
    log,
  );
  pool.on('connect', (client) => client.on('notification', ({ channel, payload = '' }) => { channels.deliver(channel, payload); }));
  const owner = createKysely(pool);
  return {
    kind: 'embedded',
    address,
    db: role === 'none' ? owner : createKysely(pool, { role, tenantId: '', readOnly: false }),
    forTenant: (tenantId, { readOnly = false } = {}) => createKysely(pool, { role: TENANT_ROLE, tenantId, readOnly }),
    maintain: (work) => work(owner),
    async listen(channel, onNotify) {
      channels.add(channel, onNotify);
      await pool.query(`listen ${escapeIdentifier(channel)}`);
      return async () => { if (channels.remove(channel, onNotify)) await pool.query(`unlisten ${escapeIdentifier(channel)}`); };
    },
    async notify(channel, payload) { await pool.query('select pg_notify($1, $2)', [channel, payload]); },
    pool,
    check: (timeoutMs) => checkPool(pool, timeoutMs),
    async close() {
      await pool.end();
      await pglite.close();
      lock?.release();
    },
  };
}
