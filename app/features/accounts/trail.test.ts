// What the audit trail has of accounts: who changed which credential or right, without the credential.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestService } from '#app/testing/service.ts';
import { createPerson, PASSWORD, TestBrowser } from './proofs/test-person.ts';

interface Entry {
  readonly actorName: string | null;
  readonly action: string;
  readonly resource: string;
  readonly details: Readonly<Record<string, unknown>>;
}

test('who changes a credential, an account or a role stands in the trail, with what was done and to whom, and no secret', async (t) => {
  const service = await startTestService({ environment: { TRUSTED_PROXIES: '1' } });
  t.after(() => service.close());
  const [boss, clerk] = [await createPerson(service, 'boss', { role: 'manager' }), await createPerson(service, 'clerk')];
  const [manager, person] = [new TestBrowser(service.url), new TestBrowser(service.url)];
  assert.deepEqual([(await manager.signIn(boss)).status, (await person.signIn(clerk)).status], [303, 303]);
  assert.equal((await person.post('/account/security/password', { current: PASSWORD, password: 'seven quiet violins at dawn' })).location, '/account/security?done=password');
  const made = (await manager.json('POST', '/api/v1/accounts', { email: 'new@acme.test', name: 'New Person', roles: ['clerk'] })).body as { readonly id: string };
  assert.equal((await manager.json('PATCH', `/api/v1/accounts/${clerk.id}`, { roles: ['manager'] }, { 'if-match': '"1"' })).status, 200);
  assert.equal((await manager.json('DELETE', `/api/v1/accounts/${clerk.id}/factors`)).status, 204);

  const auditor = await service.as('auditor');
  const { entries } = (await (await auditor.fetch('/api/v1/audit-entries?limit=100', { headers: { accept: 'application/json' } })).json()) as { readonly entries: readonly Entry[] };
  const changes = entries.filter(({ action }) => /^(?:accounts|credentials):/.test(action)).map(({ actorName, action, resource, details }) => ({ actorName, action, resource, ...details }));
  const [byBoss, account] = [{ actorName: boss.name, action: 'accounts:administer', credential: 'session' }, `/api/v1/accounts/${clerk.id}`];
  assert.deepEqual(changes, [
    { ...byBoss, operation: 'removeFactors', resource: `${account}/factors` },
    { ...byBoss, operation: 'changeAccount', resource: account, roles: ['manager'], disabled: false },
    { ...byBoss, operation: 'createAccount', resource: `/api/v1/accounts/${made.id}`, roles: ['clerk'] },
    { actorName: clerk.name, action: 'credentials:change', credential: 'session', operation: 'POST /account/security/password', resource: '/account/security/password' },
  ]);
  for (const secret of [PASSWORD, 'violins', 'acme.test', 'New Person']) assert.ok(!JSON.stringify(entries).includes(secret), secret);
});
