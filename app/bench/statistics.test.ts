import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { median, pairedDifferences, pairedRatios, percentile, summarise } from './statistics.ts';

const figures = fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 });

test('a percentile is the nearest rank', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(percentile(values, 0.5), 50);
  assert.equal(percentile(values, 0.99), 99);
  assert.equal(percentile(values, 1), 100);
  assert.equal(percentile([7], 0.01), 7);
});

test('a percentile is one of the values, and at least its share lies at or below it', () => {
  fc.assert(
    fc.property(figures, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, share) => {
      const found = percentile(values, share);
      assert.ok(values.includes(found));
      assert.ok(values.filter((value) => value <= found).length >= share * values.length - 1e-9);
    }),
  );
});

test('the median of an even number of values lies between the middle two', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([3, 1, 2]), 2);
});

test('a summary says how far the rounds lie apart, as a share of their median', () => {
  assert.deepEqual(summarise([90, 100, 120]), { median: 100, lowest: 90, highest: 120, spread: 0.3 });
  assert.equal(summarise([0, 0]).spread, 0);
});

test('a machine that is slow for a round changes no paired ratio', () => {
  fc.assert(
    fc.property(figures, fc.double({ min: 0.1, max: 10, noNaN: true }), (reference, factor) => {
      const ratios = pairedRatios(reference.map((value) => value * factor), reference);
      assert.ok(Math.abs(ratios.median - factor) < 1e-9 * factor + 1e-12);
      assert.ok(ratios.spread < 1e-9);
    }),
  );
});

test('differences are taken round by round', () => {
  assert.deepEqual(pairedDifferences([110, 220], [100, 200]), { median: 15, lowest: 10, highest: 20, spread: 10 / 15 });
});

test('no values, rounds that are not the same and shares that are none are refused', () => {
  assert.throws(() => median([]), RangeError);
  assert.throws(() => percentile([], 0.5), RangeError);
  assert.throws(() => percentile([1], 0), RangeError);
  assert.throws(() => percentile([1], Number.NaN), RangeError);
  assert.throws(() => pairedRatios([1, 2], [1]), RangeError);
});
