import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Attempt, type FollowedStream, judge, type StoredItem } from './verdict.ts';
import type { MovementBody } from '../schemas.ts';

const REFUSED = { status: 409, body: { type: '/problems/insufficient-stock', requestId: 'a' } };

function movement(n: number, delta: number, quantityAfter: number): MovementBody {
  return { id: `id-${n}`, sku: 'A', delta, reason: 'count', note: `key-${n}`, actor: { id: 'clerk', name: 'Cleo' }, quantityAfter, occurredAt: '2026-11-23T09:30:00.000Z' };
}

const ledger = [movement(1, 5, 5), movement(2, -2, 3), movement(3, 4, 7)] as const;
const attempts: readonly Attempt[] = [
  ...ledger.map((body) => ({ key: body.note ?? '', sku: 'A', delta: body.delta, answers: [{ status: 201, body }] })),
  { key: 'key-4', sku: 'A', delta: -9, answers: [REFUSED, { ...REFUSED, body: { ...REFUSED.body, requestId: 'b' } }] },
];
const stored: readonly StoredItem[] = [{ sku: 'A', quantity: 7, ledger }];
const stream: FollowedStream = { name: 'a client', resyncs: 0, positions: [11, 14, 15], movements: ledger };

/** The claims that do not hold. */
function broken(change: { readonly attempts?: readonly Attempt[]; readonly stored?: readonly StoredItem[]; readonly stream?: Partial<FollowedStream> }): readonly string[] {
  return judge(change.attempts ?? attempts, change.stored ?? stored, [{ ...stream, ...change.stream }])
    .filter(({ violations }) => violations.length > 0)
    .map(({ claim }) => claim);
}

const AS_TOLD = 'an acknowledged movement is stored as told';
const ONCE = 'a key ran once when it was accepted, and never when it was refused';
const ALIKE = 'every answer to one key is the same, the movement or its refusal';
const SUM = 'the stock is the sum of its ledger, never below zero';
const SAW = 'a client saw every movement once';
const ORDER = 'a client saw them in order';

test('a clean record holds in every claim, each with its cases', () => {
  const claims = judge(attempts, stored, [stream]);
  assert.deepEqual(claims.map(({ claim, cases, violations }) => [claim, cases, violations.length]), [[AS_TOLD, 3, 0], [ONCE, 4, 0], [ALIKE, 5, 0], [SUM, 3, 0], [SAW, 3, 0], [ORDER, 3, 0]]);
});

test('an acknowledged movement that is gone is found', () => {
  const shorter = ledger.slice(0, 2);
  assert.deepEqual(broken({ stored: [{ sku: 'A', quantity: 3, ledger: shorter }], stream: { movements: shorter } }), [AS_TOLD, ONCE]);
});

test('a movement that is stored otherwise than it was told is found', () => {
  const told = attempts.map((attempt, index) => (index === 0 ? { ...attempt, answers: [{ status: 201, body: { ...ledger[0], reason: 'sold' } }] } : attempt));
  assert.deepEqual(broken({ attempts: told }), [AS_TOLD]);
});

test('a key that ran twice is found', () => {
  const doubled = [...ledger, { ...movement(3, 4, 11), id: 'id-3b' }];
  assert.deepEqual(broken({ stored: [{ sku: 'A', quantity: 11, ledger: doubled }], stream: { movements: doubled } }), [ONCE]);
});

test('a refused request that ran, and one that nobody sent, are found', () => {
  for (const note of ['key-4', 'key-5']) {
    const more = [...ledger, { ...movement(4, 1, 8), note }];
    assert.deepEqual(broken({ stored: [{ sku: 'A', quantity: 8, ledger: more }], stream: { movements: more } }), [ONCE]);
  }
});

test('two answers to one key, a failure, and no answer at all are found', () => {
  const [first, ...others] = attempts;
  assert.ok(first);
  assert.deepEqual(broken({ attempts: [{ ...first, answers: [...first.answers, REFUSED] }, ...others] }), [ALIKE]);
  assert.deepEqual(broken({ attempts: [...attempts, { key: 'key-6', sku: 'A', delta: 1, answers: [{ status: 500, body: {} }] }] }), [ALIKE]);
  assert.deepEqual(broken({ attempts: [...attempts, { key: 'key-6', sku: 'A', delta: 1, answers: [] }] }), [ALIKE]);
});

test('a stock that is not the sum of its ledger is found', () => {
  assert.deepEqual(broken({ stored: [{ sku: 'A', quantity: 8, ledger }] }), [SUM]);
});

test('a client that missed an event, saw one twice, or saw one that is not stored is found', () => {
  assert.deepEqual(broken({ stream: { movements: ledger.slice(1) } }), [SAW, ORDER]);
  assert.deepEqual(broken({ stream: { movements: [...ledger, ledger[2]] } }), [SAW, ORDER]);
  assert.deepEqual(broken({ stream: { movements: [...ledger, movement(9, 1, 8)] } }), [SAW, ORDER]);
});

test('a client that was told to read everything again missed something', () => {
  assert.deepEqual(broken({ stream: { resyncs: 1 } }), [SAW]);
});

test('events in another order than the ledger, or positions that go back, are found', () => {
  assert.deepEqual(broken({ stream: { movements: [ledger[1], ledger[0], ledger[2]] } }), [ORDER]);
  assert.deepEqual(broken({ stream: { positions: [11, 15, 14] } }), [ORDER]);
});
