import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FollowedAcross, judgeRestore, measureLoss, type RestoreRecord, type WorkloadRecord } from './restore-verdict.ts';

const changeAt = (n: number) => ({ id: `c${n}`, sentAt: n * 100, acknowledgedAt: n * 100 + 50 });
const eventAt = (n: number, position = n) => ({ id: `c${n}`, position });
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** c1 to c8 before the loss at 1000, c11 to c13 after. */
const whole: FollowedAcross = { name: 'a client', before: numbers(1, 8).map((n) => eventAt(n)), after: numbers(11, 13).map((n) => eventAt(n)), resyncs: 0 };
const all = [...numbers(1, 8), ...numbers(11, 13)];
const nothingLost: WorkloadRecord = {
  name: 'changes',
  before: numbers(1, 8).map(changeAt),
  after: numbers(11, 13).map(changeAt),
  restored: numbers(1, 8).map((n) => `c${n}`),
  atEnd: all.map((n) => `c${n}`),
  problems: [],
  events: all.map((n) => eventAt(n)),
  followers: [whole],
};
/** c7 and c8 are lost. */
const some: WorkloadRecord = {
  ...nothingLost,
  restored: numbers(1, 6).map((n) => `c${n}`),
  atEnd: [...numbers(1, 6), ...numbers(11, 13)].map((n) => `c${n}`),
  events: [...numbers(1, 6), ...numbers(11, 13)].map((n) => eventAt(n, n > 8 ? 1_000 + n : n)),
  followers: [{ ...whole, after: numbers(11, 13).map((n) => eventAt(n, 1_000 + n)), resyncs: 1 }],
};
const record = (workload: WorkloadRecord, more: Partial<RestoreRecord> = {}): RestoreRecord => ({ lostAt: 1_000, mostLostMs: workload.atEnd.includes('c8') ? undefined : 300, workloads: [workload], checks: [], ...more });
const broken = (of: RestoreRecord) => judgeRestore(of).filter(({ violations }) => violations.length > 0).map(({ claim }) => claim);

const PREFIX = 'what is there is all that was acknowledged up to one moment';
const NOTHING = 'nothing that was acknowledged is lost';
const YOUNG = 'nothing is lost that was acknowledged more than 0.3 s before';
const KEPT = 'changes: what was restored and what was acknowledged since is there';
const HALF = 'changes: nothing is half there';
const ONCE = 'changes: a client was given each position once, in order';
const SAW = 'changes: a client saw every event once, and resumed';
const TOLD = 'changes: a client was told once to read anew, and saw every later event once';

test('a clean record holds in every claim, each with its cases; what is lost is measured', () => {
  assert.deepEqual(judgeRestore(record(nothingLost)).map(({ claim, cases, violations }) => [claim, cases, violations.length]), [[PREFIX, 8, 0], [NOTHING, 8, 0], [KEPT, 3, 0], [HALF, 11, 0], [ONCE, 3, 0], [SAW, 11, 0]]);
  assert.deepEqual(judgeRestore(record(some)).map(({ claim, cases, violations }) => [claim, cases, violations.length]), [[PREFIX, 6, 0], [YOUNG, 8, 0], [KEPT, 3, 0], [HALF, 9, 0], [ONCE, 3, 0], [TOLD, 3, 0]]);
  assert.deepEqual(measureLoss(record(nothingLost)), { acknowledged: 8, lost: 0, recoveryPointMs: 0 });
  assert.deepEqual(measureLoss(record(some)), { acknowledged: 8, lost: 2, recoveryPointMs: 250 });
});

test('a change that is lost is found where none may be, and where it is too old', () => {
  assert.deepEqual(broken(record(some, { mostLostMs: undefined })).filter((claim) => claim === NOTHING), [NOTHING]);
  assert.deepEqual(broken(record(some, { mostLostMs: 200 })), ['nothing is lost that was acknowledged more than 0.2 s before']);
});

test('a hole is found: a change that is lost though a later one is there, of another workload too', () => {
  assert.deepEqual(broken(record({ ...some, restored: ['c1', 'c2', 'c3', 'c4', 'c6'] })), [PREFIX, YOUNG]);
  const later: WorkloadRecord = { ...nothingLost, name: 'others', followers: [] };
  assert.deepEqual(broken(record(some, { workloads: [some, later] })), [PREFIX]);
});

test('what goes missing after the restore, a change without its event, an event without its change and two of them are found', () => {
  assert.deepEqual(broken(record({ ...some, atEnd: some.atEnd.slice(0, -1) })), [KEPT, HALF]);
  assert.deepEqual(broken(record({ ...some, atEnd: some.atEnd.slice(1) })), [KEPT, HALF]);
  assert.deepEqual(broken(record({ ...some, events: some.events?.slice(1) })), [HALF]);
  assert.deepEqual(broken(record({ ...some, events: [...(some.events ?? []), eventAt(1, 2_000)] })), [HALF]);
  assert.deepEqual(broken(record({ ...some, problems: ['the sum is wrong'] })), [HALF]);
  assert.deepEqual(broken(record({ ...some, events: undefined })), [], 'changes that have no events');
});

test('a position that is given again, an event that is missed or comes twice, and a client that is not told are found', () => {
  const follow = (of: WorkloadRecord, more: Partial<FollowedAcross>) => record({ ...of, followers: of.followers.map((follower) => ({ ...follower, ...more })) });
  assert.deepEqual(broken(follow(some, { after: numbers(11, 13).map((n) => eventAt(n, n - 4)) })), [ONCE]);
  assert.deepEqual(broken(follow(some, { resyncs: 0 })), [TOLD]);
  assert.deepEqual(broken(follow(some, { resyncs: 2 })), [TOLD]);
  assert.deepEqual(broken(follow(some, { after: numbers(12, 13).map((n) => eventAt(n, 1_000 + n)) })), [TOLD]);
  assert.deepEqual(broken(follow(nothingLost, { resyncs: 1 })), [SAW]);
  assert.deepEqual(broken(follow(nothingLost, { before: whole.before.slice(0, -1) })), [SAW]);
  assert.deepEqual(broken(follow(nothingLost, { after: [eventAt(8), ...whole.after] })), [ONCE, SAW]);
});

test('a check that came out otherwise is found, with both', () => {
  const checks = [{ what: 'the trail is whole', expected: '0', actual: '1' }];
  assert.deepEqual(judgeRestore(record(some, { checks })).at(-1), { claim: 'the trail is whole', cases: 1, violations: ['expected "0", and it was "1"'] });
});
