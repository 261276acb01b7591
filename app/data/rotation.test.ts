// The password of the database is rotated while requests are served, and none of them notices.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { Client } from 'pg';
import { pino } from 'pino';
import { parseConfig } from '#app/config.ts';
import type { OpenDatabase } from '#app/data/database.ts';
import { openServerDatabase, type ServerOptions } from '#app/data/server-database.ts';
import { AppError } from '#app/errors.ts';
import { createLog } from '#app/telemetry/log.ts';
import { until } from '#app/testing/condition.ts';
import { freePorts } from '#app/testing/ports.ts';
import { createPostgres, findPostgresPrograms, type PrivatePostgres } from '#app/testing/private-postgres.ts';

const programs = findPostgresPrograms();
const skip = programs === undefined && process.env['CI'] !== 'true' && 'not run: no PostgreSQL server programs found';
const POOL_SIZE = 4;
let postgres: PrivatePostgres | undefined;

before(async () => {
  if (skip !== false) return;
  const [port = 0] = await freePorts(1);
  postgres = await createPostgres(programs ?? '', port, { settings: { fsync: 'off' }, asksPasswords: true });
  await postgres.start();
});
after(() => postgres?.remove());

interface Stage {
  readonly database: OpenDatabase;
  readonly lines: string[];
  readonly addressOf: (user: string, password: string) => string;
  readonly write: (text: string) => void;
  readonly execute: (statement: string) => Promise<void>;
}

/** The service's own pool, whose address comes from a file; logins in pairs, as they are kept for a rotation. */
async function setStage(t: TestContext, options: Partial<ServerOptions> = {}): Promise<Stage> {
  if (postgres === undefined) throw new Error('PostgreSQL was not started');
  const [server, ownerUrl] = [postgres, postgres.url];
  const execute = (statement: string) => server.query(statement);
  const directory = mkdtempSync(path.join(tmpdir(), 'stockade-rotation-'));
  const file = path.join(directory, 'database-url');
  const addressOf = (user: string, password: string) => Object.assign(new URL(ownerUrl), { username: user, password }).href;
  const write = (text: string) => { writeFileSync(file, text, { mode: 0o600 }); };
  for (const user of ['one', 'other']) await execute(`create role ${user} login password 'first'`);
  write(`${addressOf('one', 'first')}\n`);
  const { database: config } = parseConfig({ DATABASE_URL_FILE: file, DATABASE_MIGRATION_URL: ownerUrl, DATABASE_POOL_SIZE: String(POOL_SIZE) });
  assert.ok(config.kind === 'server');
  const lines: string[] = [];
  const database = await openServerDatabase({ ...config, role: 'none', ...options }, { log: createLog({ level: 'trace', destination: { write: (line) => void lines.push(line) } }) });
  t.after(async () => {
    await database.close();
    for (const user of ['one', 'other']) await execute(`drop role ${user}`);
    rmSync(directory, { recursive: true });
  });
  return { database, lines, addressOf, write, execute };
}

interface Backend {
  readonly pid: number;
  readonly login: string;
}

/** On as many connections as there are transactions at once. */
async function backends({ database }: Stage, count: number): Promise<readonly Backend[]> {
  const { promise: allThere, resolve, reject } = Promise.withResolvers<undefined>();
  let there = 0;
  allThere.catch(() => undefined);
  return Promise.all(
    Array.from({ length: count }, () =>
      database.db.transaction().execute(async (tx) => {
        const { rows } = await sql<Backend>`select pg_backend_pid() as pid, session_user::text as login`.execute(tx);
        there += 1;
        if (there === count) resolve(undefined);
        await allThere;
        const [backend] = rows;
        assert.ok(backend);
        return backend;
      }).catch((error: unknown) => {
        // Else those that are there would wait for one that never comes.
        reject(error);
        throw error;
      }),
    ),
  );
}

const canLogIn = async (url: string): Promise<boolean> => {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  return client.connect().then(async () => { await client.end(); return true; }, () => false);
};

