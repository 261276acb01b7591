// The databases of a run: one migrated and filled as the pattern, and a copy of it for each server that is measured.
// Tested by bench.proof.ts: every server reads from one.
import { randomUUID } from 'node:crypto';
import { Client, escapeIdentifier } from 'pg';
import { pino } from 'pino';
import { openServerDatabase } from '#app/data/server-database.ts';
import { migrate } from '#app/data/migrate.ts';
import { findMigrationSources } from '#app/testing/database.ts';
import { createServiceLogin, type ServiceLogin } from '#app/testing/service-login.ts';

export const TENANT = 'bench';
export const SKUS: readonly string[] = Array.from({ length: 256 }, (_, index) => `BENCH-${index}`);

export interface BenchDatabases {
  readonly version: string;
  /** The address for a service in production: its own login, and no TLS, as the rivals have none. */
  ofService(url: string): string;
  /** A new one, migrated and filled. */
  copy(): Promise<string>;
  /** A new one with nothing in it. */
  empty(): Promise<string>;
  close(): Promise<void>;
}

/** @throws Error when the sample is gone, whose routes and tables are measured. */
export async function prepareDatabases(serverUrl: string): Promise<BenchDatabases> {
  const made: string[] = [];
  const create = async (template: string): Promise<string> => {
    const name = `stockade_bench_${process.pid}_${randomUUID().slice(0, 8)}`;
    await administer(serverUrl, `create database ${escapeIdentifier(name)} template ${escapeIdentifier(template)}`);
    made.push(name);
    return Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
  };
  let login: ServiceLogin | undefined;
  const close = async (): Promise<void> => {
    for (const name of made) await administer(serverUrl, `drop database if exists ${escapeIdentifier(name)} with (force)`);
    await login?.drop();
  };
  try {
    const [{ version } = { version: '' }] = await administer<{ version: string }>(serverUrl, "select current_setting('server_version') as version");
    const pattern = await create('template0');
    await fill(pattern);
    const service = (login = await createServiceLogin(serverUrl));
    return { version, ofService: (url) => withoutTls(service.url(url)), copy: () => create(new URL(pattern).pathname.slice(1)), empty: () => create('template0'), close };
  } catch (error) {
    await close();
    throw error;
  }
}

export function withoutTls(url: string): string {
  const address = new URL(url);
  address.searchParams.set('sslmode', 'disable');
  return address.href;
}

async function fill(url: string): Promise<void> {
  const log = pino({ level: 'silent' });
  const database = await openServerDatabase({ url, poolSize: 1, migrationUrl: url }, { log });
  try {
    await migrate(database, await findMigrationSources(), { log });
  } finally {
    await database.close();
  }
  const [{ item } = { item: null }] = await administer<{ item: string | null }>(url, "select to_regclass('item')::text as item");
  if (item === null) throw new Error('The sample feature is gone, and the bench measures its routes: bring your own feature’s requests into app/bench/.');
  await administer(
    url,
    `insert into item (tenant_id, sku, name, location, unit, quantity, reorder_level, created_at, updated_at)
     select '${TENANT}', sku, 'Hex bolt ' || sku, 'Aisle 3, shelf B', 'box', 1000, 20, now(), now() from unnest($1::text[]) as sku`,
    [SKUS],
  );
}

async function administer<T extends object>(url: string, statement: string, values: readonly unknown[] = []): Promise<readonly T[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    return (await client.query<T>(statement, [...values])).rows;
  } finally {
    await client.end();
  }
}
