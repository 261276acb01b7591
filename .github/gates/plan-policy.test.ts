import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unusable } from './gate.ts';
import { applyPlanWaivers, judgePlans, planFindingsOf, readPlanWaivers } from './plan-policy.ts';

const now = Date.parse('2026-11-28T12:00:00Z');
const denied = (resource: string) => ({ msg: 'It is open.', metadata: { policy: 'a', resource, severity: 'error', remediation: 'Close it.', query: 'data.lib.terraform_verdict.deny' } });
const result = (filename: string, resource: string) => ({ filename, namespace: 'lib.terraform_verdict', successes: 0, warnings: [{ msg: 'a' }], failures: [denied(resource)] });
const printed = JSON.stringify([result('one.json', 'aws_lb.main'), result('two.json', 'aws_eip.nat["x"]')]);
const findings = planFindingsOf(printed, ['one.json', 'two.json'], ['a']);

test('what a policy denies is a finding with its plan, its resource and what to do', () => {
  assert.deepEqual(findings[0], { plan: 'one.json', rule: 'a', resource: 'aws_lb.main', severity: 'error', message: 'aws_lb.main: It is open.', fix: 'Close it.' });
  assert.equal(findings.length, 2);
});

test('no plan, a plan or a policy that was left out, and half an answer are no verdict', async () => {
  await assert.rejects(judgePlans(() => Promise.reject(new Error('nobody asked')), [], []), Unusable);
  assert.throws(() => planFindingsOf(printed, ['one.json', 'three.json'], ['a']), Unusable);
  assert.throws(() => planFindingsOf(printed, ['one.json'], ['a', 'b']), Unusable);
  assert.throws(() => planFindingsOf(printed.slice(0, 90), ['one.json'], ['a']), Unusable);
  assert.throws(() => planFindingsOf(printed.replace('"resource":"aws_lb.main",', ''), ['one.json'], ['a']), Unusable);
});

const waiver = { policy: 'a', resource: 'aws_lb.main', reason: 'It is open while we move to another one.', owner: '@organisation/platform', until: '2026-12-31' };
const read = (...waivers: readonly object[]) => readPlanWaivers(JSON.stringify({ waivers }), ['a'], now);

test('a waiver takes away the finding of its policy at its resource, on its last day too', () => {
  assert.deepEqual(applyPlanWaivers(findings, read(waiver), now).left.map(({ resource }) => resource), ['aws_eip.nat["x"]']);
  assert.deepEqual(applyPlanWaivers(findings, read({ ...waiver, until: '2026-11-28' }), now).left.length, 1);
  assert.deepEqual(applyPlanWaivers(findings, read({ ...waiver, resource: 'aws_eip.nat' }), now).left.map(({ resource }) => resource), ['aws_lb.main']);
});

test('one that has ended is a finding and takes nothing away, and one that took nothing away is told', () => {
  const ended = applyPlanWaivers(findings, read({ ...waiver, until: '2026-11-27' }), now);
  assert.deepEqual([ended.left.map(({ rule }) => rule), ended.unused], [['a', 'a', 'expired-waiver'], []]);
  const idle = applyPlanWaivers(findings, read({ ...waiver, resource: 'aws_lb.other' }), now);
  assert.deepEqual([idle.left.length, idle.unused.map(({ rule, resource }) => [rule, resource])], [2, [['unused-waiver', 'aws_lb.other']]]);
});

for (const [what, broken] of [
  ['no owner', { ...waiver, owner: undefined }],
  ['an owner that is nobody', { ...waiver, owner: 'us' }],
  ['no reason that somebody could judge', { ...waiver, reason: 'Needed for now' }],
  ['no end', { ...waiver, until: undefined }],
  ['a day that is none', { ...waiver, until: '2026-02-30' }],
  ['an end of more than a year ahead', { ...waiver, until: '2028-01-01' }],
  ['a policy that there is not', { ...waiver, policy: 'b' }],
  ['something that nobody reads', { ...waiver, severity: 'note' }],
] as const) {
  test(`with a waiver that has ${what}, there is no verdict`, () => {
    assert.throws(() => read(broken), Unusable);
  });
}
