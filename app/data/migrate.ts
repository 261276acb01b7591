// Applies the .sql files that were not applied yet: forward only, each in a transaction of its own.
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Logger } from 'pino';
import type { OpenDatabase } from '#app/data/database.ts';
import { type Migration, type MigrationSource, readMigrations } from '#app/data/migration-files.ts';
import { LOCK_NOT_AVAILABLE, sqlState } from '#app/data/transaction.ts';
import { AppError } from '#app/errors.ts';
import type { Database } from '#app/feature.ts';

export { type MigrationSource };

export interface MigrateOptions {
  readonly log: Logger;
  /** How long one migration waits for a table that is in use; everything behind it in the table's queue waits as long. */
  readonly lockTimeoutMs?: number;
  readonly attempts?: number;
}

/** Any constant; `pg_locks` shows it as `objid`. */
const ADVISORY_LOCK = 7_826_325;
/** How long a starting process waits for another one that migrates. */
const TURN_TIMEOUT_MS = 600_000;

/** Migrates where this process may; where it may not, it makes sure that nothing is missing. @throws AppError with what is missing. */
export async function prepareSchema(database: OpenDatabase, sources: readonly MigrationSource[], options: MigrateOptions): Promise<void> {
  if (database.maintain !== undefined) {
    await migrate(database, sources, options);
    return;
  }
  const applied = await readApplied(database.db);
  const missing = (await readMigrations(sources)).filter(({ id }) => !applied.has(id)).map(({ id }) => id);
  if (missing.length > 0) throw new AppError(`The database lacks ${missing.join(', ')}: run "npm run migrate" first, or set DATABASE_MIGRATION_URL.`, { code: 'migration-missing' });
}

/** Returns `<source>/<file>` of what it applied now. Migrations that this release doesn't know are left alone, so that it runs on a newer schema. */
export async function migrate(database: OpenDatabase, sources: readonly MigrationSource[], options: MigrateOptions): Promise<readonly string[]> {
  if (database.maintain === undefined) throw new TypeError('This database was opened without its owner.');
  const migrations = await readMigrations(sources);
  return database.maintain((db) => applyAll(db, migrations, options));
}

async function applyAll(db: Database, migrations: readonly Migration[], options: MigrateOptions): Promise<readonly string[]> {
  const known = await inTurn(db, async (tx) => {
    await createTableOfRecord(tx);
    return readApplied(tx);
  });
  for (const migration of migrations) refuseEdited(migration, known);

  const applied: string[] = [];
  for (const migration of migrations) {
    if (known.has(migration.id)) continue;
    if (await applyPatiently(db, migration, options)) applied.push(migration.id);
  }
  return applied;
}

/** Has no tenant_id: it tells of the schema, which all tenants share, and holds nothing of theirs. */
async function createTableOfRecord(tx: Database): Promise<void> {
  await sql`create table if not exists schema_migrations (
    source text not null, name text not null, checksum text not null, applied_at timestamptz not null default now(),
    primary key (source, name))`.execute(tx);
}

/** Checksums by id. */
async function readApplied(tx: Database): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ id: string; checksum: string }>`select source || '/' || name as id, checksum from schema_migrations`.execute(tx);
  return new Map(rows.map(({ id, checksum }) => [id, checksum]));
}

function refuseEdited({ id, file, checksum }: Migration, applied: ReadonlyMap<string, string>): void {
  const recorded = applied.get(id);
  if (recorded === undefined || recorded === checksum) return;
  throw new AppError(`The migration ${file} was edited after it had been applied: restore it, and put the change into a new file.`, { code: 'migration-edited' });
}

async function applyPatiently(db: Database, migration: Migration, { log, lockTimeoutMs = 3_000, attempts = 10 }: MigrateOptions): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await apply(db, migration, lockTimeoutMs, log);
    } catch (error) {
      if (sqlState(error) !== LOCK_NOT_AVAILABLE || attempt >= attempts) {
        throw new AppError(`The migration ${migration.file} failed: ${error instanceof Error ? error.message : String(error)}`, { code: 'migration-failed', cause: error });
      }
      log.warn({ migration: migration.id, attempt }, 'a migration waits for a table that is in use');
      await delay(Math.min(100 * 2 ** attempt, 5_000) * (0.5 + Math.random() / 2));
    }
  }
}

async function apply(db: Database, migration: Migration, lockTimeoutMs: number, log: Logger): Promise<boolean> {
  return inTurn(db, async (tx) => {
    const applied = await readApplied(tx);
    refuseEdited(migration, applied);
    if (applied.has(migration.id)) return false;
    await sql`select set_config('lock_timeout', ${`${lockTimeoutMs}ms`}, true)`.execute(tx);
    await sql.raw(migration.sql).execute(tx);
    await sql`insert into schema_migrations (source, name, checksum) values (${migration.source}, ${migration.name}, ${migration.checksum})`.execute(tx);
    log.info({ migration: migration.id }, 'migration applied');
    return true;
  });
}

/** A transaction that no other process's migration runs beside; bound to the transaction, so that a pooler between can't part them. */
export async function inTurn<T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> {
  return db.transaction().execute(async (tx) => {
    await sql`select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true),
      set_config('lock_timeout', ${`${TURN_TIMEOUT_MS}ms`}, true)`.execute(tx);
    await sql`select pg_advisory_xact_lock(${ADVISORY_LOCK})`.execute(tx);
    return work(tx);
  });
}
