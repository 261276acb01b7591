import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unusable } from './gate.ts';
import { claimsOf, findingsOf, policiesOf } from './workflows_follow_policy.gate.ts';

const file = '.github/workflows/a.yml';
const policies = [{ claim: 'jobs_end_in_time', fix: 'Add timeout-minutes.', severity: 'warning' }, { claim: 'images_are_pinned', fix: 'Add the digest.', severity: 'error' }] as const;
const asked = policies.map(({ claim }) => claim);

/** As opa 1.22.2 prints the answer. */
const answer = (value: unknown) => JSON.stringify({ result: [{ expressions: [{ value, text: '[…]', location: { row: 1, col: 1 } }] }] });
const denied = answer([{ file, asked, denials: [{ claim: 'jobs_end_in_time', denial: { line: 7, message: 'The job a has no timeout.' } }] }]);

/** As `opa inspect --annotations` prints them. */
const inspected = (custom: unknown, claim = 'jobs_end_in_time') =>
  JSON.stringify({ manifest: {}, namespaces: {}, annotations: [{ annotations: { scope: 'package', title: 'x', custom }, location: { file: `policies/github/${claim}.rego`, row: 9, col: 1 }, path: ['data', 'github', claim].map((value) => ({ type: 'string', value })) }, { annotations: { scope: 'rule', description: 'x' } }] });

test('a denial is shown at its line, with severity and remedy of its policy', () => {
  assert.deepEqual(findingsOf(denied, [file], policies), [{ rule: 'jobs_end_in_time', file, line: 7, severity: 'warning', message: 'The job a has no timeout.', fix: 'Add timeout-minutes.' }]);
});

test('nothing is found where every policy was asked and none denies', () => {
  assert.deepEqual(findingsOf(answer([{ file, asked, denials: [] }]), [file], policies), []);
});

test('a claim is a file of the folder, but for tests', () => {
  assert.deepEqual(claimsOf(['policies/github/jobs_end_in_time.rego', 'policies/github/jobs_end_in_time_test.rego', 'policies/lib/workflow.rego', 'policies/docker/x.rego']), ['jobs_end_in_time']);
});

test('remedy and severity are those of the METADATA', () => {
  assert.deepEqual(policiesOf(inspected({ remediation: 'Add it.', severity: 'warning', control: 'CWE-400' }), ['jobs_end_in_time']), [{ claim: 'jobs_end_in_time', fix: 'Add it.', severity: 'warning' }]);
});

for (const [what, text, files] of [
  ['is cut off', denied.slice(0, 80), [file]],
  ['is empty', '', [file]],
  ['is undefined', '{}', [file]],
  ['leaves a file out', denied, [file, '.github/workflows/b.yml']],
  ['leaves a policy out', answer([{ file, asked: ['jobs_end_in_time'], denials: [] }]), [file]],
  ['has a denial without a line', answer([{ file, asked, denials: [{ claim: 'jobs_end_in_time', denial: { message: 'x' } }] }]), [file]],
  ['has a denial of what is no policy', answer([{ file, asked, denials: [{ claim: 'other', denial: { line: 1, message: 'x' } }] }]), [file]],
] as const) {
  test(`an answer that ${what} is no verdict`, () => {
    assert.throws(() => findingsOf(text, files, policies), Unusable);
  });
}

for (const [what, text, claims] of [
  ['no remedy', inspected({ severity: 'error' }), ['jobs_end_in_time']],
  ['no METADATA', inspected({ remediation: 'x', severity: 'error' }, 'other'), ['jobs_end_in_time']],
  ['nobody to ask', inspected({ remediation: 'x', severity: 'error' }), []],
  ['half an inspection', inspected({ remediation: 'x', severity: 'error' }).slice(0, 50), ['jobs_end_in_time']],
] as const) {
  test(`with ${what} there is no verdict`, () => {
    assert.throws(() => policiesOf(text, claims), Unusable);
  });
}
