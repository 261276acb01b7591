import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createLog } from '#app/telemetry/log.ts';
import { until } from '#app/testing/condition.ts';
import { openTestDatabase } from '#app/testing/database.ts';
import { startTestService } from '#app/testing/service.ts';
import { feature } from './feature.ts';
import { beginAttempt } from './attempts.ts';
import { createAccount, createToken } from './store.ts';
import { takeTurn } from './throttle.ts';
import { linkIn, mailTo, PASSWORD, TestBrowser } from './proofs/test-person.ts';
import { tablesOf } from './tables.ts';

test('an example account has no password: its person sets one by a mail at the mailbox, and signs in', async (t) => {
  const service = await startTestService();
  t.after(() => service.close());
  const mia = { tenantId: 'acme', email: 'mia@acme.example' };
  await service.database.forTenant('acme').transaction().execute((db) => feature.seed?.({ db, people: service.people.of(db, 'acme'), tenantId: 'acme', now: new Date() }) ?? Promise.resolve());
  const browser = new TestBrowser(service.url);
  assert.equal((await browser.signIn(mia)).status, 422);
  await browser.post('/accounts/reset-request', { organisation: mia.tenantId, email: mia.email });
  const link = linkIn(await mailTo(browser, mia.email, 'Set a new password'));
  await browser.post('/accounts/reset', { token: new URL(link, service.url).searchParams.get('token') ?? '', password: PASSWORD });
  assert.equal((await browser.signIn(mia)).status, 303);
  const { status, body } = await browser.json('GET', '/api/v1/accounts');
  assert.equal(status, 200);
  for (const each of ['mia@acme.example', 'carl@acme.example']) assert.ok(JSON.stringify(body).includes(each), each);
});

test('what has expired is removed from time to time, and what follows an answer and fails is in the log', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const database = await openTestDatabase();
  const lines: string[] = [];
  const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  let now = new Date('2026-03-01T08:00:00Z');
  const on = feature.create({ database: database.db, settings: {}, production: false, signInFactors: 1, publicUrl: 'https://stockade.test', log, metrics: new Registry(), countSignIns: () => () => undefined, clock: () => now });
  t.after(() => database.close());
  const account = (await createAccount(database.owner, { tenantId: 'acme', email: 'a@x.test', name: 'A', roles: ['clerk'] }, now)) ?? assert.fail();
  const begin = async () => {
    await beginAttempt(database.owner, { purpose: 'passkey-sign-in', challenge: 'c' }, now);
    await createToken(database.owner, account, new Date(now.getTime() + 1_000));
    await takeTurn(database.db, [{ kind: 'address', address: '192.0.2.1' }], now);
  };
  const count = async () => {
    const { rows } = await sql<{ kept: string }>`select (select count(*) from account_attempt) || ' ' || (select count(*) from account_token) || ' ' || (select count(*) from account_throttle) as kept`.execute(database.owner);
    return rows[0]?.kept;
  };
  await begin();
  t.mock.timers.tick(60_000);
  assert.equal(await count(), '1 1 1', 'nothing has expired');
  now = new Date(now.getTime() + 2 * 86_400_000);
  t.mock.timers.tick(59_999);
  assert.equal(await count(), '1 1 1');
  t.mock.timers.tick(1);
  await until('all of it to be removed', async () => (await count()) === '0 0 0');
  const { db } = database;
  await sql`drop table account_attempt`.execute(database.owner);
  t.mock.timers.tick(60_000);
  await until('the failure to be told', () => lines.some((line) => line.includes('"level":"error"') && line.includes('account_attempt') && line.includes('"msg":"what was to follow an answer failed"')));
  await on.stop?.();
  await begin().catch(() => undefined);
  const told = lines.length;
  t.mock.timers.tick(120_000);
  await sql`select 1`.execute(db);
  assert.equal(lines.length, told, 'after the end nothing is looked for');
});

test('ASVS 6.3.2: on a server’s database nobody has an account who was not given one', async (t) => {
  // Whose kind the setting says; what it serves from is the test's.
  const service = await startTestService({ environment: { DATABASE_URL: 'postgres://service@127.0.0.1:1/none' } });
  t.after(() => service.close());
  assert.deepEqual(await tablesOf(service.database.owner).selectFrom('account').select('email').execute(), []);
});

test('in production without settings there is no way in, no page and no operation; with them there is no mailbox', async (t) => {
  const database = await openTestDatabase();
  t.after(() => database.close());
  const lines: string[] = [];
  const create = (settings: Record<string, string>) => feature.create({ database: database.db, settings, production: true, signInFactors: 1, publicUrl: 'https://stockade.test', log: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }), metrics: new Registry(), countSignIns: () => () => undefined, clock: () => new Date() });
  assert.deepEqual(create({}), { operations: [], pages: [] });
  assert.ok(lines.some((line) => line.includes('local accounts are off: no setting begins with ACCOUNTS_')));
  const on = create({ ACCOUNTS_KEYS: `a:${'k'.repeat(43)}`, ACCOUNTS_SMTP_URL: 'smtps://mail.test', ACCOUNTS_MAIL_FROM: 'us@x.test' });
  t.after(() => on.stop?.());
  assert.deepEqual(on.waysIn, [{ text: 'Passkey or password', path: '/accounts/sign-in' }]);
  assert.ok(!on.publicPages?.some(({ path }) => path.includes('mailbox')));
});
