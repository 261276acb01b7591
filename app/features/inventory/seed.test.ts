import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stockLevel } from './item.ts';
import { itemBody, itemSchema, movementBody, movementSchema } from './schemas.ts';
import { WAREHOUSES } from './seed-catalogue.ts';
import { tellHistory } from './seed.ts';

const now = new Date('2026-11-23T00:10:00.000Z');

function tellAll(at: Date) {
  return [...WAREHOUSES].flatMap(([tenantId, warehouse]) =>
    warehouse.items.map((seeded) => ({ tenantId, warehouse, seeded, ...tellHistory(tenantId, warehouse, seeded, at) })),
  );
}

describe('seed', () => {
  it('tells the same story each time, only later', () => {
    assert.deepEqual(tellAll(now), tellAll(now));
    const quantities = (at: Date) => tellAll(at).map(({ item }) => item.quantity);
    assert.deepEqual(quantities(now), quantities(new Date('2027-02-28T17:45:12.345Z')));
  });

  it('keeps a ledger that leads from 0 to the quantity without a gap', () => {
    for (const { item, movements } of tellAll(now)) {
      let quantity = 0;
      for (const [index, movement] of movements.entries()) {
        quantity += movement.delta;
        assert.equal(movement.quantityAfter, quantity);
        assert.ok(quantity >= 0);
        assert.equal(movement.itemVersion, index + 2);
      }
      assert.equal(quantity, item.quantity, item.sku);
    }
  });

  it('tells it in order, within four weeks, and not from the future, at any time of the day', () => {
    for (const at of [now, new Date('2026-11-23T12:00:00.000Z'), new Date('2026-11-23T23:59:59.999Z')]) {
      for (const { item, movements } of tellAll(at)) {
        const times = [item.createdAt, ...movements.map((movement) => movement.occurredAt), item.updatedAt].map((time) => time.getTime());
        assert.deepEqual(times, [...times].sort((a, b) => a - b), item.sku);
        assert.ok(item.updatedAt < at);
        assert.ok(at.getTime() - item.createdAt.getTime() < 29 * 86_400_000);
      }
    }
  });

  it('is what the API could have been told', () => {
    for (const { item, movements } of tellAll(now)) {
      itemSchema.parse(itemBody(item));
      for (const movement of movements) movementSchema.parse(movementBody(movement, []));
    }
  });

  it('shows every stock level, a retired item and several hands, and never one identifier twice', () => {
    const all = tellAll(now);
    const acme = all.filter((one) => one.tenantId === 'acme');
    assert.deepEqual(new Set(acme.filter(({ item }) => item.status === 'active').map(({ item }) => stockLevel(item))), new Set(['ok', 'low', 'out']));
    assert.equal(acme.filter(({ item }) => item.status === 'retired').length, 1);
    assert.equal(new Set(acme.flatMap(({ movements }) => movements.map(({ actor }) => actor.id))).size, 3);
    const ids = all.flatMap(({ movements }) => movements.map(({ id }) => id));
    assert.equal(new Set(ids).size, ids.length);
  });

  it('lets only who is cleared have moved what is restricted', () => {
    const restricted = tellAll(now).filter(({ item }) => item.sensitivity === 'restricted');
    assert.equal(restricted.length, 1);
    for (const { movements, warehouse } of restricted) assert.ok(movements.length > 0 && movements.every(({ actor }) => actor === warehouse.manager));
  });

  it('gives the two tenants different goods', () => {
    const skus = (tenantId: string) => new Set(WAREHOUSES.get(tenantId)?.items.map(({ sku }) => sku));
    assert.equal(skus('acme').size, 13);
    assert.equal(skus('globex').size, 8);
    assert.ok(skus('acme').isDisjointFrom(skus('globex')));
  });
});
