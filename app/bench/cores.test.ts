import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCores, parseAffinity } from './cores.ts';

test('the list of cores has single ones and ranges', () => {
  assert.deepEqual(parseAffinity("pid 12's current affinity list: 0,2-4\n"), [0, 2, 3, 4]);
  assert.deepEqual(parseAffinity("pid 12's current affinity list: 5\n"), [5]);
});

test('what is no list is no core', () => {
  assert.deepEqual(parseAffinity('taskset: failed'), []);
  assert.deepEqual(parseAffinity(''), []);
});

test('what is started is the program, on its core or as it is', () => {
  const { place, description } = findCores();
  const [program, parameters] = place('server', 'node', ['a.ts']);
  assert.deepEqual([program, ...parameters].slice(-2), ['node', 'a.ts']);
  if (program !== 'taskset') assert.match(description, /NOT kept apart/);
  else assert.notDeepEqual(place('load', 'node', []), place('server', 'node', []));
});
