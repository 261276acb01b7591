// `npm run probe -- rotation`: the database's password and login are rotated again and again while a service answers requests
// from ever more clients, so that each rotation meets new connections. No request may fail.
//   --rounds 6   --json
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { obtainToken } from '#app/identity/token.ts';
import { until } from '#app/testing/condition.ts';
import { freePorts } from '#app/testing/ports.ts';
import { createPostgres, findPostgresPrograms, type PrivatePostgres } from '#app/testing/private-postgres.ts';
import { startMain, startProgram, UNLIMITED } from '#app/testing/process.ts';
import { exitCodeOfNotRun, formatRows } from '#app/testing/report.ts';

/** Any route that asks the database. */
const PATH = '/api/v1/sessions';
const CLIENTS_EACH_ROUND = 4;
/** Between the role's change and the file's: what an operator's script takes. */
const GAP_MS = 500;
const ENOUGH_REQUESTS = 40;

interface Load {
  readonly statuses: Map<number, number>;
  slowestMs: number;
  isOver: boolean;
}

async function ask(url: string, token: string, load: Load): Promise<void> {
  while (!load.isOver) {
    const from = performance.now();
    const status = await fetch(url, { headers: { authorization: `Bearer ${token}` } }).then(async (response) => {
      await response.body?.cancel();
      return response.status;
    }, () => 0);
    load.statuses.set(status, (load.statuses.get(status) ?? 0) + 1);
    load.slowestMs = Math.max(load.slowestMs, performance.now() - from);
  }
}

const sum = (load: Load): number => [...load.statuses.values()].reduce((total, count) => total + count, 0);
const more = async (load: Load): Promise<void> => {
  const from = sum(load);
  await until(`${ENOUGH_REQUESTS} more requests`, () => sum(load) >= from + ENOUGH_REQUESTS, 60_000);
};

/** Rounds take turns: a new password for the login in use, and the other login. */
async function rotate(round: number, { execute, write }: Stage, startClients: () => void, load: Load): Promise<string> {
  const [user, password] = [LOGINS[Math.floor(round / 2) % LOGINS.length] ?? '', `round-${round}`];
  await execute(`alter role ${user} login password '${password}'`);
  startClients();
  await wait(GAP_MS);
  // Before it is written: who waits for it connects at once, and the pool may need no other afterwards.
  const since = new Date();
  await write(user, password);
  await until('a connection with the new password', () => execute(`select 1 from pg_stat_activity where usename = '${user}' and backend_start > '${since.toISOString()}'`).then((rows) => rows > 0), 60_000);
  await more(load);
  for (const other of LOGINS) if (other !== user) await execute(`alter role ${other} nologin`);
  await more(load);
  return user;
}

const LOGINS = ['service_one', 'service_two'] as const;

interface Stage {
  readonly execute: (statement: string) => Promise<number>;
  readonly write: (user: string, password: string) => Promise<void>;
}

async function run(postgres: PrivatePostgres, directory: string, rounds: number) {
  const owner = new Client({ connectionString: postgres.url });
  await owner.connect();
  const file = path.join(directory, 'database-url');
  const stage: Stage = {
    execute: async (statement) => (await owner.query(statement)).rowCount ?? 0,
    write: (user, password) => writeFile(file, `${Object.assign(new URL(postgres.url), { username: user, password }).href}\n`, { mode: 0o600 }),
  };
  const migration = startProgram('app/migrate.command.ts', [], { DATABASE_MIGRATION_URL: postgres.url });
  if ((await migration.ended()) !== 0) throw new Error(migration.stderr());
  for (const login of LOGINS) await stage.execute(`create role ${login} login noinherit password 'first' in role app_platform, app_tenant`);
  await stage.write(LOGINS[0], 'first');
  const [port = 0, providerPort = 0, adminPort = 0] = await freePorts(3);
  const service = startMain({ PORT: String(port), PROVIDER_PORT: String(providerPort), ADMIN_PORT: String(adminPort), DATA_DIRECTORY: directory, DATABASE_URL_FILE: file, DATABASE_MIGRATION_URL: postgres.url, DATABASE_POOL_SIZE: '60', LOG_LEVEL: 'warn', LOOP_LAG_LIMIT_MS: '60000', ...UNLIMITED });
  const load: Load = { statuses: new Map(), slowestMs: 0, isOver: false };
  const clients: Promise<void>[] = [];
  try {
    await service.sees(/Stop with Ctrl\+C/);
    const origin = `http://127.0.0.1:${port}`;
    const token = await obtainToken({ issuer: `http://127.0.0.1:${providerPort}`, audience: `${origin}/api`, user: 'manager' });
    const startClients = () => { for (let count = 0; count < CLIENTS_EACH_ROUND; count += 1) clients.push(ask(origin + PATH, token, load)); };
    startClients();
    await more(load);
    const rows = [['round', 'login', 'requests', 'not 200', 'slowest ms']];
    for (let round = 0; round < rounds; round += 1) {
      load.slowestMs = 0;
      const [before, good] = [sum(load), load.statuses.get(200) ?? 0];
      const user = await rotate(round, stage, startClients, load);
      const requests = sum(load) - before;
      rows.push([String(round + 1), user, String(requests), String(requests - ((load.statuses.get(200) ?? 0) - good)), load.slowestMs.toFixed(0)]);
      process.stderr.write(`round ${round + 1} of ${rounds}\n`);
    }
    return { rows, requests: sum(load), failed: sum(load) - (load.statuses.get(200) ?? 0), statuses: Object.fromEntries(load.statuses) };
  } finally {
    load.isOver = true;
    await Promise.all(clients);
    service.child.kill('SIGTERM');
    await service.ended();
    await owner.end();
  }
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '6' }, json: { type: 'boolean', default: false } } });
const rounds = Number(values.rounds);
if (!Number.isSafeInteger(rounds) || rounds < 1 || rounds > 12) {
  console.error('usage: npm run probe -- rotation [--rounds 6] [--json]');
  process.exit(2);
}
const programs = findPostgresPrograms();
if (programs === undefined) {
  console.log('rotation: not run, no PostgreSQL server programs found');
  process.exit(exitCodeOfNotRun(process.env['CI'] === 'true'));
}
const directory = await mkdtemp(path.join(tmpdir(), 'stockade-rotation-'));
const [databasePort = 0] = await freePorts(1);
const postgres = await createPostgres(programs, databasePort, { settings: { fsync: 'off' }, asksPasswords: true });
try {
  await postgres.start();
  const { rows, ...result } = await run(postgres, directory, rounds);
  if (values.json) console.log(JSON.stringify(result));
  else console.log(`${formatRows(rows)}\n${result.failed === 0 ? '✔' : '✖'} ${rounds} rotations, ${result.requests} requests, ${result.failed} failed`);
  if (result.failed > 0) process.exitCode = 1;
} finally {
  await postgres.remove();
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}
