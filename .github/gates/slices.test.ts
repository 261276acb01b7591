import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { findGates } from './find.ts';
import { weightsOf } from './proof-record.ts';
import { divide, parseSlice } from './slices.ts';

const root = path.join(import.meta.dirname, '../..');
const gates = (await findGates(root)).map(({ name }) => name);
const weights = weightsOf(root, gates);

for (const count of [1, 2, 4, 7, 99]) {
  test(`${count} slices together are all gates, each once`, () => {
    const slices = divide(gates, weights, count);
    assert.equal(slices.length, count);
    assert.deepEqual(slices.flat().toSorted(), gates.toSorted());
  });
}

test('the heaviest go first, each to the lightest slice, and what was never weighed counts as the mean', () => {
  assert.deepEqual(divide(['a', 'b', 'c', 'd', 'e'], new Map([['a', 1], ['b', 9], ['c', 5], ['d', 4]]), 2), [['b', 'd'], ['a', 'c', 'e']]);
  assert.deepEqual(divide(['a', 'b', 'c'], new Map(), 2), [['a', 'c'], ['b']]);
});

test('the order in which gates are found does not matter', () => {
  assert.deepEqual(divide(gates.toReversed(), weights, 4), divide(gates, weights, 4));
});

test('no slice of four weighs more than twice what another does', () => {
  const sums = divide(gates, weights, 4).map((names) => names.reduce((sum, name) => sum + (weights.get(name) ?? 0), 0));
  assert.ok(Math.max(...sums) <= 2 * Math.min(...sums), sums.join(', '));
});

test('a slice is a number of a count, and nothing else', () => {
  assert.deepEqual([parseSlice('1/4'), parseSlice('4/4')], [{ number: 1, count: 4 }, { number: 4, count: 4 }]);
  for (const text of ['', '0/4', '5/4', '1', '1/4/4', 'a/b', '1/0', '-1/4', '1.5/4']) assert.throws(() => parseSlice(text), /a slice is N\/M/, text);
});
