import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unusable } from './gate.ts';
import { registerOf } from './policy-register.ts';
import { findingsOfCheck, findingsOfCoverage, findingsOfFormat, findingsOfTests } from './rego-report.ts';

const error = (file: string, message: string, code = 'rego_type_error') => ({ message, code, location: { file, row: 3, col: 1 } });

test('what the compiler says of a policy is a finding, and what it says of the canary is not', () => {
  const output = JSON.stringify({ errors: [error('canary.rego', 'plus: invalid argument(s)'), error('policies/a.rego', 'match error'), error('policies/b.rego', 'undefined function http.send')] });
  assert.deepEqual(findingsOfCheck(output, 'canary.rego').map(({ rule, file, line }) => [rule, file, line]), [['rego-type-error', 'policies/a.rego', 3], ['policy-is-not-pure', 'policies/b.rego', 3]]);
});

test('a check that does not complain of the canary, or of anything, did not look', () => {
  for (const output of ['', '{}', '{"errors":[]}', '{"errors":[{"message":"plus', '[]']) assert.throws(() => findingsOfCheck(output, 'canary.rego'), Unusable);
});

test('a file that the formatter names is a finding; without the canary it did not look', () => {
  assert.deepEqual(findingsOfFormat('canary.rego\npolicies/a.rego\n', 'canary.rego').map(({ file }) => file), ['policies/a.rego']);
  assert.deepEqual(findingsOfFormat('canary.rego\n', 'canary.rego'), []);
  assert.throws(() => findingsOfFormat('', 'canary.rego'), Unusable);
  assert.throws(() => findingsOfFormat('policies/a.rego\n', 'canary.rego'), Unusable);
});

const results = JSON.stringify([
  { location: { file: 'a_test.rego', row: 3, col: 1 }, package: 'data.a_test', name: 'test_a', fail: true, duration: 1 },
  { location: { file: 'a_test.rego', row: 4, col: 1 }, package: 'data.a_test', name: 'todo_test_b', skip: true, duration: 0 },
  { location: { file: 'a_test.rego', row: 5, col: 1 }, package: 'data.a_test', name: 'test_c', duration: 1 },
]);

test('a test that fails or is put aside is a finding, and one that passes is not', () => {
  assert.deepEqual(findingsOfTests(results, ['a_test.rego']).map(({ rule, line }) => [rule, line]), [['test-failed', 3], ['test-skipped', 4]]);
});

test('a file of tests of which none ran is no verdict', () => {
  assert.throws(() => findingsOfTests(results, ['a_test.rego', 'b_test.rego']), /nothing of b_test\.rego/);
  for (const output of ['', results.slice(0, 100), '{}']) assert.throws(() => findingsOfTests(output, ['a_test.rego']), Unusable);
});

test('lines that no test reaches are a finding, one a file, and so is a file that is not mentioned', () => {
  const output = JSON.stringify({ files: { 'a.rego': { not_covered: [{ start: { row: 9 } }, { start: { row: 7 } }, { start: { row: 9 } }] }, 'b.rego': {} }, coverage: 90 });
  const findings = findingsOfCoverage(output, ['a.rego', 'b.rego']);
  assert.deepEqual(findings.map(({ file, line, message }) => [file, line, message]), [['a.rego', 7, 'No test reaches line 7, 9.']]);
  assert.deepEqual(findingsOfCoverage(output, ['a.rego', 'c.rego']).map(({ file }) => file), ['c.rego']);
  assert.throws(() => findingsOfCoverage(JSON.stringify({ files: { 'a.rego': {} }, coverage: 99.9 }), ['a.rego']), /does not say what is missing/);
  assert.throws(() => findingsOfCoverage('{"files": {', ['a.rego']), Unusable);
});

const policy = 'policies/docker/a.rego';
const inspection = (annotations: object) => JSON.stringify({ namespaces: { 'data.docker.a': [policy], 'data.lib.b': ['policies/lib/b.rego'] }, annotations: [{ annotations: { scope: 'package', ...annotations }, location: { file: policy, row: 1, col: 1 } }] });
const annotated = inspection({ title: 'It holds', description: 'Else it breaks.', custom: { remediation: 'Do.', severity: 'error', control: 'CIS Docker 4.1' } });
const read = () => 'deny contains 1 if true\n';

test('the register has a row for each policy, and names those that say too little', () => {
  const { text, undocumented } = registerOf(annotated, [policy, 'policies/lib/b.rego'], read);
  assert.match(text, /^\| \[a\]\(docker\/a\.rego\) \| It holds \| Else it breaks\. \| Do\. \| error \| CIS Docker 4\.1 \|$/m);
  assert.deepEqual(undocumented, []);
  assert.deepEqual(registerOf(inspection({ title: 'It holds' }), [policy], read).undocumented, [policy]);
  assert.deepEqual(registerOf(inspection({ title: 'Shared' }), [policy], () => 'shared := 1\n').undocumented, []);
});

test('an inspection that left out a file, or was cut off, is no verdict', () => {
  assert.throws(() => registerOf(annotated, [policy, 'policies/docker/c.rego'], read), /left policies\/docker\/c\.rego out/);
  for (const output of ['', annotated.slice(0, 40), '{"namespaces": {}, "annotations": []}']) assert.throws(() => registerOf(output, [policy], read), Unusable);
});
