import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { z } from 'zod';
import { startTestService } from '#app/testing/service.ts';
import { itemPageSchema, itemSchema, movementPageSchema, movementSchema } from './schemas.ts';

type Service = Awaited<ReturnType<typeof startTestService>>;
const problemSchema = z.looseObject({ type: z.string(), status: z.number(), detail: z.string() });

describe('items over HTTP', () => {
  let service: Service;
  before(async () => {
    service = await startTestService();
  });
  after(() => service.close());

  async function send(user: string, method: string, path: string, options: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {}): Promise<Response> {
    const client = await service.as(user);
    return client.fetch(`/api/v1${path}`, {
      method,
      headers: { ...(options.body === undefined ? {} : { 'Content-Type': 'application/json' }), ...options.headers },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
  }
  async function read<T>(response: Response, status: number, schema: z.ZodType<T>): Promise<T> {
    const text = await response.text();
    assert.equal(response.status, status, text);
    return schema.parse(JSON.parse(text));
  }
  /** Status and code of a problem, for example `404 item-not-found`. */
  async function problemOf(response: Response): Promise<string> {
    assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
    const { type, status } = await read(response, response.status, problemSchema);
    return `${status} ${type.replace(/^.*\/problems\//, '')}`;
  }
  async function create(sku: string, quantity = 0): Promise<void> {
    await read(await send('manager', 'POST', '/items', { body: { sku, name: `Thing ${sku}`, location: 'Aisle 1', unit: 'box', reorderLevel: 2 } }), 201, itemSchema);
    if (quantity > 0) await read(await move('clerk', sku, quantity), 201, movementSchema);
  }
  function move(user: string, sku: string, delta: number, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return send(user, 'POST', `/items/${sku}/movements`, { body: { delta, reason: delta > 0 ? 'received' : 'sold' }, headers });
  }
  async function quantityOf(sku: string): Promise<number> {
    return (await read(await send('viewer', 'GET', `/items/${sku}`), 200, itemSchema)).quantity;
  }

  it('creates an item at a place that can be read, under the same ETag', async () => {
    const created = await send('manager', 'POST', '/items', { body: { sku: 'H-1', name: 'Bolt', location: 'Aisle 1', unit: 'box' } });
    const location = created.headers.get('location');
    assert.equal(location, '/api/v1/items/H-1');
    const etag = created.headers.get('etag');
    assert.equal(etag, '"1"');
    const item = await read(created, 201, itemSchema);
    const again = await send('viewer', 'GET', '/items/H-1');
    assert.equal(again.headers.get('etag'), etag);
    assert.deepEqual(await read(again, 200, itemSchema), item);
    assert.equal((await send('viewer', 'GET', '/items/H-1', { headers: { 'If-None-Match': etag } })).status, 304);
    assert.equal(await problemOf(await send('manager', 'POST', '/items', { body: { sku: 'H-1', name: 'Bolt', location: 'Aisle 1', unit: 'box' } })), '409 sku-taken');
  });

  it('says at which field what is wrong, and takes none that it does not know', async () => {
    const response = await send('manager', 'POST', '/items', { body: { sku: 'lower', name: ' ', location: 'a\nb', unit: 'box', quantity: 5 } });
    const { errors } = await read(response, 400, z.looseObject({ errors: z.array(z.looseObject({ pointer: z.string() })) }));
    assert.deepEqual(errors.map(({ pointer }) => pointer).sort(), ['#/location', '#/name', '#/quantity', '#/sku']);
    assert.equal((await send('clerk', 'POST', '/items/H-1/movements', { body: { delta: 0, reason: 'sold' } })).status, 400);
    assert.equal((await send('viewer', 'GET', '/items?limit=101')).status, 400);
    assert.equal((await send('viewer', 'GET', '/items?sort=tenant_id')).status, 400);
  });

  it('moves stock for a clerk, never below zero', async () => {
    await create('H-2', 3);
    const movement = await read(await move('clerk', 'H-2', -2), 201, movementSchema);
    assert.deepEqual([movement.delta, movement.quantityAfter, movement.actor.id], [-2, 1, 'clerk']);
    assert.equal(await problemOf(await move('clerk', 'H-2', -2)), '409 insufficient-stock');
    assert.equal(await quantityOf('H-2'), 1);
  });

  it('lets each role do what it may, and nothing else', async () => {
    await create('H-3', 5);
    for (const user of ['viewer', 'auditor']) assert.equal((await move(user, 'H-3', -1)).status, 403, user);
    for (const user of ['viewer', 'auditor', 'clerk']) {
      assert.equal((await send(user, 'POST', '/items', { body: { sku: 'H-X', name: 'x', location: 'x', unit: 'x' } })).status, 403, user);
      assert.equal((await send(user, 'PATCH', '/items/H-3', { body: { name: 'x' }, headers: { 'If-Match': '"2"' } })).status, 403, user);
      assert.equal((await send(user, 'DELETE', '/items/H-3', { headers: { 'If-Match': '"2"' } })).status, 403, user);
      assert.equal((await send(user, 'GET', '/movements')).status, 200, user);
    }
    assert.equal(await quantityOf('H-3'), 5);
    assert.equal((await send('viewer', 'GET', '/items/H-X')).status, 404);
  });

  it("shows and gives a tenant nothing of another's", async () => {
    await create('H-4', 5);
    assert.equal(await problemOf(await send('globex-manager', 'GET', '/items/H-4')), '404 item-not-found');
    assert.equal(await problemOf(await send('globex-manager', 'GET', '/items/H-4/movements')), '404 item-not-found');
    assert.equal(await problemOf(await move('globex-manager', 'H-4', -1)), '404 item-not-found');
    assert.equal(await problemOf(await send('globex-manager', 'PATCH', '/items/H-4', { body: { name: 'x' }, headers: { 'If-Match': '"2"' } })), '404 item-not-found');
    assert.equal(await problemOf(await send('globex-manager', 'DELETE', '/items/H-4', { headers: { 'If-Match': '"2"' } })), '404 item-not-found');
    const { items } = await read(await send('globex-manager', 'GET', '/items?q=H-4'), 200, itemPageSchema);
    assert.deepEqual(items, []);
    const { movements } = await read(await send('globex-manager', 'GET', '/movements?limit=100'), 200, movementPageSchema);
    assert.ok(movements.every(({ sku }) => sku !== 'H-4'));
    assert.equal(await quantityOf('H-4'), 5);
  });

  it('changes and retires only under the version that the client has read', async () => {
    await create('H-5', 1);
    assert.equal((await send('manager', 'PATCH', '/items/H-5', { body: { name: 'New' } })).status, 428);
    assert.equal(await problemOf(await send('manager', 'PATCH', '/items/H-5', { body: { name: 'New' }, headers: { 'If-Match': '"1"' } })), '412 precondition-failed');
    const changed = await send('manager', 'PATCH', '/items/H-5', { body: { name: 'New' }, headers: { 'If-Match': '"2"' } });
    assert.equal(changed.headers.get('etag'), '"3"');
    assert.equal((await read(changed, 200, itemSchema)).name, 'New');
    assert.equal((await send('manager', 'DELETE', '/items/H-5')).status, 428);
    assert.equal(await problemOf(await send('manager', 'DELETE', '/items/H-5', { headers: { 'If-Match': '"3"' } })), '409 stock-remains');
    await read(await move('clerk', 'H-5', -1), 201, movementSchema);
    assert.equal(await problemOf(await send('manager', 'DELETE', '/items/H-5', { headers: { 'If-Match': '"3"' } })), '412 precondition-failed');
    const retired = await read(await send('manager', 'DELETE', '/items/H-5', { headers: { 'If-Match': '"4"' } }), 200, itemSchema);
    assert.equal(retired.status, 'retired');
    assert.equal(await problemOf(await move('clerk', 'H-5', 1)), '409 item-retired');
    const { movements } = await read(await send('viewer', 'GET', '/items/H-5/movements'), 200, movementPageSchema);
    assert.deepEqual(movements.map(({ delta }) => delta), [-1, 1]);
  });

  it('moves once, however often the same Idempotency-Key comes, also at the same time', async () => {
    await create('H-6', 10);
    const headers = { 'Idempotency-Key': crypto.randomUUID() };
    const answers = await Promise.all(Array.from({ length: 4 }, () => move('clerk', 'H-6', -1, headers)));
    const bodies = await Promise.all(answers.map((answer) => read(answer, 201, movementSchema)));
    assert.equal(new Set(bodies.map(({ id }) => id)).size, 1);
    assert.deepEqual(await read(await move('clerk', 'H-6', -1, headers), 201, movementSchema), bodies[0]);
    assert.equal(await quantityOf('H-6'), 9);
    assert.equal((await move('clerk', 'H-6', -2, headers)).status, 422);
    assert.equal(await quantityOf('H-6'), 9);
  });

  it('replays a refusal too, though the stock has come since', async () => {
    await create('H-7');
    const headers = { 'Idempotency-Key': crypto.randomUUID() };
    assert.equal(await problemOf(await move('clerk', 'H-7', -1, headers)), '409 insufficient-stock');
    await read(await move('clerk', 'H-7', 5), 201, movementSchema);
    assert.equal(await problemOf(await move('clerk', 'H-7', -1, headers)), '409 insufficient-stock');
    assert.equal(await quantityOf('H-7'), 5);
  });

  it('leads through the list page by page', async () => {
    for (const sku of ['P-1', 'P-2', 'P-3']) await create(sku);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const next: string = cursor === null ? '' : `&cursor=${cursor}`;
      const page: z.output<typeof itemPageSchema> = await read(await send('viewer', 'GET', `/items?q=P-&sort=name&direction=desc&limit=2${next}`), 200, itemPageSchema);
      seen.push(...page.items.map(({ sku }) => sku));
      cursor = page.nextCursor;
    } while (cursor !== null);
    assert.deepEqual(seen, ['P-3', 'P-2', 'P-1']);
    assert.equal(await problemOf(await send('viewer', 'GET', '/items?cursor=bogus')), '400 invalid-cursor');
  });

  it('sells the last units once each when clerks ask at the same time', async () => {
    await create('H-8', 5);
    const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => move(index % 2 ? 'clerk' : 'manager', 'H-8', -1)));
    assert.equal(answers.filter(({ status }) => status === 201).length, 5);
    assert.equal(answers.filter(({ status }) => status === 409).length, 7);
    assert.equal(await quantityOf('H-8'), 0);
    const { movements } = await read(await send('auditor', 'GET', '/items/H-8/movements?limit=100'), 200, movementPageSchema);
    assert.equal(movements.reduce((sum, { delta }) => sum + delta, 0), 0);
  });
});
