// What was read lately is there for its time, and no more of it than was allowed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemory } from '#app/privacy/memory.ts';

const START_MS = Date.UTC(2026, 10, 24);

test('a value is there until its time is over, counted from when it was set', () => {
  let nowMs = START_MS;
  const memory = createMemory<number>({ most: 10, keptMs: 1_000, clock: () => new Date(nowMs) });
  memory.set('a', 1);
  nowMs += 999;
  assert.equal(memory.get('a'), 1);
  nowMs += 1;
  assert.equal(memory.get('a'), undefined);
  memory.set('a', 2);
  assert.equal(memory.get('a'), 2);
  memory.delete('a');
  assert.equal(memory.get('a'), undefined);
});

test('the one that was set first gives way; one that is set again counts as new', () => {
  const memory = createMemory<number>({ most: 2, keptMs: 1_000, clock: () => new Date(START_MS) });
  memory.set('a', 1);
  memory.set('b', 2);
  memory.set('a', 3);
  memory.set('c', 4);
  assert.deepEqual(['a', 'b', 'c'].map((name) => memory.get(name)), [3, undefined, 4]);
});
