import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import type { Database } from '#app/feature.ts';
import { testDatabases, type TestedDatabase } from '#app/testing/database.ts';
import type { Item, Movement } from './item.ts';
import {
  countStock,
  insertItem,
  insertMovements,
  ITEM_SORTS,
  type ItemFilter,
  type ItemOrder,
  type ItemPosition,
  latestMovements,
  listItems,
  listLocations,
  listMovements,
  lockItem,
  positionOf,
  readItem,
  type RecentPosition,
  recentMovements,
  updateItem,
} from './store.ts';
import { allOf } from './test-context.ts';

const start = new Date('2026-11-01T08:00:00.000Z');

function itemOf(sku: string, fields: Partial<Item> = {}): Item {
  return { sku, name: `Thing ${sku}`, location: 'Aisle 1', unit: 'box', quantity: 0, reorderLevel: 3, status: 'active', sensitivity: 'normal', version: 1, createdAt: start, updatedAt: start, ...fields };
}

function movementOf(sku: string, itemVersion: number, fields: Partial<Movement> = {}): Movement {
  return {
    id: crypto.randomUUID(),
    sku,
    delta: 1,
    reason: 'received',
    note: undefined,
    actor: '8a7d6a6e-3c8b-4f0e-9d55-0d4c5f1f3a01',
    quantityAfter: itemVersion - 1,
    occurredAt: new Date(start.getTime() + itemVersion * 1000),
    itemVersion,
    ...fields,
  };
}

/** What a list gives when it is read page by page. */
async function readPages(db: Database, order: ItemOrder, limit: number, filter: ItemFilter = {}): Promise<string[]> {
  const skus: string[] = [];
  let position: ItemPosition | undefined;
  for (;;) {
    const { rows, more } = await listItems(db, allOf('acme'), { filter, order, after: position, limit });
    skus.push(...rows.map(({ sku }) => sku));
    const last = rows.at(-1);
    if (!more || last === undefined) return skus;
    assert.equal(rows.length, limit);
    position = positionOf(last, order.sort);
  }
}

