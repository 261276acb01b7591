// The service as a process of its own, on free ports and a database of its own: for proofs that look at it from outside.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, escapeIdentifier } from 'pg';
import { settings } from '#app/config.ts';
import { freePorts } from '#app/testing/ports.ts';
import { type ProcessEnvironment, startMain, type StartedProcess, UNLIMITED } from '#app/testing/process.ts';

export interface ServiceProcess {
  readonly process: StartedProcess;
  readonly origin: string;
  readonly port: number;
  readonly issuer: string;
  readonly audience: string;
  /** Undefined where the database is embedded. */
  readonly databaseUrl: string | undefined;
  readonly engine: 'PostgreSQL' | 'PGlite';
  close(): Promise<void>;
}

/** Longer than the service gives itself. */
const LONGEST_STOP_MS = 60_000;
const READY = /Stop with Ctrl\+C/;

/** `name` marks the database and the folder. `serverUrl` is a PostgreSQL server's; without it the embedded one serves. */
export async function startServiceProcess(name: string, serverUrl: string | undefined, environment: ProcessEnvironment = {}): Promise<ServiceProcess> {
  const directory = await mkdtemp(path.join(tmpdir(), `stockade-${name}-`));
  const database = `stockade_${name.replaceAll('-', '_')}_${process.pid}`;
  const databaseUrl = serverUrl === undefined ? undefined : Object.assign(new URL(serverUrl), { pathname: `/${database}` }).href;
  if (serverUrl !== undefined) await administer(serverUrl, `create database ${escapeIdentifier(database)}`);
  const [port = 0, providerPort, adminPort] = await freePorts(3);
  const started = startMain({ PORT: String(port), PROVIDER_PORT: String(providerPort), ADMIN_PORT: String(adminPort), DATA_DIRECTORY: directory, DATABASE_URL: databaseUrl, LOG_LEVEL: 'error', ...UNLIMITED, ...environment });
  await started.sees(READY);
  const origin = `http://127.0.0.1:${port}`;
  return {
    process: started,
    origin,
    port,
    issuer: `http://127.0.0.1:${String(providerPort)}`,
    audience: `${origin}/api`,
    databaseUrl,
    engine: serverUrl === undefined ? 'PGlite' : 'PostgreSQL',
    async close() {
      started.child.kill('SIGTERM');
      // One whose event loop stands still hears no signal but this.
      const stuck = setTimeout(() => started.child.kill('SIGKILL'), LONGEST_STOP_MS);
      await started.ended();
      clearTimeout(stuck);
      if (serverUrl !== undefined) await administer(serverUrl, `drop database if exists ${escapeIdentifier(database)} with (force)`);
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** For what is after the things behind the limits, from one address: every rate as high as it may be, and no busy machine judged. */
export function raisedLimits(): ProcessEnvironment {
  const rates = Object.keys(settings).filter((setting) => setting.startsWith('RATE_LIMIT_'));
  return { LOOP_LAG_LIMIT_MS: '60000', ...Object.fromEntries(rates.map((setting) => [setting, '1000000'])) };
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