test('ASVS 13.3.4: a new password: old connections go on, new ones use it, and what asks between the role’s change and the file’s waits', { skip }, async (t) => {
  const stage = await setStage(t);
  const { addressOf, write, execute } = stage;
  const [first] = await backends(stage, 1);
  const served = { count: 0, isOver: false };
  const requests = (async () => {
    while (!served.isOver) {
      await backends(stage, 1);
      served.count += 1;
    }
  })();
  await execute("alter role one password 'second'");
  assert.equal(await canLogIn(addressOf('one', 'first')), false, 'the server asks for passwords');
  const burst = backends(stage, POOL_SIZE - 1);
  const waiting = await Promise.race([burst.then(() => false), until('requests on the old connection', () => served.count > 5).then(() => true)]);
  assert.ok(waiting, 'new connections wait for the file');
  write(`${addressOf('one', 'second')}\n`);
  const made = await burst;
  served.isOver = true;
  await requests;
  assert.equal(new Set(made.map(({ pid }) => pid)).size, POOL_SIZE - 1);
  const all = await backends(stage, POOL_SIZE);
  assert.ok(all.some(({ pid }) => pid === first?.pid), 'the first connection is still in use');
  assert.ok(!stage.lines.join('').includes('second'));
});

test('ASVS 13.2.1, 13.3.4: another login, both valid for a while: new connections are of the new one, and the old one may then be dropped', { skip }, async (t) => {
  const stage = await setStage(t);
  const { addressOf, write, execute } = stage;
  assert.deepEqual((await backends(stage, 2)).map(({ login }) => login), ['one', 'one']);
  write(addressOf('other', 'first'));
  assert.deepEqual((await backends(stage, POOL_SIZE)).map(({ login }) => login).toSorted(), ['one', 'one', 'other', 'other']);
  await execute("alter role one nologin; select pg_terminate_backend(pid) from pg_stat_activity where usename = 'one'");
  // A connection that was ended fails for whoever gets it first.
  await until('the whole pool to be of the other login', () => backends(stage, POOL_SIZE).then((found) => found.length === POOL_SIZE && found.every(({ login }) => login === 'other'), () => false));
});

test('a login that row-level security does not hold is refused also where it comes by rotation', { skip }, async (t) => {
  const stage = await setStage(t, { leastPrivilege: true });
  await backends(stage, 1);
  await stage.execute('alter role other bypassrls');
  stage.write(stage.addressOf('other', 'first'));
  const askAnother = stage.database.db.transaction().execute(async () => sql`select 1`.execute(stage.database.db));
  await assert.rejects(askAnother, (error) => error instanceof AppError && error.status === 503 && error.cause instanceof AppError && error.cause.message.includes('DATABASE_URL logs in as "other"'));
  assert.deepEqual((await backends(stage, 1)).map(({ login }) => login), ['one']);
  await stage.execute('alter role other nobypassrls');
  assert.deepEqual((await backends(stage, 2)).map(({ login }) => login).toSorted(), ['one', 'other']);
});

test('the connection that listens comes back with the new login', { skip }, async (t) => {
  const stage = await setStage(t);
  const { database, addressOf, write, execute } = stage;
  const heard: string[] = [];
  await database.listen('stock', (payload) => { heard.push(payload); });
  write(addressOf('other', 'first'));
  await execute("alter role one nologin; select pg_terminate_backend(pid) from pg_stat_activity where usename = 'one'");
  await until('it to listen again', () => heard.includes(''));
  await execute("notify stock, 'news'");
  await until('the news', () => heard.includes('news'));
});

test('a file of no use leaves the last good login in force, and the log says so without a value; a password that stays wrong is a 503', { skip }, async (t) => {
  const stage = await setStage(t);
  const { database, lines, addressOf, write, execute } = stage;
  for (const text of ['', 'canary', 'mysql://canary@127.0.0.1/x']) {
    write(text);
    assert.equal((await backends(stage, POOL_SIZE)).length, POOL_SIZE);
    await execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'one'");
    await until('the pool to be empty', () => lines.filter((line) => line.includes('an idle database connection was lost')).length % POOL_SIZE === 0);
  }
  assert.ok(lines.some((line) => line.includes('DATABASE_URL_FILE is empty')));
  assert.ok(lines.some((line) => line.includes('DATABASE_URL_FILE holds no value of the right form')));
  assert.ok(!lines.join('').includes('canary'));
  write(addressOf('one', 'wrong'));
  await assert.rejects(sql`select 1`.execute(database.db), { status: 503, code: 'database-unavailable' });
});

test('an address that was given as it is stays as it is', { skip }, async () => {
  if (postgres === undefined) return;
  const database = await openServerDatabase({ url: postgres.url, poolSize: 1, role: 'none', migrationUrl: postgres.url }, { log: pino({ level: 'silent' }) });
  try {
    assert.deepEqual((await sql`select session_user::text as login`.execute(database.db)).rows, [{ login: 'postgres' }]);
  } finally {
    await database.close();
  }
});
