import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BoardItem, countChange, readBoardEvent } from './board-event.ts';
import { levelOf } from './stock.ts';

const item: BoardItem = { sku: 'A-1', name: 'A', location: 'Aisle 1', unit: 'box', quantity: 5, reorderLevel: 3, status: 'active', version: 2 };
const movementOf = (delta: number) => ({ id: 'm', sku: 'A-1', delta, reason: 'sold', actor: { id: 'u', name: 'U' }, occurredAt: '2026-03-01T08:00:00.000Z' });

test('an event is read, and what is none is left alone', () => {
  assert.deepEqual(readBoardEvent(JSON.stringify({ specversion: '1.0', data: { item } })), { item });
  for (const text of ['', 'null', '[]', '{}', '{"data":{}}', '{"data":{"item":{}}}', '{"data":{"item":{"sku":1,"version":1}}}']) assert.equal(readBoardEvent(text), undefined);
});

test('whatever is moved, the tiles say what counting again would say', () => {
  fc.assert(
    fc.property(fc.nat(20), fc.integer({ min: -20, max: 20 }), fc.nat(20), (quantity, delta, reorderLevel) => {
      fc.pre(delta !== 0 && quantity + delta >= 0);
      const before = { ...item, quantity, reorderLevel };
      const after = { ...before, quantity: quantity + delta };
      const change = countChange('inventory.item.moved.v1', { item: after, movement: movementOf(delta) }, undefined);
      const count = (level: string, one: BoardItem) => (levelOf(one) === level ? 1 : 0);
      assert.deepEqual(change, { active: 0, units: delta, low: count('low', after) - count('low', before), out: count('out', after) - count('out', before) });
    }),
  );
});

test('a new item counts, a retired one no longer, and a new reorder level moves it', () => {
  assert.deepEqual(countChange('inventory.item.created.v1', { item: { ...item, quantity: 0 } }, undefined), { active: 1, units: 0, low: 0, out: 1 });
  assert.deepEqual(countChange('inventory.item.retired.v1', { item: { ...item, quantity: 0, status: 'retired' } }, 'out'), { active: -1, units: -0, low: 0, out: -1 });
  assert.deepEqual(countChange('inventory.item.changed.v1', { item: { ...item, reorderLevel: 9 } }, 'ok'), { active: 0, units: 0, low: 1, out: 0 });
});
