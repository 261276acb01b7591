import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestService } from '#app/testing/service.ts';
import { createItem, moveStock } from './changes.ts';
import { readItem } from './store.ts';
import { allOf, writeContext } from './test-context.ts';

type Service = Awaited<ReturnType<typeof startTestService>>;
const HOSTILE = '<script>alert(1)</script>"\'';

describe('the board and the pages of items', () => {
  let service: Service;
  before(async () => {
    service = await startTestService();
  });
  after(() => service.close());

  async function stock(sku: string, quantity: number, name = `Thing ${sku}`): Promise<void> {
    const context = writeContext(service.database.owner, { now: new Date() });
    await createItem(context, { sku, name, location: HOSTILE, unit: 'box', reorderLevel: 2 });
    if (quantity > 0) await moveStock(context, sku, { delta: quantity, reason: 'received', note: HOSTILE });
  }
  async function get(user: string, path: string): Promise<{ status: number; text: string }> {
    const response = await (await service.as(user)).fetch(path);
    return { status: response.status, text: await response.text() };
  }
  async function post(user: string, path: string, fields: Readonly<Record<string, string>>): Promise<{ status: number; location: string }> {
    const response = await (await service.as(user)).fetch(path, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields),
    });
    await response.body?.cancel();
    return { status: response.status, location: response.headers.get('location') ?? '' };
  }
  const quantityOf = async (sku: string): Promise<number | undefined> => (await readItem(service.database.owner, allOf('acme'), sku))?.quantity;

  it('shows everyone the stock, and forms only to those who may move it', async () => {
    await stock('G-1', 5);
    for (const [user, mayMove, mayWrite] of [['viewer', false, false], ['auditor', false, false], ['clerk', true, false], ['manager', true, true]] as const) {
      const { status, text } = await get(user, '/?q=G-1');
      assert.equal(status, 200, text);
      assert.match(text, /id="item-G-1"[^>]* data-version="2" data-level="ok" data-history="5"/);
      assert.match(text, /<li data-movement="[0-9a-f-]{36}">/);
      assert.equal(text.includes('class="move"'), mayMove, user);
      assert.equal(text.includes(`data-can-move="${mayMove}"`), true, user);
      assert.equal(text.includes('href="/items/new"'), mayWrite, user);
      const item = await get(user, '/items/G-1');
      assert.equal(item.text.includes('action="/items/G-1/movements"'), mayMove, user);
      assert.equal(item.text.includes('action="/items/G-1/changes"'), mayWrite, user);
      assert.equal((await get(user, '/items/new')).status, mayWrite ? 200 : 403, user);
    }
    assert.equal((await post('viewer', '/items/G-1/movements', { delta: '-1', reason: 'sold' })).status, 403);
    assert.equal(await quantityOf('G-1'), 5);
  });

  it('escapes what people wrote, and has no inline script or style', async () => {
    await stock('G-2', 3, `Name ${HOSTILE}`);
    for (const path of ['/?q=G-2', '/items/G-2', `/?q=${encodeURIComponent(HOSTILE)}&problem=${encodeURIComponent('<script>alert(1)')}`]) {
      const { status, text } = await get('manager', path);
      assert.equal(status, 200, text);
      assert.ok(text.includes('&lt;script&gt;'));
      assert.doesNotMatch(text, /<script(?! type="module" src="\/assets\/[^"]+"><\/script>)|<style|\sstyle=|\son[a-z]+=/i);
    }
  });

  it('moves stock by a form, once for each key, and says so', async () => {
    await stock('G-3', 5);
    const fields = { delta: '-2', reason: 'sold', note: '', idempotencyKey: crypto.randomUUID() };
    for (const answer of [await post('clerk', '/items/G-3/movements', fields), await post('clerk', '/items/G-3/movements', fields)]) {
      assert.deepEqual(answer, { status: 303, location: '/?moved=G-3#item-G-3' });
    }
    assert.equal(await quantityOf('G-3'), 3);
    assert.match((await get('clerk', '/?moved=G-3')).text, /notice-success" role="status"><strong>G-3<\/strong>: Stock moved\./);
    assert.deepEqual(await post('clerk', '/items/G-3/movements', { delta: '+4', reason: 'received', page: 'item' }), { status: 303, location: '/items/G-3?done=moved' });
    assert.equal((await post('clerk', '/items/G-3/movements', { delta: '', reason: 'sold' })).status, 400);
    assert.equal(await quantityOf('G-3'), 7);
  });

  it('leads back to what was shown of the board, and to all of it when that is none', async () => {
    await stock('PLACE-1', 5);
    const page = (await get('clerk', '/?q=PLACE-&level=ok')).text;
    const place = /name="place" value="([^"]*)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? '';
    assert.equal(place, 'q=PLACE-&level=ok');
    const fields = { delta: '-1', reason: 'sold', place };
    assert.equal((await post('clerk', '/items/PLACE-1/movements', fields)).location, '/?q=PLACE-&level=ok&moved=PLACE-1#item-PLACE-1');
    assert.equal((await post('clerk', '/items/PLACE-1/movements', { ...fields, delta: '-9' })).location, '/?q=PLACE-&level=ok&problem=insufficient-stock&sku=PLACE-1');
    assert.equal((await post('clerk', '/items/PLACE-1/movements', { ...fields, place: 'level=none&next=//evil.example' })).location, '/?moved=PLACE-1#item-PLACE-1');
  });

  it('says when there is not enough, and changes nothing', async () => {
    await stock('G-4', 1);
    const { status, location } = await post('clerk', '/items/G-4/movements', { delta: '-2', reason: 'sold' });
    assert.deepEqual([status, location], [303, '/?problem=insufficient-stock&sku=G-4']);
    assert.match((await get('clerk', location)).text, /role="alert"><strong>G-4<\/strong>: There is not that much in stock\./);
    assert.equal((await readItem(service.database.owner, allOf('acme'), 'G-4'))?.version, 2);
  });

  it("knows nothing of another tenant's items", async () => {
    await stock('G-5', 5);
    assert.equal((await get('globex-manager', '/items/G-5')).status, 404);
    assert.equal((await post('globex-manager', '/items/G-5/movements', { delta: '-1', reason: 'sold' })).status, 404);
    assert.doesNotMatch((await get('globex-manager', '/?q=G-5&level=all')).text, /item-G-5/);
    assert.equal(await quantityOf('G-5'), 5);
  });

  it('filters by text and level, and leads from page to page', async () => {
    for (let index = 0; index < 26; index += 1) await stock(`PAGE-${index}`, index === 0 ? 0 : index < 3 ? 2 : 9);
    const skus = (text: string): string[] => [...text.matchAll(/<li id="item-(PAGE-\d+)"/g)].map((match) => match[1] ?? '');
    assert.deepEqual(skus((await get('viewer', '/?q=PAGE-&level=out')).text), ['PAGE-0']);
    assert.deepEqual(skus((await get('viewer', '/?q=PAGE-&level=low')).text), ['PAGE-1', 'PAGE-2']);
    const first = (await get('viewer', '/?q=page-&level=')).text;
    const next = /rel="next" href="([^"]+)"/.exec(first)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const second = (await get('viewer', next)).text;
    assert.equal(new Set([...skus(first), ...skus(second)]).size, 26);
    assert.doesNotMatch(second, /rel="next"/);
  });

  it('lets a manager create, change and retire, under the version that was read', async () => {
    const fields = { name: 'New', location: 'Here', unit: 'box', reorderLevel: '3' };
    assert.deepEqual(await post('manager', '/items', { sku: 'G-6', ...fields }), { status: 303, location: '/items/G-6?done=created' });
    assert.equal((await post('manager', '/items', { sku: 'G-6', ...fields })).location, '/items/new?problem=sku-taken&sku=G-6');
    assert.equal((await post('manager', '/items/G-6/changes', { ...fields, name: 'Newer', version: '1' })).location, '/items/G-6?done=changed');
    const stale = await post('manager', '/items/G-6/changes', { ...fields, name: 'Lost', version: '1' });
    assert.equal(stale.location, '/items/G-6?problem=precondition-failed');
    assert.match((await get('manager', stale.location)).text, /role="alert">Someone changed or moved this item/);
    assert.equal((await readItem(service.database.owner, allOf('acme'), 'G-6'))?.name, 'Newer');
    assert.equal((await post('manager', '/items/G-6/retirement', { version: '2' })).location, '/items/G-6?done=retired');
    assert.equal((await post('clerk', '/items/G-6/movements', { delta: '1', reason: 'received' })).location, '/?problem=item-retired&sku=G-6');
  });
});
