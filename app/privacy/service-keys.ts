// The service's own keys: kept in the database, encrypted by the key provider, and so of no use to who has the database alone.
import { randomBytes, randomUUID } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Logger } from 'pino';
import type { Database } from '#app/feature.ts';
import { KEY_BYTES } from '#app/lib/sealed.ts';
import type { KeyProvider } from '#app/privacy/key-provider.ts';

export const PURPOSES = ['audit', 'people', 'people-index'] as const;
export type Purpose = (typeof PURPOSES)[number];

export interface ServiceKey {
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Buffer;
}

/** Of each purpose, the newest first: new things are made with it, older ones with those behind it. Never empty. */
export type ServiceKeys = Readonly<Record<Purpose, readonly [ServiceKey, ...ServiceKey[]]>>;

type ServiceKeyTables = { service_key: { purpose: Purpose; id: string; wrapped: Buffer; provider_key: string; created_at: Date } };
type Row = ServiceKeyTables['service_key'];

export interface ServiceKeyParts {
  /** As the platform: tenants see none of it. */
  readonly db: Database;
  readonly provider: KeyProvider;
  readonly log: Logger;
  readonly now: Date;
}

/**
 * Opens them all, makes the first of each purpose, and wraps anew what another key of the provider wraps: so the provider's
 * old key can go once every database was opened with the new one. @throws AppError where the provider can't open one.
 */
export async function openServiceKeys({ db, provider, log, now }: ServiceKeyParts): Promise<ServiceKeys> {
  await makeFirst(db, provider, now);
  const opened = await openRows(db, provider, log);
  return Object.fromEntries(PURPOSES.map((purpose) => [purpose, opened.filter((key) => key.purpose === purpose)])) as unknown as ServiceKeys;
}

/** A new key of a purpose, for what is made from the next start on. Returns its id. */
export async function addServiceKey({ db, provider, now }: Omit<ServiceKeyParts, 'log'>, purpose: Exclude<Purpose, 'people-index'>): Promise<string> {
  const row = await makeRow(provider, purpose, now);
  await tables(db).insertInto('service_key').values(row).execute();
  return row.id;
}

/** Two processes that start at once make one key: the second waits, and finds the first's. */
async function makeFirst(db: Database, provider: KeyProvider, now: Date): Promise<void> {
  const there = await tables(db).selectFrom('service_key').select('purpose').distinct().execute();
  const missing = PURPOSES.filter((purpose) => !there.some((row) => row.purpose === purpose));
  for (const purpose of missing) {
    const row = await makeRow(provider, purpose, now);
    await db.transaction().execute(async (tx) => {
      await sql`select pg_advisory_xact_lock(hashtext('service_key'))`.execute(tx);
      const taken = await tables(tx).selectFrom('service_key').select('id').where('purpose', '=', purpose).executeTakeFirst();
      if (taken === undefined) await tables(tx).insertInto('service_key').values(row).execute();
    });
  }
}

async function makeRow(provider: KeyProvider, purpose: Purpose, now: Date): Promise<Row> {
  const id = randomUUID();
  return { purpose, id, wrapped: await provider.wrap(randomBytes(KEY_BYTES), contextOf({ purpose, id })), provider_key: provider.keyId, created_at: now };
}

async function openRows(db: Database, provider: KeyProvider, log: Logger): Promise<readonly (ServiceKey & { readonly purpose: Purpose })[]> {
  const rows = await tables(db).selectFrom('service_key').selectAll().orderBy('created_at', 'desc').orderBy('id').execute();
  return Promise.all(
    rows.map(async (row) => {
      const secret = await provider.unwrap(row.wrapped, contextOf(row));
      if (row.provider_key !== provider.keyId) await rewrap(db, provider, row, secret, log);
      return { purpose: row.purpose, id: row.id, secret };
    }),
  );
}

async function rewrap(db: Database, provider: KeyProvider, { purpose, id }: Row, secret: Buffer, log: Logger): Promise<void> {
  const wrapped = await provider.wrap(secret, contextOf({ purpose, id }));
  await tables(db).updateTable('service_key').set({ wrapped, provider_key: provider.keyId }).where('purpose', '=', purpose).where('id', '=', id).execute();
  log.info({ purpose, providerKey: provider.keyId }, 'service key wrapped with the provider\'s present key');
}

function contextOf({ purpose, id }: Pick<Row, 'purpose' | 'id'>): Readonly<Record<string, string>> {
  return { purpose, id };
}

function tables(db: Database): Kysely<ServiceKeyTables> {
  return db.$extendTables<ServiceKeyTables>();
}
