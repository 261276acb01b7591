// Backups in pg_dump's custom format: read as text, and restored into databases of a test's own.
// Tested by ../backup/backup.command.test.ts: every backup there is restored by it.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { Client, escapeIdentifier } from 'pg';
import { connectionEnvironment, findProgram } from '#app/backup/postgres-programs.ts';

const run = promisify(execFile);
const MOST_BYTES = 256 * 1024 * 1024;

export interface RestoredDump {
  readonly url: string;
  drop(): Promise<void>;
}

export function findRestoreProgram(): string | undefined {
  return findProgram('pg_dump', process.env) === undefined ? undefined : findProgram('pg_restore', process.env);
}

/** All that is in it, as SQL. */
export async function readDump(program: string, file: string): Promise<string> {
  return (await run(program, ['--file=-', file], { maxBuffer: MOST_BYTES })).stdout;
}

export async function restoreDump(program: string, serverUrl: string, file: string): Promise<RestoredDump> {
  const name = `stockade_restored_${process.pid}_${randomUUID().slice(0, 8)}`;
  await administer(serverUrl, `create database ${escapeIdentifier(name)}`);
  const url = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
  await run(program, ['--exit-on-error', `--dbname=${name}`, file], { env: { ...connectionEnvironment({ url, tls: false }, process.env) } });
  return { url, drop: () => administer(serverUrl, `drop database ${escapeIdentifier(name)} with (force)`) };
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
