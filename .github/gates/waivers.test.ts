import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from './gate.ts';
import { applyWaivers, readWaivers, type Waiver } from './waivers.ts';

const now = Date.UTC(2026, 10, 24, 12);
const finding = (more: Partial<Finding> = {}): Finding => ({ rule: 'some-rule', file: 'a.ts', line: 4, severity: 'error', message: 'm', fix: 'f', ...more });
const waiver = (more: Partial<Waiver> = {}): Waiver => ({ gate: 'a_holds', rule: 'some-rule', file: 'a.ts', line: 3, until: '2026-12-31', ...more });
const rules = (findings: readonly Finding[], waivers: readonly Waiver[], at = now) => applyWaivers('a_holds', findings, waivers, at).map(({ rule }) => rule);

test('a waiver is read with gate, rule, line and last day, in any kind of comment', () => {
  const text = '\n// gates:allow a_holds/some-rule until 2026-12-31: since it is so\n# gates:allow b_holds/CKV_1 until 2027-01-31: since\n<!-- gates:allow c_holds/x:y until 2027-01-31: since -->\n';
  assert.deepEqual(readWaivers(['a.ts'], () => text), [
    { gate: 'a_holds', rule: 'some-rule', file: 'a.ts', line: 2, until: '2026-12-31' },
    { gate: 'b_holds', rule: 'CKV_1', file: 'a.ts', line: 3, until: '2027-01-31' },
    { gate: 'c_holds', rule: 'x:y', file: 'a.ts', line: 4, until: '2027-01-31' },
  ]);
});

for (const text of ['gates:allow a_holds/some-rule: since', 'gates:allow a_holds/some-rule until 2026-12-31:', 'gates:allow a_holds until 2026-12-31: since', 'gates:allow a_holds/some-rule until tomorrow: since']) {
  test(`what lacks rule, date or reason waives nothing: ${text}`, () => {
    assert.deepEqual(readWaivers(['a.ts'], () => text), []);
  });
}

test('a waiver takes away what is on its own line or the next, of its rule, file and gate', () => {
  assert.deepEqual(rules([finding({ line: 3 }), finding({ line: 4 })], [waiver()]), []);
  assert.deepEqual(rules([finding({ line: 5 })], [waiver()]), ['some-rule', 'unused-waiver']);
  assert.deepEqual(rules([finding({ line: 2 })], [waiver()]), ['some-rule', 'unused-waiver']);
  assert.deepEqual(rules([finding({ rule: 'other' })], [waiver()]), ['other', 'unused-waiver']);
  assert.deepEqual(rules([finding({ file: 'b.ts' })], [waiver()]), ['some-rule', 'unused-waiver']);
  assert.deepEqual(rules([finding()], [waiver({ gate: 'b_holds' })]), ['some-rule']);
});

test('several waivers one below the other hold for the line after the last of them', () => {
  const stacked = [waiver({ line: 2 }), waiver({ line: 3, rule: 'other' }), waiver({ line: 4, gate: 'b_holds' })];
  assert.deepEqual(rules([finding({ line: 5 }), finding({ line: 5, rule: 'other' })], stacked), []);
  assert.deepEqual(rules([finding({ line: 6 }), finding({ line: 5, rule: 'other' })], stacked), ['some-rule', 'unused-waiver']);
  assert.deepEqual(rules([finding({ line: 5 })], [waiver({ line: 2 }), waiver({ line: 4, rule: 'other' })]), ['some-rule', 'unused-waiver', 'unused-waiver']);
});

test('a finding about a file as a whole is waived by the file beside it alone', () => {
  const whole: Finding = { rule: 'some-rule', file: 'a.ts', severity: 'error', message: 'm', fix: 'f' };
  assert.deepEqual(rules([whole], [waiver({ line: 1 })]), ['some-rule', 'unused-waiver']);
  assert.deepEqual(rules([whole, finding({ line: 900 })], [waiver({ file: 'a.ts.waivers' })]), []);
});

test('a waiver holds to the end of its last day, and is a finding with a date after that', () => {
  assert.deepEqual(rules([finding()], [waiver({ until: '2026-11-24' })]), []);
  const [left, expired] = applyWaivers('a_holds', [finding()], [waiver({ until: '2026-11-23' })], now);
  assert.equal(left?.rule, 'some-rule');
  assert.deepEqual([expired?.rule, expired?.file, expired?.line], ['expired-waiver', 'a.ts', 3]);
  assert.match(expired?.message ?? '', /2026-11-23/);
});
