import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FaultRecord, judgeFault, type Seen } from './fault-verdict.ts';

function answer(atMs: number, kind: Seen['kind'], status: number, more: Partial<Seen> = {}): Seen {
  return { atMs, tookMs: 5, kind, status, retryAfter: status === 503, ...more };
}

const CALM: readonly Seen[] = [
  answer(100, 'read', 200),
  answer(1_500, 'write', 503),
  answer(1_600, 'read', 503),
  answer(1_700, 'denied', 401),
  answer(2_300, 'write', 503),
  answer(2_400, 'write', 201),
  answer(2_500, 'read', 200),
  answer(9_000, 'write', 409),
];
const record: FaultRecord = { fault: 'gone', beganMs: 1_000, endedMs: 2_000, watchedUntilMs: 10_000, seen: CALM, explained: [], lost: [], restarted: false };
const violationsOf = (change: Partial<FaultRecord>) => judgeFault({ ...record, ...change }).violations;

test('a fault that was answered with 503 and is over soon has no violation', () => {
  assert.deepEqual(judgeFault(record), { fault: 'gone', clientsSaw: '503 × 2', longestMs: 5, recoveredAfterMs: 300, violations: [] });
});

test('an unexpected status, and no answer at all, are found unless the fault explains them', () => {
  const seen = [...CALM, answer(1_800, 'read', 500), answer(1_900, 'write', 0), answer(1_950, 'denied', 500)];
  assert.deepEqual(violationsOf({ seen }), ['a read got 500', 'a write got no answer', 'a denied got 500']);
  assert.deepEqual(violationsOf({ seen, explained: [0, 500] }), []);
});

test('a 503 that does not say when to come back is found', () => {
  assert.deepEqual(violationsOf({ seen: [...CALM, answer(1_800, 'read', 503, { retryAfter: false })] }), ['a 503 without Retry-After']);
});

test('what must be denied and was let through is found', () => {
  assert.deepEqual(violationsOf({ seen: [...CALM, answer(1_800, 'denied', 200)] }), ['fail-open: what must be denied got 200']);
});

test('an answer beyond the deadline is found', () => {
  assert.deepEqual(violationsOf({ seen: [...CALM, answer(1_800, 'read', 503, { tookMs: 20_000 })] }), ['an answer took 20000 ms']);
});

test('a recovery that is late, or never, is found', () => {
  assert.deepEqual(violationsOf({ seen: [...CALM, answer(8_000, 'read', 503), answer(8_100, 'read', 200)] }), ['recovered after 6000 ms']);
  assert.deepEqual(violationsOf({ seen: [...CALM, answer(9_900, 'read', 503)] }), ['recovered not within 8000 ms']);
  assert.deepEqual(violationsOf({ seen: CALM.filter(({ kind }) => kind !== 'write') }), ['recovered not within 8000 ms']);
});

test('a fault during which nothing was asked, a restart, and what was lost are found', () => {
  assert.deepEqual(violationsOf({ seen: CALM.filter(({ atMs }) => atMs > 2_350) }), ['nothing was asked while it lasted']);
  assert.deepEqual(violationsOf({ restarted: true, lost: ['key-1: acknowledged, and not stored as told'] }), ['the process had to be started again', 'key-1: acknowledged, and not stored as told']);
});
