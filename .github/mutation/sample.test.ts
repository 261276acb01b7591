// What a sample is taken by and what is said of it, against values that others have published.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shuffle, wilsonInterval } from './sample.ts';

const numbers = Array.from({ length: 1_000 }, (_, index) => index);

test('a seed gives one order, another seed another, and none leaves out or repeats', () => {
  assert.deepEqual(shuffle(numbers, 1), shuffle(numbers, 1));
  assert.notDeepEqual(shuffle(numbers, 1), shuffle(numbers, 2));
  assert.deepEqual(shuffle(numbers, 1).toSorted((a, b) => a - b), numbers);
});

test('every part of the list has its share of a sample', () => {
  const quarters = [0, 0, 0, 0];
  for (let seed = 1; seed <= 50; seed += 1) for (const number of shuffle(numbers, seed).slice(0, 100)) quarters[Math.floor(number / 250)] = (quarters[Math.floor(number / 250)] ?? 0) + 1;
  // 1,250 expected of 5,000; six standard deviations are 184.
  for (const count of quarters) assert.ok(Math.abs(count - 1_250) < 184, quarters.join());
});

// Newcombe, Statistics in Medicine 17 (1998), table I, method 3: the score method without continuity correction.
for (const [hits, of, low, high] of [[81, 263, 0.2553, 0.3662], [15, 148, 0.0624, 0.1605], [0, 20, 0, 0.1611], [1, 29, 0.0061, 0.1718]] as const) {
  test(`the interval of ${hits} of ${of} is ${low} to ${high}`, () => {
    assert.deepEqual(wilsonInterval(hits, of).map((bound) => Math.round(bound * 10_000) / 10_000), [low, high]);
  });
}
