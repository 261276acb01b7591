// A migrated, empty database for one test, of every engine that is there.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, openAsBlob } from 'node:fs';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, escapeIdentifier } from 'pg';
import { pino } from 'pino';
import { createKysely, openPool } from '#app/data/connection-pool.ts';
import type { OpenDatabase } from '#app/data/database.ts';
import { createImage, openEmbeddedDatabase } from '#app/data/embedded.ts';
import { migrate } from '#app/data/migrate.ts';
import { type MigrationSource, platformMigrations, readMigrations } from '#app/data/migration-files.ts';
import { openServerDatabase } from '#app/data/server-database.ts';
import type { Database } from '#app/feature.ts';

export interface TestedDatabase extends OpenDatabase {
  /** Undefined where the database lives in this process. */
  readonly url: string | undefined;
  /** Whom nothing holds, for what a test prepares and looks at. */
  readonly owner: Database;
}

export interface TestDatabase {
  readonly name: 'PGlite' | 'PostgreSQL';
  /** `close` drops it. */
  open(sources?: readonly MigrationSource[]): Promise<TestedDatabase>;
}

const POOL_SIZE = 4;
const silent = pino({ level: 'silent' });

export function testDatabases(): readonly TestDatabase[] {
  const url = process.env['DATABASE_URL'];
  if (!url && process.env['CI'] === 'true') throw new Error('CI=true needs PostgreSQL: set DATABASE_URL.');
  return [{ name: 'PGlite', open: openOnPglite }, ...(url ? [{ name: 'PostgreSQL' as const, open: (sources?: readonly MigrationSource[]) => openOnPostgresql(url, sources) }] : [])];
}

export async function openTestDatabase(): Promise<TestedDatabase> {
  const best = testDatabases().at(-1);
  if (best === undefined) throw new Error('There is no engine to test on.');
  return best.open();
}

/** The platform's and every feature's. */
export async function findMigrationSources(): Promise<readonly MigrationSource[]> {
  const features = fileURLToPath(new URL('../features/', import.meta.url));
  const names = existsSync(features) ? await readdir(features) : [];
  return [platformMigrations, ...names.sort().map((name) => ({ name, directory: path.join(features, name, 'migrations') }))];
}

async function openOnPglite(sources?: readonly MigrationSource[]): Promise<TestedDatabase> {
  const image = await findImage(sources ?? (await findMigrationSources()));
  const database = await openEmbeddedDatabase({ directory: undefined, image, ...roleFor(sources) }, { log: silent });
  return { ...database, url: undefined, owner: await ownerOf(database) };
}

/** There is one session only; whoever maintains it is its owner. */
async function ownerOf(database: OpenDatabase): Promise<Database> {
  if (database.maintain === undefined) throw new Error('This database has no owner.');
  return database.maintain((db) => Promise.resolve(db));
}

/** A schema of the test's own has none of our roles. */
function roleFor(sources: readonly MigrationSource[] | undefined): { readonly role?: string } {
  return sources === undefined ? {} : { role: 'none' };
}

/** A start from a migrated image takes a second, a cold one with its migrations five. */
async function findImage(sources: readonly MigrationSource[]): Promise<Blob> {
  const packageFile = createRequire(import.meta.url).resolve('@electric-sql/pglite').replace(/dist.*$/, 'package.json');
  const { version } = JSON.parse(await readFile(packageFile, 'utf8')) as { version: string };
  const file = path.join(tmpdir(), `stockade-pglite-${version}-${await checksumOf(sources)}.tar`);
  if (!existsSync(file)) {
    const image = await createImage(async (database) => { await migrate(database, sources, { log: silent }); }, { log: silent });
    // Renamed when it is whole, since test files run side by side.
    const part = `${file}.${randomUUID()}`;
    await writeFile(part, Buffer.from(await image.arrayBuffer()));
    await rename(part, file);
  }
  return openAsBlob(file);
}

async function openOnPostgresql(serverUrl: string, sources?: readonly MigrationSource[]): Promise<TestedDatabase> {
  const template = await findTemplate(serverUrl, sources ?? (await findMigrationSources()));
  const name = `stockade_test_${process.pid}_${randomUUID().slice(0, 8)}`;
  await administer(serverUrl, (admin) => admin.query(`create database ${escapeIdentifier(name)} template ${escapeIdentifier(template)}`));
  const url = urlOf(serverUrl, name);
  const database = await openServerDatabase({ url, poolSize: POOL_SIZE, migrationUrl: url, ...roleFor(sources) }, { log: silent });
  const ownPool = openPool({ connectionString: url, max: POOL_SIZE }, silent);
  return {
    ...database,
    url,
    owner: createKysely(ownPool),
    async close() {
      await Promise.all([database.close(), ownPool.end()]);
      await administer(serverUrl, (admin) => admin.query(`drop database ${escapeIdentifier(name)} with (force)`));
    },
  };
}

/** One template for each set of migrations, made by whichever process comes first. */
async function findTemplate(serverUrl: string, sources: readonly MigrationSource[]): Promise<string> {
  const name = `stockade_template_${await checksumOf(sources)}`;
  await administer(serverUrl, async (admin) => {
    await admin.query("select pg_advisory_lock(hashtext('stockade_template'))");
    const { rowCount } = await admin.query('select 1 from pg_database where datname = $1 and datistemplate', [name]);
    if (rowCount === 1) return;
    await admin.query(`drop database if exists ${escapeIdentifier(name)} with (force)`);
    await admin.query(`create database ${escapeIdentifier(name)}`);
    const database = await openServerDatabase({ url: urlOf(serverUrl, name), poolSize: 1, migrationUrl: urlOf(serverUrl, name), role: 'none' }, { log: silent });
    try {
      await migrate(database, sources, { log: silent });
    } finally {
      await database.close();
    }
    // Nobody may connect, since a template with a connection can't be copied.
    await admin.query(`alter database ${escapeIdentifier(name)} with is_template true allow_connections false`);
  });
  return name;
}

async function administer<T>(url: string, work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.end();
  }
}

function urlOf(serverUrl: string, name: string): string {
  return Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
}

async function checksumOf(sources: readonly MigrationSource[]): Promise<string> {
  const hash = createHash('sha256');
  for (const { id, checksum } of await readMigrations(sources)) hash.update(`${id} ${checksum}\n`);
  return hash.digest('hex').slice(0, 12);
}
