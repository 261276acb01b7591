import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Verdict } from './judge.ts';
import { tableOf } from './table.ts';

const verdict = (gate: string, more: Partial<Verdict> = {}): Verdict => ({ gate, claim: `${gate} is so`, status: 'pass', reason: '', findings: [], ms: 1_250, ...more });
const finding = { rule: 'some-rule', file: 'a.ts', line: 4, severity: 'error', message: 'It is wrong.', fix: 'Make it right.' } as const;
const nothing = { untouched: 0, withoutPart: [] };

test('each gate has a row with claim, result, findings and seconds, and the last line counts', () => {
  const lines = tableOf([verdict('a_holds'), verdict('b_holds', { status: 'fail', findings: [finding] }), verdict('c_holds', { status: 'not run', reason: 'no token; nothing stands in for it' })], nothing).split('\n');
  const row = (gate: string) => lines.find((line) => line.startsWith(gate))?.split(/ {2,}/);
  assert.deepEqual(row('gate'), ['gate', 'claim', 'result', 'findings', 'seconds']);
  assert.deepEqual(row('a_holds'), ['a_holds', 'a_holds is so', 'pass', '0', '1.3']);
  assert.deepEqual(row('b_holds'), ['b_holds', 'b_holds is so', 'fail', '1', '1.3']);
  const third = lines.findIndex((line) => line.startsWith('c_holds'));
  assert.deepEqual([row('c_holds')?.[2], lines[third + 1]?.trim()], ['not run (no token; nothing', 'stands in for it)']);
  assert.equal(lines.at(-1), '1 pass, 1 fail, 1 not run');
});

test('a finding says where, which rule, what is wrong and what to do', () => {
  assert.match(tableOf([verdict('a_holds', { status: 'fail', findings: [finding] })], nothing), /^a\.ts:4 {2}a_holds\/some-rule\n {4}It is wrong\.\n {4}→ Make it right\.$/m);
});

test('a flood of findings is cut, with the command that shows all', () => {
  const text = tableOf([verdict('a_holds', { status: 'fail', findings: Array.from({ length: 23 }, () => finding) })], nothing);
  assert.equal(text.match(/It is wrong/g)?.length, 20);
  assert.match(text, /^3 more of a_holds: npm run gates -- --only a_holds --report/m);
});

test('what was left out is told', () => {
  const text = tableOf([], { untouched: 3, withoutPart: [{ name: 'cloud_holds', part: 'terraform/' } as never] });
  assert.match(text, /3 more judge nothing that was changed\ncloud_holds claims nothing here: there is no terraform\//);
});
