import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createRateLimits, type LimitsPerMinute } from '#app/http/rate-limit.ts';
import { openSharedStore, type SharedStore } from '#app/http/shared-store.ts';
import { until } from '#app/testing/condition.ts';
import { expectProblem } from '#app/testing/problem.ts';
import { createRedis, findRedis } from '#app/testing/redis.ts';
import { startSampleService, UNREACHED } from '#app/testing/sample-service.ts';

const log = pino({ level: 'silent' });
const redis = findRedis();
const withoutRedis = redis === undefined && 'not run: neither valkey-server nor redis-server is on the PATH';

async function startLimited(t: TestContext, perMinute: Partial<LimitsPerMinute>, { store, signInStore, trustedProxies = 0, metrics = new Registry() }: { readonly store?: SharedStore; readonly signInStore?: SharedStore; readonly trustedProxies?: number; readonly metrics?: Registry } = {}) {
  const service = await startSampleService({ limits: createRateLimits({ perMinute: { ...UNREACHED, ...perMinute }, trustedProxies, store, signInStore, log, metrics }) });
  t.after(() => service.close());
  return service;
}

test('ASVS 2.4.1 (CWE-770): a subject that asks too often gets 429 and Retry-After, and others are served', async (t) => {
  const metrics = new Registry();
  const service = await startLimited(t, { read: 3 }, { metrics });
  const left: (string | null)[] = [];
  for (let count = 0; count < 3; count += 1) {
    const response = await service.send('/api/v1/notes', { as: 'viewer' });
    assert.equal(response.status, 200);
    assert.match(response.headers.get('ratelimit-policy') ?? '', /"address";q=1000000;w=60, "read";q=3;w=60$/);
    left.push(/"read";r=(\d+);t=(?:60|[1-5]?\d)$/.exec(response.headers.get('ratelimit') ?? '')?.[1] ?? null);
  }
  assert.deepEqual(left, ['2', '1', '0']);
  const refused = await service.send('/api/v1/notes', { as: 'viewer' });
  assert.ok(Number(refused.headers.get('retry-after')) >= 1 && Number(refused.headers.get('retry-after')) <= 60);
  await expectProblem(refused, 429, 'too-many-requests');
  assert.equal((await service.send('/api/v1/notes', { as: 'clerk' })).status, 200, 'another subject');
  assert.equal((await service.send('/api/v1/notes', { as: 'globex-clerk' })).status, 200, 'another tenant');
  assert.match(await metrics.metrics(), /^stockade_rate_limit_refusals_total\{limit="read"\} 1$/m);
});

test('reading and changing are counted apart', async (t) => {
  const service = await startLimited(t, { change: 1 });
  const create = (id: string) => service.send('/api/v1/notes', { method: 'POST', as: 'clerk', json: { id, text: 'x' } });
  assert.equal((await create('one')).status, 201);
  await expectProblem(await create('two'), 429, 'too-many-requests');
  assert.equal(service.sample.notes.has('two'), false);
  assert.equal((await service.send('/api/v1/notes', { as: 'clerk' })).status, 200);
});

test('ASVS 2.4.1: an address that asks too often is refused before anybody is authenticated, whatever its token', async (t) => {
  const service = await startLimited(t, { address: 2 });
  for (const as of ['forged', 'clerk']) await service.send('/api/v1/notes', { as });
  for (const as of ['forged', 'clerk', undefined]) await expectProblem(await service.send('/api/v1/notes', as === undefined ? {} : { as }), 429, 'too-many-requests');
});

test('ASVS 8.2.4: sign-in is counted by address, and apart', async (t) => {
  const service = await startLimited(t, { 'sign-in': 2 });
  for (const path of ['/auth/sign-in', '/auth/callback?code=x']) assert.notEqual((await service.send(path)).status, 429);
  await expectProblem(await service.send('/auth/callback?code=y', { headers: { accept: 'application/json' } }), 429, 'too-many-requests');
  assert.equal((await service.send('/docs')).status, 200);
});

