import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestService, type TestService, type Visitor } from '#app/testing/service.ts';
import { connectSse, type SseClient } from '#app/testing/sse-client.ts';

const JSON_BODY = { 'content-type': 'application/json' };

describe('restricted items', () => {
  let service: TestService;
  const visitors = new Map<string, Visitor>();
  const as = (user: string): Visitor => visitors.get(user) ?? assert.fail(user);
  const send = (user: string, path: string, body: object) => as(user).fetch(path, { method: 'POST', headers: JSON_BODY, body: JSON.stringify(body) });
  const read = async (user: string, path: string) => (await as(user).fetch(path, { headers: { accept: 'application/json' } })).json() as Promise<Record<string, unknown[]>>;

  before(async () => {
    service = await startTestService();
    for (const user of ['viewer', 'clerk', 'manager', 'auditor']) visitors.set(user, await service.as(user));
    for (const [sku, sensitivity] of [['A-OPEN', undefined], ['B-SECRET', 'restricted'], ['C-OPEN', 'normal']] as const) {
      assert.equal((await send('manager', '/api/v1/items', { sku, name: `The ${sku}`, location: 'Here', unit: 'piece', ...(sensitivity && { sensitivity }) })).status, 201);
      assert.equal((await send('manager', `/api/v1/items/${sku}/movements`, { delta: 5, reason: 'received' })).status, 201);
    }
  });
  after(() => service.close());

  test('ASVS 8.2.2: lists leave them out in the query, so that every page is full and counts are right; who is cleared sees them', async () => {
    for (const [user, shown] of [['viewer', 2], ['clerk', 2], ['manager', 3], ['auditor', 3]] as const) {
      const items = (await read(user, '/api/v1/items?sort=sku'))['items'] as { sku: string }[];
      const ours = items.filter(({ sku }) => /^[ABC]-/.test(sku)).map(({ sku }) => sku);
      assert.deepEqual(ours, shown === 3 ? ['A-OPEN', 'B-SECRET', 'C-OPEN'] : ['A-OPEN', 'C-OPEN'], user);
      const page = (await read(user, '/api/v1/items?sort=sku&limit=2&q=-OPEN')) as unknown as { items: unknown[] };
      assert.equal(page.items.length, 2);
      const skus = ((await read(user, '/api/v1/movements?limit=3'))['movements'] as { sku: string }[]).map(({ sku }) => sku);
      assert.equal(skus.includes('B-SECRET'), shown === 3, user);
      const board = await (await as(user).fetch('/', { headers: { accept: 'text/html' } })).text();
      assert.equal(board.includes('B-SECRET'), shown === 3, user);
    }
  });

  test('asked for by name they are not there: not to read, not to move, on no page', async () => {
    for (const user of ['viewer', 'clerk']) {
      for (const path of ['/api/v1/items/B-SECRET', '/api/v1/items/B-SECRET/movements', '/items/B-SECRET']) assert.equal((await as(user).fetch(path)).status, 404, `${user} ${path}`);
    }
    assert.equal((await send('clerk', '/api/v1/items/B-SECRET/movements', { delta: 1, reason: 'count' })).status, 404);
    assert.equal((await as('clerk').fetch('/items/B-SECRET/movements', { method: 'POST', body: new URLSearchParams({ delta: '1', reason: 'count' }) })).status, 404);
    for (const user of ['manager', 'auditor']) assert.match(await (await as(user).fetch('/items/B-SECRET', { headers: { accept: 'text/html' } })).text(), /Restricted/);
  });

  test('the live stream tells nobody of them who is not cleared', async (t) => {
    const heard = new Map<string, SseClient>();
    for (const user of ['clerk', 'auditor']) {
      const client = await connectSse(`${service.url}/api/v1/stream`, { cookie: as(user).jar.read(service.url) });
      t.after(() => { client.close(); });
      heard.set(user, client);
    }
    assert.equal((await send('manager', '/api/v1/items/B-SECRET/movements', { delta: -1, reason: 'sold' })).status, 201);
    assert.equal((await send('manager', '/api/v1/items/C-OPEN/movements', { delta: -1, reason: 'sold' })).status, 201);
    const heardBy = async (user: string, least: number) => ((await heard.get(user)?.count(least)) ?? []).map(({ event }) => event);
    // The open item's event comes after the other: had that been delivered, it would be there by then.
    assert.deepEqual(await heardBy('clerk', 1), ['inventory.item.moved.v1']);
    assert.deepEqual(await heardBy('auditor', 2), ['inventory.restricted-item.moved.v1', 'inventory.item.moved.v1']);
  });
});
