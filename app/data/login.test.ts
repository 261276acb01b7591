import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { createLogin } from '#app/data/login.ts';
import { openServerDatabase } from '#app/data/server-database.ts';
import { testDatabases } from '#app/testing/database.ts';
import { type RdsOptions, startRdsFront } from '#app/testing/rds-front.ts';

const log = pino({ level: 'silent' });
const REGION = 'eu-central-1';
const [ID, SECRET] = ['AKIDEXAMPLE', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'];

/** As ECS gives them to a task, through the SDK's own chain. */
function signWith(t: TestContext, id: string, secret: string): void {
  const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const;
  const earlier = names.map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: 'session/token==' });
  t.after(() => {
    for (const [name, value] of earlier) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  });
}

for (const engine of testDatabases().filter(({ name }) => name === 'PostgreSQL')) {
  const open = async (t: TestContext, options: Partial<RdsOptions> = {}) => {
    const behind = await engine.open([]);
    t.after(() => behind.close());
    const { port, username, pathname } = new URL(behind.url ?? '');
    const front = await startRdsFront({ upstreamPort: Number(port), region: REGION, secretOf: (id) => (id === ID ? SECRET : undefined), clock: () => new Date(), ...options });
    t.after(() => { front.close(); });
    const url = `postgres://${username}@127.0.0.1:${front.port}${pathname}`;
    const database = openServerDatabase({ url, iamRegion: REGION, poolSize: 3, role: 'none', migrationUrl: url }, { log });
    return { front, database };
  };

  test('PostgreSQL behind AWS IAM: ASVS 13.2.1: each connection shows a token that was signed for its host and user', async (t) => {
    signWith(t, ID, SECRET);
    const { front, database: opening } = await open(t);
    const database = await opening;
    t.after(() => database.close());
    await Promise.all(Array.from({ length: 3 }, () => database.db.transaction().execute(async (tx) => sql`select pg_sleep(0.05)`.execute(tx))));
    await database.maintain?.(async (db) => { await sql`select 1`.execute(db); });
    await database.listen('stock', () => undefined);
    assert.deepEqual(front.shown.map(({ refusal }) => refusal), ['', '', '', '', '', ''], 'of the check, the pool, the owner and the listener');
    for (const { token } of front.shown) assert.match(token, /X-Amz-Expires=900/);
  });

  for (const [what, refusal, key, options] of [
    ['another secret', 'another signature', [ID, 'another'], {}],
    ['a key of nobody known', 'another key', ['AKIDOTHER', SECRET], {}],
    ['another region', 'another scope', [ID, SECRET], { region: 'us-east-1' }],
    ['16 minutes ago', 'expired', [ID, SECRET], { clock: () => new Date(Date.now() + 16 * 60_000) }],
  ] as const) {
    test(`PostgreSQL behind AWS IAM: a token of ${what} is refused, and the message does not show it`, async (t) => {
      signWith(t, key[0], key[1]);
      const { front, database } = await open(t, options);
      await assert.rejects(database, (error) => error instanceof Error && error.message.includes('PAM authentication failed') && !error.message.includes('X-Amz'));
      assert.deepEqual(front.shown.map((each) => each.refusal), [refusal]);
    });
  }
}

test('an address is taken apart: its port, a user with signs, and the one of a file that changed', async (t) => {
  signWith(t, ID, SECRET);
  let url = 'postgres://a%40b@db.example.com/stock';
  const login = await createLogin({ url, currentUrl: () => url, iamRegion: REGION }, log);
  const tokenOf = async () => {
    const { password } = login();
    return typeof password === 'function' ? password() : undefined;
  };
  const { host, port, user, database, connectionString } = login();
  assert.deepEqual([host, port, user, database, connectionString], ['db.example.com', 5_432, 'a@b', 'stock', undefined]);
  assert.match((await tokenOf()) ?? '', /^db\.example\.com:5432\/\?Action=connect&DBUser=a%40b&/);
  url = 'postgres://other@db.example.com:6432/stock';
  assert.equal(login().port, 6_432);
  assert.match((await tokenOf()) ?? '', /^db\.example\.com:6432\/\?Action=connect&DBUser=other&/);
});

test('without a region an address serves as it is, the newest one', async () => {
  let url = 'postgres://one@db/stock';
  const login = await createLogin({ url, currentUrl: () => url }, log);
  assert.deepEqual(login(), { connectionString: url });
  url = 'postgres://other@db/stock';
  assert.deepEqual(login(), { connectionString: url });
});
