// `npm run backup`: the whole database, to be kept for 30 days; with `--archive` what may be kept for longer. See .github/RESTORE.md.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, rm, stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { sql } from 'kysely';
import { listArchivedTables } from '#app/backup/archive.ts';
import { connectionEnvironment, findProgram } from '#app/backup/postgres-programs.ts';
import { ConfigError, parseMigrationConfig } from '#app/config.ts';
import { createLogin } from '#app/data/login.ts';
import { openServerDatabase } from '#app/data/server-database.ts';
import { AppError } from '#app/errors.ts';
import { findFeatures } from '#app/features.ts';
import { createLog } from '#app/telemetry/log.ts';

const USAGE = `Usage: npm run backup -- --file FILE [--archive]
Of the database at DATABASE_MIGRATION_URL, else DATABASE_URL, in pg_dump's custom format. FILE must not be there yet.`;
const KEPT_DAYS = 30;
const LOCK_WAIT_MS = 60_000;

const log = createLog({ level: 'warn', destination: process.stderr });
const EVERYTHING: Division = { kept: [], leftOut: [] };

type Server = ReturnType<typeof parseMigrationConfig>;

await run().catch((error: unknown) => {
  if (!(error instanceof AppError || error instanceof ConfigError || (error instanceof TypeError && 'code' in error))) throw error;
  console.error(error.message);
  process.exitCode = 2;
});

async function run(): Promise<void> {
  const { values: { file, archive } } = parseArgs({ options: { file: { type: 'string' }, archive: { type: 'boolean', default: false } } });
  if (file === undefined) throw new AppError(USAGE);
  const server = parseMigrationConfig(process.env);
  const program = findProgram('pg_dump', process.env);
  if (program === undefined) throw new AppError('pg_dump is neither on the PATH nor below /usr/lib/postgresql: install the client programs of PostgreSQL, as new as the server or newer.');
  const { kept, leftOut } = archive ? await divideTables(server) : EVERYTHING;
  await create(file);
  const options = archive ? ['--no-blobs', ...leftOut.map(({ pattern }) => `--exclude-table-data=${pattern}`)] : [];
  const child = spawn(program, ['--format=custom', `--file=${file}`, '--no-password', `--lock-wait-timeout=${LOCK_WAIT_MS}`, ...options], { env: connectionEnvironment({ ...server, token: await tokenOf(server) }, process.env), stdio: ['ignore', 'inherit', 'inherit'] });
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) {
    await rm(file, { force: true });
    throw new AppError(`pg_dump ended with ${String(status)}: there is no backup.`);
  }
  // eslint-disable-next-line security/detect-non-literal-fs-filename -- the same file again
  console.log(`${file}: ${(await stat(file)).size} bytes`);
  if (archive) console.log(`rows of: ${namesOf(kept)}\nleft out: ${namesOf(leftOut)}\nIt has no key of any person: keep it as long as the law wants it.`);
  else console.log(`It has the keys of people: remove it by ${new Date(Date.now() + KEPT_DAYS * 86_400_000).toISOString().slice(0, 10)}, and keep it encrypted until then.`);
}

interface Table {
  readonly name: string;
  /** As pg_dump wants it. */
  readonly pattern: string;
}
interface Division {
  readonly kept: readonly Table[];
  readonly leftOut: readonly Table[];
}

/** Where logins have no password of their own. */
async function tokenOf(server: Server): Promise<string | undefined> {
  const { password } = (await createLogin(server, log))();
  return typeof password === 'function' ? await password() : undefined;
}

async function divideTables(server: Server): Promise<Division> {
  const archived = new Set(listArchivedTables((await findFeatures()).map(({ module }) => module)).map((table) => `public.${table}`));
  const database = await openServerDatabase({ ...server, poolSize: 1, role: 'none' }, { log });
  try {
    const { rows } = await sql<Table>`
      select nspname || '.' || relname as name, format('"%s"."%s"', replace(nspname, '"', '""'), replace(relname, '"', '""')) as pattern
      from pg_class join pg_namespace on pg_namespace.oid = relnamespace
      where relkind in ('r', 'p') and nspname <> 'information_schema' and nspname not like 'pg\\_%' order by 1`.execute(database.db);
    return { kept: rows.filter(({ name }) => archived.has(name)), leftOut: rows.filter(({ name }) => !archived.has(name)) };
  } finally {
    await database.close();
  }
}

function namesOf(tables: readonly Table[]): string {
  return tables.map(({ name }) => name.replace(/^public\./, '')).join(', ');
}

/** For its owner alone, and never over another backup. */
async function create(file: string): Promise<void> {
  try {
    // eslint-disable-next-line security/detect-non-literal-fs-filename -- the operator names it
    await (await open(file, 'wx', 0o600)).close();
  } catch (cause) {
    throw new AppError(`${file} can't be created: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
