// What the audit trail has of accounts: who changed which credential or right, without the credential.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { inTransaction } from '#app/data/transaction.ts';
import { startTestService, type TestService } from '#app/testing/service.ts';
import { createPerson, fieldIn, linkIn, mailTo, PASSWORD, TestBrowser, testKeys } from './proofs/test-person.ts';
import { replaceCodes } from './recovery-codes.ts';
import { type Account, readAccount, setTotpSecret } from './store.ts';

interface Entry {
  readonly actor: string | null;
  readonly actorName: string | null;
  readonly action: string;
  readonly resource: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const NEW_PASSWORD = 'seven quiet violins at dawn';

async function readTrail(service: TestService): Promise<readonly Entry[]> {
  const auditor = await service.as('auditor');
  const { entries } = (await (await auditor.fetch('/api/v1/audit-entries?limit=100', { headers: { accept: 'application/json' } })).json()) as { readonly entries: readonly Entry[] };
  return entries.filter(({ action }) => /^(?:accounts|credentials):/.test(action));
}

test('who changes a credential, an account or a role stands in the trail, with what was done and to whom, and no secret', async (t) => {
  const service = await startTestService({ environment: { TRUSTED_PROXIES: '1' } });
  t.after(() => service.close());
  const [boss, clerk] = [await createPerson(service, 'boss', { role: 'manager' }), await createPerson(service, 'clerk')];
  const [manager, person] = [new TestBrowser(service.url), new TestBrowser(service.url)];
  assert.deepEqual([(await manager.signIn(boss)).status, (await person.signIn(clerk)).status], [303, 303]);
  assert.equal((await person.post('/account/security/password', { current: 'not the one that I have', password: NEW_PASSWORD })).location, '/account/security?problem=wrong-password');
  assert.equal((await person.post('/account/security/password', { current: PASSWORD, password: NEW_PASSWORD })).location, '/account/security?done=password');
  const made = (await manager.json('POST', '/api/v1/accounts', { email: 'new@acme.test', name: 'New Person', roles: ['clerk'] })).body as { readonly id: string };
  assert.equal((await manager.json('PATCH', `/api/v1/accounts/${clerk.id}`, { roles: ['manager'] }, { 'if-match': '"1"' })).status, 200);
  assert.equal((await manager.json('DELETE', `/api/v1/accounts/${clerk.id}/factors`)).status, 204);

  const entries = await readTrail(service);
  const changes = entries.map(({ actorName, action, resource, details }) => ({ actorName, action, resource, ...details }));
  const [byBoss, account] = [{ actorName: boss.name, action: 'accounts:administer', credential: 'session' }, `/api/v1/accounts/${clerk.id}`];
  assert.deepEqual(changes, [
    { ...byBoss, operation: 'removeFactors', change: 'factors-reset', resource: `${account}/factors` },
    { ...byBoss, operation: 'changeAccount', resource: account, roles: ['manager'], disabled: false },
    { ...byBoss, operation: 'createAccount', resource: `/api/v1/accounts/${made.id}`, roles: ['clerk'] },
    { actorName: clerk.name, action: 'credentials:change', credential: 'session', operation: 'POST /account/security/password', change: 'password', resource: '/account/security/password' },
    { actorName: clerk.name, action: 'credentials:change', credential: 'session', operation: 'POST /account/security/password', resource: '/account/security/password' },
  ], 'the first try changed nothing, and says so');
  for (const secret of [PASSWORD, 'violins', 'acme.test', 'New Person']) assert.ok(!JSON.stringify(entries).includes(secret), secret);
});

async function askForToken(service: TestService, account: Account): Promise<string> {
  const browser = new TestBrowser(service.url);
  await browser.post('/accounts/reset-request', { organisation: account.tenantId, email: account.email });
  return new URL(linkIn(await mailTo(browser, account.email, 'Set a new password')), service.url).searchParams.get('token') ?? '';
}

test('a password that is set by a mailed link stands in the trail as the person’s, and not where the change is undone', async (t) => {
  const service = await startTestService({ environment: { TRUSTED_PROXIES: '1' } });
  t.after(() => service.close());
  const account = await createPerson(service, 'forgetful');
  const [token, browser] = [await askForToken(service, account), new TestBrowser(service.url)];
  const set = () => browser.post('/accounts/reset', { token, password: NEW_PASSWORD });
  assert.equal((await browser.post('/accounts/reset', { token, password: 'short' })).status, 422);
  // The last that the transaction does is to write the mail.
  await sql`alter table account_mail add constraint full_up check (false) not valid`.execute(service.database.owner);
  assert.equal((await set()).status, 500);
  assert.equal((await readAccount(service.database.owner, account))?.passwordHash, account.passwordHash);
  assert.deepEqual(await readTrail(service), [], 'undone with the change');
  await sql`alter table account_mail drop constraint full_up`.execute(service.database.owner);
  assert.equal((await set()).location, '/accounts/sign-in?done=reset');
  assert.equal((await set()).status, 410);
  const [entry, ...others] = await readTrail(service);
  assert.deepEqual(others, [], 'once');
  assert.deepEqual([entry?.actorName, entry?.action, entry?.resource, entry?.details], [account.name, 'credentials:change', '/accounts/reset', { operation: 'POST /accounts/reset', change: 'password', by: 'mailed-link' }]);
  await browser.signIn(account, NEW_PASSWORD);
  const { rows } = await sql<{ actor: string; action: string }>`select actor, action from audit_entry where actor = ${entry?.actor}::uuid order by sequence`.execute(service.database.owner);
  assert.deepEqual(rows.map(({ action }) => action), ['credentials:change', 'sessions:begin'], 'the same person as the one who signs in');
  assert.ok(!JSON.stringify(entry).includes(token));
});

test('a recovery code that is used up stands in the trail, and one that is wrong does not', async (t) => {
  const service = await startTestService({ environment: { TRUSTED_PROXIES: '1' } });
  t.after(() => service.close());
  const account = await createPerson(service, 'locked-out');
  await setTotpSecret(service.database.owner, account, testKeys.seal('JBSWY3DPEHPK3PXP', `authenticator ${account.id}`));
  const [code = ''] = await inTransaction(service.database.owner, (tx) => replaceCodes(tx, account));
  const browser = new TestBrowser(service.url);
  const attempt = fieldIn((await browser.signIn(account)).text, 'attempt');
  assert.equal((await browser.post('/accounts/sign-in/code', { attempt, code: 'abcd-efgh-jkmn-pqrs-tvwx-yz01' })).status, 422);
  assert.deepEqual(await readTrail(service), []);
  assert.equal((await browser.post('/accounts/sign-in/code', { attempt, code })).status, 303);
  const entries = await readTrail(service);
  assert.deepEqual(entries.map(({ actorName, action, details }) => ({ actorName, action, details })), [{ actorName: account.name, action: 'credentials:change', details: { operation: 'POST /accounts/sign-in/code', change: 'recovery-code-used', by: 'recovery-code' } }]);
  assert.ok(!JSON.stringify(entries).includes(code));
});