for (const engine of testDatabases()) {
  describe(`store on ${engine.name}`, () => {
    let database: TestedDatabase;
    let db: Database;
    const later = new Date('2026-11-02T08:00:00.123Z');
    const items = [
      itemOf('B-2', { name: 'apple', quantity: 7, updatedAt: later, location: 'Aisle 2' }),
      itemOf('A-1', { name: 'Zebra', quantity: 3, location: 'Aisle 10' }),
      itemOf('C-3', { name: 'Apple', quantity: 3 }),
      itemOf('B-10', { name: 'Éclair 50% _off', quantity: 0, updatedAt: later }),
      itemOf('D', { name: 'mango', quantity: 0, status: 'retired' }),
    ];
    before(async () => {
      database = await engine.open();
      // Whom row-level security does not hold: the statements’ own conditions are looked at.
      db = database.owner;
      for (const item of items) await insertItem(db, 'acme', item);
      await insertItem(db, 'globex', itemOf('A-1', { name: 'Theirs', quantity: 99, location: 'Secret bay' }));
      await insertItem(db, 'globex', itemOf('G-1'));
      for (let version = 2; version <= 8; version += 1) await insertMovements(db, 'acme', [movementOf('B-2', version, { note: `no. ${version}` })]);
      // The same moment, and a clock that lags: the ledger's order is the version's.
      await insertMovements(db, 'acme', [movementOf('A-1', 2), movementOf('A-1', 3, { occurredAt: new Date(start.getTime() + 2000) }), movementOf('A-1', 4, { occurredAt: start })]);
      await insertMovements(db, 'globex', [movementOf('A-1', 2), movementOf('G-1', 2)]);
    });
    after(() => database.close());

    it('gives back what was put in', async () => {
      const [first] = items;
      assert.deepEqual(await readItem(db, allOf('acme'), 'B-2'), first);
      assert.equal(await readItem(db, allOf('acme'), 'X'), undefined);
    });

    it('sorts by every key in both directions, equal ones by SKU, capitals among small letters', async () => {
      const expected = {
        sku: ['A-1', 'B-10', 'B-2', 'C-3', 'D'],
        name: ['B-2', 'C-3', 'D', 'A-1', 'B-10'],
        quantity: ['B-10', 'D', 'A-1', 'C-3', 'B-2'],
        updated_at: ['A-1', 'C-3', 'D', 'B-10', 'B-2'],
      };
      for (const sort of ITEM_SORTS) {
        assert.deepEqual(await readPages(db, { sort, direction: 'asc' }, 100), expected[sort], sort);
        assert.deepEqual(await readPages(db, { sort, direction: 'desc' }, 100), [...expected[sort]].reverse(), sort);
      }
    });

    it('reads page by page what it reads at once, whatever the size of a page', async () => {
      for (const sort of ITEM_SORTS) {
        for (const direction of ['asc', 'desc'] as const) {
          const whole = await readPages(db, { sort, direction }, 100);
          for (const limit of [1, 2, 3, 5]) assert.deepEqual(await readPages(db, { sort, direction }, limit), whole, `${sort} ${direction} ${limit}`);
        }
      }
    });

    it('goes on behind a page though the item that ended it is no longer there in that place', async () => {
      const { rows } = await listItems(db, allOf('acme'), { order: { sort: 'quantity', direction: 'asc' }, limit: 3, after: { key: 2, sku: 'GONE' } });
      assert.deepEqual(rows.map(({ sku }) => sku), ['A-1', 'C-3', 'B-2']);
    });

    it('filters by status, place, text and reorder level, alone and together', async () => {
      const find = (filter: ItemFilter) => readPages(db, { sort: 'sku', direction: 'asc' }, 2, filter);
      assert.deepEqual(await find({ status: 'retired' }), ['D']);
      assert.deepEqual(await find({ location: 'Aisle 1' }), ['B-10', 'C-3', 'D']);
      assert.deepEqual(await find({ text: 'APPLE' }), ['B-2', 'C-3']);
      assert.deepEqual(await find({ text: 'b-' }), ['B-10', 'B-2']);
      assert.deepEqual(await find({ belowReorder: true }), ['A-1', 'B-10', 'C-3']);
      assert.deepEqual(await find({ belowReorder: false }), ['B-2', 'D']);
      assert.deepEqual(await find({ belowReorder: true, location: 'Aisle 1', text: 'apple', status: 'active' }), ['C-3']);
    });

    it('takes the text as text: no wildcards, no quotes', async () => {
      const find = (text: string) => readPages(db, { sort: 'sku', direction: 'asc' }, 10, { text });
      assert.deepEqual(await find('50% _'), ['B-10']);
      for (const text of ['%', '_'].map((wildcard) => `a${wildcard}p`)) assert.deepEqual(await find(text), []);
      assert.deepEqual(await find("' or true --"), []);
      assert.deepEqual(await find('\\'), []);
    });

    it('never shows a tenant what is another\'s', async () => {
      assert.equal((await readItem(db, allOf('acme'), 'A-1'))?.name, 'Zebra');
      assert.equal((await readItem(db, allOf('globex'), 'A-1'))?.name, 'Theirs');
      assert.equal(await readItem(db, allOf('acme'), 'G-1'), undefined);
      assert.equal(await lockItem(db, allOf('acme'), 'G-1'), undefined);
      const theirs = await listItems(db, allOf('globex'), { order: { sort: 'sku', direction: 'asc' }, limit: 100 });
      assert.deepEqual(theirs.rows.map(({ sku }) => sku), ['A-1', 'G-1']);
      assert.equal((await listMovements(db, allOf('globex'), 'B-2', { limit: 100 })).rows.length, 0);
      assert.equal((await recentMovements(db, allOf('globex'), { limit: 100 })).rows.length, 2);
      assert.equal((await latestMovements(db, allOf('globex'), ['A-1', 'B-2'], 10)).get('A-1')?.length, 1);
      assert.ok(!(await listLocations(db, allOf('acme'))).includes('Secret bay'));
    });

    it('reads the ledger of an item newest first, in the order of its versions', async () => {
      const first = await listMovements(db, allOf('acme'), 'B-2', { limit: 4 });
      assert.deepEqual(first.rows.map(({ note }) => note), ['no. 8', 'no. 7', 'no. 6', 'no. 5']);
      assert.equal(first.more, true);
      const rest = await listMovements(db, allOf('acme'), 'B-2', { limit: 4, after: { itemVersion: 5 } });
      assert.deepEqual(rest.rows.map(({ note }) => note), ['no. 4', 'no. 3', 'no. 2']);
      assert.equal(rest.more, false);
      assert.deepEqual((await listMovements(db, allOf('acme'), 'A-1', { limit: 9 })).rows.map(({ itemVersion }) => itemVersion), [4, 3, 2]);
    });

    it('reads the recent movements of all items, page by page, each once', async () => {
      const seen: string[] = [];
      let position: RecentPosition | undefined;
      for (;;) {
        const { rows, more } = await recentMovements(db, allOf('acme'), { limit: 3, after: position });
        seen.push(...rows.map(({ sku, itemVersion }) => `${sku} ${itemVersion}`));
        position = rows.at(-1);
        if (!more) break;
      }
      assert.deepEqual(seen, ['B-2 8', 'B-2 7', 'B-2 6', 'B-2 5', 'B-2 4', 'B-2 3', 'B-2 2', 'A-1 3', 'A-1 2', 'A-1 4']);
    });

    it('gives the latest movements of each item, oldest first', async () => {
      const latest = await latestMovements(db, allOf('acme'), ['B-2', 'A-1', 'C-3'], 2);
      assert.deepEqual(latest.get('B-2')?.map(({ itemVersion }) => itemVersion), [7, 8]);
      assert.deepEqual(latest.get('A-1')?.map(({ itemVersion }) => itemVersion), [3, 4]);
      assert.equal(latest.has('C-3'), false);
      assert.equal((await latestMovements(db, allOf('acme'), [], 2)).size, 0);
    });

    it('counts the active items and those that are out or low, and lists the places', async () => {
      assert.deepEqual(await countStock(db, allOf('acme')), { active: 4, units: 13, out: 1, low: 2 });
      assert.deepEqual(await countStock(db, allOf('nobody')), { active: 0, units: 0, out: 0, low: 0 });
      assert.deepEqual(await listLocations(db, allOf('acme')), ['Aisle 1', 'Aisle 10', 'Aisle 2']);
    });

    it('does not insert a SKU twice, and leaves the first as it is', async () => {
      assert.equal(await insertItem(db, 'acme', itemOf('A-1', { name: 'Second' })), undefined);
      assert.equal((await readItem(db, allOf('acme'), 'A-1'))?.name, 'Zebra');
    });

    it('writes a change under the next version, and none over a version that is gone', async () => {
      const item = await insertItem(db, 'acme', itemOf('Z-9', { updatedAt: later }));
      assert.ok(item);
      const changed = await updateItem(db, 'acme', item, { name: 'New', reorderLevel: 8 }, start);
      assert.equal(changed.version, 2);
      assert.equal(changed.name, 'New');
      assert.equal(changed.reorderLevel, 8);
      assert.deepEqual(changed.updatedAt, later, 'time does not go back');
      await assert.rejects(updateItem(db, 'acme', item, { name: 'Stale' }, later));
      await assert.rejects(updateItem(db, 'globex', changed, { name: 'Theirs' }, later));
      assert.equal((await readItem(db, allOf('acme'), 'Z-9'))?.name, 'New');
    });

    it('is backed by the database: what the rules forbid can\'t be stored', async () => {
      const insert = (fields: Partial<Item>) => insertItem(db, 'acme', itemOf('NEW', fields));
      await assert.rejects(insert({ quantity: -1 }), /check/);
      await assert.rejects(insert({ sku: 'lower' }), /check/);
      await assert.rejects(insert({ sku: 'A\n' }), /check/);
      await assert.rejects(insert({ name: '' }), /check/);
      await assert.rejects(insert({ location: 'x'.repeat(81) }), /check/);
      await assert.rejects(insert({ status: 'retired', quantity: 1 }), /item_retired_is_empty/);
      await assert.rejects(insertMovements(db, 'acme', [movementOf('B-2', 100, { delta: 0 })]), /check/);
      await assert.rejects(insertMovements(db, 'acme', [movementOf('B-2', 100, { quantityAfter: -1 })]), /check/);
      await assert.rejects(insertMovements(db, 'acme', [movementOf('B-2', 8)]), /movement_ledger_key/);
      await assert.rejects(insertMovements(db, 'acme', [movementOf('G-1', 2)]), /movement_item_fkey/, "another tenant's item");
      await assert.rejects(sql`delete from item where tenant_id = 'acme' and sku = 'B-2'`.execute(db), /movement_item_fkey/);
    });
  });
}
