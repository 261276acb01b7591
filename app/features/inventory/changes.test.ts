import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isRefusal } from '#app/errors.ts';
import type { Database, EventDraft } from '#app/feature.ts';
import { testDatabases, type TestedDatabase } from '#app/testing/database.ts';
import { changeItem, createItem, moveStock, type NewMovement, retireItem } from './changes.ts';
import { events } from './events.ts';
import { listMovements, readItem } from './store.ts';
import { actorOf, allOf, type ContextOptions, subjectOf, writeContext } from './test-context.ts';

const draft = { name: 'Bolt', location: 'Aisle 1', unit: 'box', reorderLevel: 5 };

function assertRefused(outcome: unknown, status: number, code: string): void {
  assert.ok(isRefusal(outcome), `expected ${code}`);
  assert.deepEqual([outcome.status, outcome.code], [status, code]);
}

function assertDone<T extends object>(outcome: T): asserts outcome is Exclude<T, { refused: true }> {
  assert.ok(!isRefusal(outcome), JSON.stringify(outcome));
}

for (const engine of testDatabases()) {
  describe(`changes on ${engine.name}`, () => {
    let database: TestedDatabase;
    let db: Database;
    before(async () => {
      database = await engine.open();
      // Whom row-level security does not hold: the statements’ own conditions are looked at.
      db = database.owner;
    });
    after(() => database.close());

    /** As the platform does: a transaction that a refusal rolls back. */
    async function move(sku: string, movement: NewMovement, options: ContextOptions = {}) {
      return db.transaction().execute((tx) => moveStock(writeContext(tx, options), sku, movement));
    }
    async function stock(sku: string, quantity: number): Promise<void> {
      assertDone(await createItem(writeContext(db), { ...draft, sku }));
      if (quantity > 0) assertDone(await move(sku, { delta: quantity, reason: 'received' }));
    }

    it('creates an item with nothing in stock, and says so', async () => {
      const published: EventDraft[] = [];
      const item = await createItem(writeContext(db, { published }), { ...draft, sku: 'NEW-1' });
      assertDone(item);
      assert.deepEqual([item.quantity, item.version, item.status], [0, 1, 'active']);
      assert.deepEqual(published.map(({ type, subject }) => [type, subject]), [['inventory.item.created.v1', 'items/NEW-1']]);
      assertRefused(await createItem(writeContext(db, { published }), { ...draft, sku: 'NEW-1' }), 409, 'sku-taken');
      assert.equal(published.length, 1);
    });

    it('makes a restricted item for who is cleared alone, and tells of it by events of its own', async () => {
      const published: EventDraft[] = [];
      const context = writeContext(db, { published });
      const uncleared = { ...context, access: { ...context.access, obligations: { omit: [], sensitivities: ['normal'] } } };
      assertRefused(await createItem(uncleared, { ...draft, sku: 'KEY-1', sensitivity: 'restricted' }), 403, 'not-cleared');
      assertDone(await createItem(context, { ...draft, sku: 'KEY-1', sensitivity: 'restricted' }));
      assertRefused(await moveStock(uncleared, 'KEY-1', { delta: 1, reason: 'received' }), 404, 'item-not-found');
      assertRefused(await changeItem(uncleared, 'KEY-1', { name: 'Mine' }), 404, 'item-not-found');
      assertDone(await moveStock(context, 'KEY-1', { delta: 1, reason: 'received' }));
      assert.deepEqual(published.map(({ type }) => type), ['inventory.restricted-item.created.v1', 'inventory.restricted-item.moved.v1']);
    });

    it('lets two tenants have the same SKU', async () => {
      assertDone(await createItem(writeContext(db), { ...draft, sku: 'SAME' }));
      assertDone(await createItem(writeContext(db, { subject: subjectOf('globex') }), { ...draft, sku: 'SAME' }));
      assertDone(await move('SAME', { delta: 4, reason: 'received' }, { subject: subjectOf('globex') }));
      assert.equal((await readItem(db, allOf('acme'), 'SAME'))?.quantity, 0);
    });

    it('moves stock, keeps who did it and what was left, and publishes both', async () => {
      await stock('MOVE-1', 10);
      const published: EventDraft[] = [];
      const now = new Date('2026-11-23T10:11:12.345Z');
      const moved = await move('MOVE-1', { delta: -3, reason: 'sold', note: 'To the fair' }, { subject: subjectOf('acme', 'clerk', 'Cleo Clerk'), now, published });
      assertDone(moved);
      assert.deepEqual([moved.item.quantity, moved.item.version, moved.item.updatedAt], [7, 3, now]);
      const { rows } = await listMovements(db, allOf('acme'), 'MOVE-1', { limit: 1 });
      assert.deepEqual(rows, [{ ...moved.movement, actor: actorOf(subjectOf('acme', 'clerk', 'Cleo Clerk')) }]);
      const { id, ...rest } = moved.movement;
      assert.match(id, /^[\da-f-]{36}$/);
      assert.deepEqual(rest, { sku: 'MOVE-1', delta: -3, reason: 'sold', note: 'To the fair', actor: { id: 'clerk', name: 'Cleo Clerk' }, quantityAfter: 7, occurredAt: now, itemVersion: 3 });
      assert.equal(published[0]?.type, 'inventory.item.moved.v1');
      events['inventory.item.moved.v1'].data.parse(published[0].data);
    });

    it('ASVS 2.3.2: refuses to take more than is there, and leaves no trace of the attempt', async () => {
      await stock('SHORT', 2);
      const published: EventDraft[] = [];
      assertRefused(await move('SHORT', { delta: -3, reason: 'sold' }, { published }), 409, 'insufficient-stock');
      assert.equal((await readItem(db, allOf('acme'), 'SHORT'))?.version, 2);
      assert.equal((await listMovements(db, allOf('acme'), 'SHORT', { limit: 9 })).rows.length, 1);
      assert.deepEqual(published, []);
    });

    it("can't move what is not there, or is another tenant's", async () => {
      await stock('MINE', 5);
      assertRefused(await move('NOWHERE', { delta: 1, reason: 'count' }), 404, 'item-not-found');
      const subject = subjectOf('globex');
      assertRefused(await move('MINE', { delta: -1, reason: 'sold' }, { subject }), 404, 'item-not-found');
      assertRefused(await changeItem(writeContext(db, { subject }), 'MINE', { name: 'Stolen' }), 404, 'item-not-found');
      assertRefused(await retireItem(writeContext(db, { subject }), 'MINE'), 404, 'item-not-found');
      assert.equal((await readItem(db, allOf('acme'), 'MINE'))?.quantity, 5);
    });

    it('ASVS 2.2.3: changes only what it is told, under the version that the client read', async () => {
      await stock('EDIT', 1);
      const published: EventDraft[] = [];
      assertRefused(await changeItem(writeContext(db, { ifMatch: 1, published }), 'EDIT', { name: 'Late' }), 412, 'precondition-failed');
      const changed = await changeItem(writeContext(db, { ifMatch: 2, published }), 'EDIT', { location: 'Yard', name: undefined });
      assertDone(changed);
      assert.deepEqual([changed.name, changed.location, changed.quantity, changed.version], ['Bolt', 'Yard', 1, 3]);
      assert.equal(published.length, 1);
      assert.equal(published[0]?.type, 'inventory.item.changed.v1');
      events['inventory.item.changed.v1'].data.parse(published[0].data);
    });

    it('retires an empty item once, keeps its history, and lets nothing move or change it afterwards', async () => {
      await stock('OLD', 2);
      const published: EventDraft[] = [];
      assertRefused(await retireItem(writeContext(db, { published }), 'OLD'), 409, 'stock-remains');
      assertDone(await move('OLD', { delta: -2, reason: 'sold' }));
      assertRefused(await retireItem(writeContext(db, { ifMatch: 2, published }), 'OLD'), 412, 'precondition-failed');
      const retired = await retireItem(writeContext(db, { ifMatch: 3, published }), 'OLD');
      assertDone(retired);
      assert.deepEqual([retired.status, retired.version], ['retired', 4]);
      assert.deepEqual(await retireItem(writeContext(db, { ifMatch: 4, published }), 'OLD'), retired, 'twice is as once');
      assert.deepEqual(published.map(({ type }) => type), ['inventory.item.retired.v1']);
      assertRefused(await move('OLD', { delta: 1, reason: 'returned' }), 409, 'item-retired');
      assertRefused(await changeItem(writeContext(db), 'OLD', { name: 'Undead' }), 409, 'item-retired');
      assertRefused(await createItem(writeContext(db), { ...draft, sku: 'OLD' }), 409, 'sku-taken');
      assert.equal((await listMovements(db, allOf('acme'), 'OLD', { limit: 9 })).rows.length, 2);
    });

    it('publishes only what its schema holds', async () => {
      const published: EventDraft[] = [];
      assertDone(await createItem(writeContext(db, { published }), { ...draft, sku: 'EVENT' }));
      assertDone(await retireItem(writeContext(db, { published }), 'EVENT'));
      assert.equal(published.length, 2);
      for (const { type, data } of published) {
        const event = Object.entries(events).find(([name]) => name === type);
        assert.ok(event, type);
        event[1].data.parse(data);
      }
    });

    // On PGlite, with its one connection, these wait in line; on a server they race, and only that counts.
    it('ASVS 2.3.4: sells the last units to as many as there are, however many ask at once', async () => {
      await stock('RACE', 10);
      const outcomes = await Promise.all(Array.from({ length: 40 }, (_, index) => move('RACE', { delta: index % 4 === 0 ? -2 : -1, reason: 'sold' })));
      const sold = outcomes.flatMap((outcome) => (isRefusal(outcome) ? [] : [outcome.movement]));
      for (const outcome of outcomes) if (isRefusal(outcome)) assert.equal(outcome.code, 'insufficient-stock');
      assert.equal(sold.reduce((sum, { delta }) => sum + delta, 0), -10);
      assert.equal((await readItem(db, allOf('acme'), 'RACE'))?.quantity, 0);
      const ledger = (await listMovements(db, allOf('acme'), 'RACE', { limit: 100 })).rows;
      assert.equal(ledger.length, sold.length + 1);
      let quantity = 0;
      for (const movement of ledger.toReversed()) {
        quantity += movement.delta;
        assert.equal(movement.quantityAfter, quantity);
        assert.ok(quantity >= 0);
      }
      assert.equal(quantity, 0);
    });

    it('lets one of two concurrent changes of the same version through', async () => {
      await stock('EDITS', 0);
      const outcomes = await Promise.all(
        ['First', 'Second'].map((name) => db.transaction().execute((tx) => changeItem(writeContext(tx, { ifMatch: 1 }), 'EDITS', { name }))),
      );
      assert.deepEqual(outcomes.map((outcome) => (isRefusal(outcome) ? outcome.status : 200)).sort(), [200, 412]);
      assert.equal((await readItem(db, allOf('acme'), 'EDITS'))?.version, 2);
    });
  });
}
