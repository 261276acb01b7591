import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { shareOfGreater } from './distributions.ts';

test('nothing in common is 0 or 1, the same is a half', () => {
  assert.equal(shareOfGreater([4, 5, 6], [1, 2, 3]), 1);
  assert.equal(shareOfGreater([1, 2, 3], [4, 5, 6]), 0);
  assert.equal(shareOfGreater([1, 2, 3], [1, 2, 3]), 0.5);
  assert.throws(() => shareOfGreater([], [1]), RangeError);
});

test('it is what counting every pair says', () => {
  const values = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(values, values, (first, second) => {
      const pairs = first.flatMap((one) => second.map((other) => (one > other ? 1 : one === other ? 0.5 : 0) as number));
      assert.ok(Math.abs(shareOfGreater(first, second) - pairs.reduce((sum, each) => sum + each, 0) / pairs.length) < 1e-9);
    }),
  );
});
