import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '#app/testing/condition.ts';

test('answers with the value as soon as there is one', async () => {
  let looks = 0;
  assert.equal(await until('three looks', () => (looks += 1) === 3 && 'seen'), 'seen');
  assert.equal(looks, 3);
});

test('says what was awaited once the deadline is past', async () => {
  await assert.rejects(until('pigs to fly', () => false, 10), /waited 10 ms in vain: pigs to fly/);
});
