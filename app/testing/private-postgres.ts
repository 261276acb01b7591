// A PostgreSQL server of a proof's own, to be stopped, killed and frozen; Debian's and PATH's programs are found.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import type { Certificate } from '#app/testing/certificate.ts';
import { until } from '#app/testing/condition.ts';

export interface PrivatePostgres {
  readonly url: string;
  readonly port: number;
  start(): Promise<void>;
  /** As `kill -9` of the postmaster: its backends go with it, and the next start recovers. */
  kill(): Promise<void>;
  /** Freezes every process of the server: connections stay open and nothing answers. */
  freeze(frozen: boolean): void;
  query(statement: string): Promise<void>;
  /** Stops it, and removes its data. */
  remove(): Promise<void>;
}

const NOBODY = 65_534;

/** The folder that has them all: on the PATH, or Debian's of the newest version. */
export function findPostgresPrograms(names: readonly string[] = ['initdb']): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), ...globSync('/usr/lib/postgresql/*/bin').sort((one, other) => other.localeCompare(one, 'en', { numeric: true }))];
  return folders.find((folder) => names.every((name) => existsSync(path.join(folder, name))));
}

export interface PostgresOptions {
  /** Given as `-c name=value`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Offers TLS with it, and demands it of nobody. */
  readonly certificate?: Certificate;
  /** Asks every login but the superuser's for its password. */
  readonly asksPasswords?: boolean;
  /** But these, or with `+` before it the members of a role: something before the server has looked at them. */
  readonly trusts?: string;
  /** Fills the data directory, in place of an empty one's preparation. */
  readonly restore?: (data: string) => Promise<void>;
}

/** Listens on the loopback address alone. */
export async function createPostgres(programs: string, port: number, { settings = {}, certificate, asksPasswords = false, trusts, restore }: PostgresOptions = {}): Promise<PrivatePostgres> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-postgres-'));
  const data = path.join(directory, 'data');
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  // It refuses to run as root.
  const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if (restore === undefined) {
    handToServer(directory);
    execFileSync(path.join(programs, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C'], { ...identity, cwd: directory, stdio: 'ignore' });
    if (asksPasswords) await writeFile(path.join(data, 'pg_hba.conf'), `host all postgres${trusts === undefined ? '' : `,${trusts}`} 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n`);
  } else {
    await restore(data);
    handToServer(directory);
  }
  const tls = certificate === undefined ? {} : await keep(certificate, data, identity.uid);
  const options = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...tls, ...settings };
  const parameters = ['-D', data, '-p', String(port), ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  let server: ChildProcess | undefined;

  const end = async (signal: NodeJS.Signals) => {
    if (server === undefined) return;
    const ended = once(server, 'exit');
    server.kill(signal);
    await ended;
    server = undefined;
  };
  const query = async (statement: string) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  return {
    url,
    port,
    query,
    async start() {
      server = spawn(path.join(programs, 'postgres'), parameters, { ...identity, cwd: directory, stdio: 'ignore' });
      await until('PostgreSQL to answer', () => query('select 1').then(() => true, () => false), 30_000);
    },
    kill: () => end('SIGKILL'),
    freeze(frozen) {
      const { pid } = server ?? {};
      if (pid === undefined) return;
      // The backends are its children, and no process group of their own.
      for (const one of [pid, ...childrenOf(pid)]) process.kill(one, frozen ? 'SIGSTOP' : 'SIGCONT');
    },
    async remove() {
      await end('SIGINT');
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** All that is in it, where the server runs as another than this process. */
export function handToServer(directory: string): void {
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, directory]);
}

/** As the server wants it: in its own hands, the key readable by nobody else. */
async function keep({ key, cert }: Certificate, data: string, owner: number | undefined): Promise<Readonly<Record<string, string>>> {
  for (const [name, content] of [['server.key', key], ['server.crt', cert]] as const) {
    await writeFile(path.join(data, name), content, { mode: 0o600 });
    if (owner !== undefined) await chown(path.join(data, name), owner, owner);
  }
  return { ssl: 'on' };
}

function childrenOf(pid: number): readonly number[] {
  return execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' }).split('\n').filter((line) => line.trim() !== '').map(Number);
}
