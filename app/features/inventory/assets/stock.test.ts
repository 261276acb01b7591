import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stockLevel } from '../item.ts';
import { levelOf, meterMax, movementText, relativeTime } from './stock.ts';

test('the level is the domain’s, but for a retired item', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.nat(50), (quantity, reorderLevel) => {
      assert.equal(levelOf({ status: 'active', quantity, reorderLevel }), stockLevel({ quantity, reorderLevel }));
      assert.equal(levelOf({ status: 'retired', quantity, reorderLevel }), 'retired');
      assert.ok(meterMax({ quantity, reorderLevel }) >= Math.max(quantity, reorderLevel, 1));
    }),
  );
});

test('a movement is told by its direction', () => {
  assert.equal(movementText({ delta: 5, reason: 'received' }), 'received 5');
  assert.equal(movementText({ delta: -3, reason: 'sold' }), 'sold 3');
  assert.equal(movementText({ delta: -1, reason: 'count' }), 'counted 1 fewer');
});

test('a time is told in its largest whole unit', () => {
  const from = new Date('2026-11-23T09:00:00Z');
  const after = (seconds: number): string => relativeTime(from, new Date(from.getTime() + seconds * 1000));
  assert.deepEqual([-5, 59, 60, 3599, 3600, 86_399, 86_400, 200_000].map(after), ['just now', 'just now', '1 minute ago', '59 minutes ago', '1 hour ago', '23 hours ago', '1 day ago', '2 days ago']);
});
