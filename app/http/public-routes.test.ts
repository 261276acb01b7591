import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { type Action, definePublicForm, type FeatureModule } from '#app/feature.ts';
import { createRateLimits } from '#app/http/rate-limit.ts';
import { expectProblem } from '#app/testing/problem.ts';
import { type SampleService, startSampleService, UNREACHED } from '#app/testing/sample-service.ts';

const html = { accept: 'text/html' };

describe('pages that anybody may open', () => {
  let service: SampleService;
  before(async () => (service = await startSampleService()));
  after(() => service.close());

  test('nobody has to be signed in, and who is, is known', async () => {
    const stranger = await service.send('/door?return_to=%2Fnotes', { headers: html });
    assert.equal(stranger.status, 200);
    assert.match(await stranger.text(), /nobody from 127\.0\.0\.1 to \/notes, kept nothing/);
    assert.match(await (await service.send('/door', { as: 'clerk', headers: html })).text(), /The clerk from/);
  });

  test('CWE-601: another origin is no place to go on to', async () => {
    assert.match(await (await service.send('/door?return_to=https%3A%2F%2Fevil.example', { headers: html })).text(), /to \/, kept/);
  });

  test('a form signs a person in, has the browser keep a value, and tells live streams of sessions that it ended', async () => {
    const response = await service.send('/door', { method: 'POST', form: { password: 'open', return_to: '/notes' } });
    assert.equal(response.status, 303);
    assert.equal(response.headers.get('location'), '/notes');
    assert.deepEqual(response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]), ['sample=known', 'session=account:keeper']);
    assert.deepEqual(service.endedSessions.splice(0), ['acme/account:keeper', 'told']);
    assert.match(await (await service.send('/door', { headers: { ...html, cookie: 'sample=known' } })).text(), /kept known/);
  });

  test('a refusal, and a page as the answer, sign nobody in', async () => {
    const refused = await service.send('/door', { method: 'POST', form: { password: 'no' } });
    assert.deepEqual(refused.headers.getSetCookie(), []);
    await expectProblem(refused, 403, 'door-closed');
    const again = await service.send('/door', { method: 'POST', form: { password: 'page' } });
    assert.equal(again.status, 422);
    assert.match(await again.text(), /Once more/);
    assert.deepEqual(again.headers.getSetCookie(), []);
    assert.equal((await service.send('/door?return_to=gone', { headers: html })).status, 410);
  });

  test('ASVS 2.2.2 and 3.5.1: input is validated as everywhere, and another site’s page can not send the form with a cookie (CWE-352)', async () => {
    await expectProblem(await service.send('/door', { method: 'POST', form: { password: 'open', extra: '1' } }), 400, 'invalid-request');
    await expectProblem(await service.send('/door', { method: 'POST', form: { password: 'open' }, headers: { cookie: 'a=b', origin: 'https://evil.example' } }), 403, 'cross-site-request');
  });

  test('a form of a person may answer with a page that is shown once; under an idempotency key it would be kept, so there it fails', async () => {
    const response = await service.send('/once', { method: 'POST', as: 'clerk', form: { sure: 'yes' } });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.match(await response.text(), /shown once/);
    assert.deepEqual(service.endedSessions.splice(0), ['acme/clerk', 'told']);
    assert.ok(service.sample.notes.has('after'), 'what follows the commit was run');
    assert.equal((await service.send('/once', { method: 'POST', as: 'clerk', form: { sure: 'yes', idempotencyKey: 'k' } })).status, 500);
  });
});

test('a form records a change under its feature’s own actions and for its own people, in the change’s transaction, and nothing else', async (t) => {
  const body = z.strictObject({ action: z.string(), id: z.string(), undo: z.string().optional() });
  const form = definePublicForm({
    path: '/claim',
    body,
    async handle({ body: { action, id, undo }, db, recordChange }) {
      await db.transaction().execute(async (tx) => {
        await recordChange(tx, { action: action as Action, person: { tenantId: 'acme', id, name: 'Keeper' }, details: { change: 'key' } });
        if (undo !== undefined) throw new TypeError('Undone.');
      });
      return { redirect: '/' };
    },
  });
  const feature = { operations: [], pages: [], publicPages: [form] };
  const module: FeatureModule = { title: 'Claims', grants: { 'claims:write': [] }, events: {}, create: () => feature };
  const service = await startSampleService({ features: [{ name: 'claims', directory: import.meta.dirname, module, feature }] });
  t.after(() => service.close());
  const claim = async (fields: Readonly<Record<string, string>>) => (await service.send('/claim', { method: 'POST', form: fields })).status;
  const entries = async () => (await sql<{ tenant: string; action: string; resource: string; details: string; named: boolean }>`select tenant_id as tenant, action, resource, details, exists (select from person where id = actor) as named from audit_entry`.execute(service.db)).rows;
  assert.equal(await claim({ action: 'people:erase', id: 'account:keeper' }), 500, 'another’s action');
  assert.equal(await claim({ action: 'constructor', id: 'account:keeper' }), 500);
  assert.equal(await claim({ action: 'claims:write', id: 'clerk' }), 500, 'the identity provider’s subject');
  assert.equal(await claim({ action: 'claims:write', id: 'account:keeper', undo: 'yes' }), 500);
  assert.deepEqual(await entries(), []);
  assert.equal(await claim({ action: 'claims:write', id: 'account:keeper' }), 303);
  assert.deepEqual(await entries(), [{ tenant: 'acme', action: 'claims:write', resource: '/claim', details: '{"operation":"POST /claim","change":"key"}', named: true }]);
});

test('CWE-307: ways to sign in count as sign-ins, wherever they stand', async (t) => {
  const limits = createRateLimits({ perMinute: { ...UNREACHED, 'sign-in': 2 }, trustedProxies: 0, store: undefined, signInStore: undefined, log: pino({ level: 'silent' }), metrics: new Registry() });
  const service = await startSampleService({ limits });
  t.after(() => service.close());
  const tryDoor = async () => (await service.send('/door', { method: 'POST', form: { password: 'no' } })).status;
  assert.deepEqual([await tryDoor(), await tryDoor(), await tryDoor()], [403, 403, 429]);
  assert.equal((await service.send('/notes', { as: 'clerk', headers: html })).status, 200);
});