test('ASVS 4.1.3: the address is the one before the trusted proxies, and no header moves it where none is trusted', async (t) => {
  const behindOne = await startLimited(t, { address: 1 }, { trustedProxies: 1 });
  const from = (service: Awaited<ReturnType<typeof startLimited>>, address: string) => service.send('/docs', { headers: { 'x-forwarded-for': address } });
  assert.equal((await from(behindOne, '192.0.2.1')).status, 200);
  assert.equal((await from(behindOne, '192.0.2.2')).status, 200);
  assert.equal((await from(behindOne, '198.51.100.7, 192.0.2.2')).status, 429);
  const direct = await startLimited(t, { address: 1 });
  assert.equal((await from(direct, '192.0.2.1')).status, 200);
  assert.equal((await from(direct, '192.0.2.2')).status, 429);
});

test('a WebSocket counts by address and by subject', async () => {
  const limits = createRateLimits({ perMinute: { ...UNREACHED, stream: 1, address: 1 }, trustedProxies: 0, store: undefined, signInStore: undefined, log, metrics: new Registry() });
  const subject = { tenantId: 'acme', id: 'clerk', name: 'Cleo', roles: ['clerk'], credential: { kind: 'bearer', expiresAt: new Date(0) } } as const;
  const request = { headers: {}, socket: { remoteAddress: '192.0.2.1' } } as unknown as Parameters<typeof limits.refuseAddress>[0];
  assert.deepEqual([await limits.refuseAddress(request), await limits.refuseStream(subject)], [undefined, undefined]);
  assert.equal((await limits.refuseAddress(request))?.status, 429);
  assert.equal((await limits.refuseStream(subject))?.status, 429);
});

test('two processes with one store share a limit; without the store each counts for itself, and says so', { skip: withoutRedis }, async (t) => {
  const server = await createRedis(redis ?? '');
  await server.start();
  t.after(() => server.stop());
  const metrics = new Registry();
  const stores = [openSharedStore(server.url, { log }), openSharedStore(server.url, { log })] as const;
  t.after(() => Promise.all(stores.map((store) => store.close())));
  const [one, two] = [await startLimited(t, { read: 3 }, { store: stores[0], metrics }), await startLimited(t, { read: 3 }, { store: stores[1] })];
  await until('both to be connected', () => stores.every((store) => store.isReady()));
  assert.match(await metrics.metrics(), /^stockade_rate_limit_store_up 1$/m);
  const ask = async (service: typeof one) => (await service.send('/api/v1/notes', { as: 'viewer' })).status;
  assert.deepEqual([await ask(one), await ask(two), await ask(one)], [200, 200, 200]);
  assert.deepEqual([await ask(one), await ask(two)], [429, 429]);

  await server.stop();
  await until('the loss to be noticed', () => !stores[0].isReady());
  assert.match(await metrics.metrics(), /^stockade_rate_limit_store_up 0$/m);
  const from = performance.now();
  assert.deepEqual([await ask(one), await ask(one), await ask(one), await ask(one)], [200, 200, 200, 429]);
  assert.ok(performance.now() - from < 2_000, 'nothing waits for a store that is away');

  await server.start();
  await until('the store to be used again', () => stores.every((store) => store.isReady()));
  assert.deepEqual([await ask(one), await ask(two), await ask(two), await ask(one)], [200, 200, 200, 429]);
});

test('a provider that signs many people out is not held for one who signs in', async (t) => {
  const limits = createRateLimits({ perMinute: { ...UNREACHED, 'sign-in': 1 }, trustedProxies: 0, store: undefined, signInStore: undefined, log: pino({ level: 'silent' }), metrics: new Registry() });
  const service = await startSampleService({ limits });
  t.after(() => service.close());
  const statusOf = async (method: string, path: string) => (await service.send(path, { method, ...(method === 'POST' ? { form: { logout_token: 'a.b.c' } } : {}) })).status;
  for (let request = 0; request < 5; request += 1) assert.equal(await statusOf('POST', '/auth/back-channel-logout'), 204);
  assert.deepEqual([await statusOf('GET', '/auth/sign-in') === 429, await statusOf('GET', '/auth/sign-in')], [false, 429]);
});
