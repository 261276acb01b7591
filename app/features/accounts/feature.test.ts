import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { openTestDatabase } from '#app/testing/database.ts';
import { startTestService } from '#app/testing/service.ts';
import { feature } from './feature.ts';
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
  assert.equal((await browser.json('GET', '/api/v1/accounts')).status, 200);
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
  const create = (settings: Record<string, string>) => feature.create({ database: database.db, settings, production: true, signInFactors: 1, publicUrl: 'https://stockade.test', log: pino({ level: 'silent' }), metrics: new Registry(), clock: () => new Date() });
  assert.deepEqual(create({}), { operations: [], pages: [] });
  const on = create({ ACCOUNTS_KEYS: `a:${'k'.repeat(43)}`, ACCOUNTS_SMTP_URL: 'smtps://mail.test', ACCOUNTS_MAIL_FROM: 'us@x.test' });
  t.after(() => on.stop?.());
  assert.equal(on.waysIn?.length, 1);
  assert.ok(!on.publicPages?.some(({ path }) => path.includes('mailbox')));
});
