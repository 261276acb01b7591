// A base backup of a private PostgreSQL and the write-ahead log since, kept apart from it, and a server made of the two.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { until } from '#app/testing/condition.ts';
import { handToServer, type PrivatePostgres } from '#app/testing/private-postgres.ts';

const run = promisify(execFile);
const SEGMENT = /^[0-9A-F]{24}$/;

/** `synchronous`: a commit waits until it is in the archive; else segments go there when they are full, or old enough. */
export type ArchiveMode = 'synchronous' | 'asynchronous';

export interface WalArchive {
  /** Of the server whose log it keeps. */
  readonly settings: Readonly<Record<string, string>>;
  /** Of a server that is made of it. */
  readonly recovery: Readonly<Record<string, string>>;
  /** Begins to receive, once the server answers or while it starts. */
  follow(server: Pick<PrivatePostgres, 'port'>): Promise<void>;
  takeBaseBackup(server: Pick<PrivatePostgres, 'port'>): Promise<void>;
  /** Whole segments that are in it. */
  count(): Promise<number>;
  /** What nobody has received by now never comes. */
  stop(): Promise<void>;
  /** For `createPostgres`. */
  readonly restore: (data: string) => Promise<void>;
  bytes(): Promise<{ readonly base: number; readonly log: number }>;
  remove(): Promise<void>;
}

export async function createWalArchive(programs: string, mode: ArchiveMode, archiveTimeoutS: number): Promise<WalArchive> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-archive-'));
  const [base, log] = [path.join(directory, 'base'), path.join(directory, 'log')];
  await mkdir(log);
  handToServer(directory);
  let receiver: ChildProcess | undefined;
  const archiving = { archive_mode: 'on', archive_timeout: String(archiveTimeoutS), archive_command: `test ! -f ${log}/%f && cp %p ${log}/%f.part && mv ${log}/%f.part ${log}/%f` };
  return {
    settings: { wal_level: 'replica', ...(mode === 'synchronous' ? { synchronous_standby_names: 'archive' } : archiving) },
    // The last segment of a receiver is not whole, and named so.
    recovery: { restore_command: `cp ${log}/%f %p || cp ${log}/%f.partial %p` },
    async follow({ port }) {
      if (mode === 'asynchronous') return;
      const address = `host=127.0.0.1 port=${port} user=postgres application_name=archive`;
      await run(path.join(programs, 'pg_receivewal'), ['-d', address, '--slot=archive', '--create-slot', '--if-not-exists']);
      receiver = spawn(path.join(programs, 'pg_receivewal'), ['-d', address, '--slot=archive', '-D', log, '--synchronous', '--no-loop'], { stdio: 'ignore' });
      await until('commits to wait for the archive', () => askServer(port, "select from pg_stat_replication where sync_state = 'sync'").then((rows) => rows.length === 1, () => false));
    },
    async takeBaseBackup({ port }) {
      // Without the log of its own time: that comes from the archive.
      await run(path.join(programs, 'pg_basebackup'), ['-d', `host=127.0.0.1 port=${port} user=postgres`, '-D', base, '--wal-method=none', '--checkpoint=fast']);
    },
    count: async () => (await readdir(log)).filter((name) => SEGMENT.test(name)).length,
    async stop() {
      if (receiver === undefined) return;
      // It ends by itself, since its server is gone.
      if (receiver.exitCode === null && receiver.signalCode === null) await once(receiver, 'exit');
      receiver = undefined;
    },
    restore: async (data) => {
      handToServer(directory);
      await cp(base, data, { recursive: true, preserveTimestamps: true });
      await writeFile(path.join(data, 'recovery.signal'), '');
      execFileSync('chmod', ['700', data]);
    },
    bytes: async () => ({ base: await sizeOf(base), log: await sizeOf(log) }),
    async remove() {
      receiver?.kill('SIGKILL');
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** One statement, on a connection of its own. */
export async function askServer(address: number | string, statement: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: typeof address === 'string' ? address : `postgres://postgres@127.0.0.1:${address}/postgres` });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

async function sizeOf(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(entries.filter((entry) => entry.isFile()).map(async (entry) => (await stat(path.join(entry.parentPath, entry.name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
