import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeSlowRun, parseEstablished, type SlowRun } from './slow-verdict.ts';

const RIGHT: SlowRun = { wanted: 200, lifetimesMs: Array.from({ length: 200 }, () => 14_900), good: { asked: 2_000, succeeded: 1_998 } };
const failing = (run: Partial<SlowRun>): readonly number[] => judgeSlowRun({ ...RIGHT, ...run }).flatMap(({ holds }, index) => (holds ? [] : [index]));

test('a run in which all was as it should be holds', () => {
  assert.deepEqual(failing({}), []);
});

test('too few slow connections, one that stayed, and a good client that was refused are each seen', () => {
  assert.deepEqual(failing({ lifetimesMs: RIGHT.lifetimesMs.slice(1) }), [0]);
  assert.deepEqual(failing({ lifetimesMs: [...RIGHT.lifetimesMs, 15_001] }), [1]);
  assert.deepEqual(failing({ good: { asked: 2_000, succeeded: 1_997 } }), [2]);
});

test('a run in which nothing was asked proves nothing', () => {
  assert.deepEqual(failing({ lifetimesMs: [], good: { asked: 0, succeeded: 0 } }), [0, 1, 2]);
  assert.deepEqual(failing({ good: { asked: 999, succeeded: 999 } }), [2]);
});

test('of the system’s table, the open connections to the port are read', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue',
    '   0: 00000000:1F90 00000000:0000 0A 00000000:00000000',
    '   1: 0100007F:1F90 0100007F:C001 01 00000010:00000000',
    '   2: 0100007F:1F90 0100007F:C002 04 00000000:00000000',
    '   3: 0100007F:C001 0100007F:1F90 01 00000000:00000000',
    '',
  ].join('\n');
  assert.deepEqual(parseEstablished(table, 8_080), [{ peerPort: 49_153, waiting: 16 }]);
});
