import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sparklinePath, sparklineText } from './sparkline.ts';

test('a line stays inside its box and has a point for each value', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 2, maxLength: 60 }), fc.integer({ min: 10, max: 900 }), fc.integer({ min: 10, max: 300 }), (values, width, height) => {
      const points = sparklinePath(values, width, height).slice(1).split(' L').map((point) => point.split(' ').map(Number));
      assert.equal(points.length, values.length);
      for (const [x = NaN, y = NaN] of points) assert.ok(x >= 0 && x <= width && y >= 0 && y <= height, `${x} ${y}`);
    }),
  );
});

test('no value draws nothing, one draws a flat line, and more stock lies higher', () => {
  assert.equal(sparklinePath([], 100, 20), '');
  assert.equal(sparklinePath([5], 100, 20), 'M2 2 L98 2');
  assert.equal(sparklinePath([0, 4], 100, 20), 'M2 18 L98 2');
  assert.equal(sparklineText([3, 9, 1]), 'Stock history, 3 values: from 3 to 1, lowest 1, highest 9');
});
