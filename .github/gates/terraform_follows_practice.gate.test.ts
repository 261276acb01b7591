import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unusable } from './gate.ts';
import { findingsOf } from './terraform_follows_practice.gate.ts';

const check = (id: string) => ({ check_id: id, check_name: 'Ensure that it is encrypted', file_path: '/storage.tf', file_line_range: [3, 9], resource: 'aws_s3_bucket.reports', guideline: null });
const report = (results: object, summary: object) => JSON.stringify({ check_type: 'terraform', results: { passed_checks: [], failed_checks: [], skipped_checks: [], parsing_errors: [], ...results }, summary: { passed: 0, failed: 0, skipped: 0, parsing_errors: 0, resource_count: 1, ...summary } });

test('a failed check is a finding at its resource, and so is one that was skipped beside it', () => {
  const findings = findingsOf(report({ failed_checks: [check('CKV_AWS_16')], skipped_checks: [check('CKV_AWS_17')] }, { failed: 1, skipped: 1 }), 1);
  assert.deepEqual(findings.map(({ rule, file, line }) => [rule, file, line]), [['CKV_AWS_16', 'terraform/storage.tf', 3], ['CKV_AWS_17', 'terraform/storage.tf', 3]]);
  assert.match(findings[0]?.message ?? '', /^aws_s3_bucket\.reports does not hold to: Ensure that it is encrypted\.$/);
  assert.deepEqual(findingsOf(report({}, {}), 1), []);
});

test('a file that it could not parse is no verdict, though it ends with status 0', () => {
  assert.throws(() => findingsOf(report({ parsing_errors: ['/x/terraform/bad.tf'] }, { parsing_errors: 1 }), 1), /can't read bad\.tf/);
  assert.throws(() => findingsOf(report({ parsing_errors: ['/x/terraform/bad.tf'] }, {}), 1), Unusable);
});

test('fewer resources or findings than there are is no verdict', () => {
  assert.throws(() => findingsOf(report({}, { resource_count: 1 }), 2), /counts less/);
  assert.throws(() => findingsOf(report({}, { failed: 1 }), 1), /counts less/);
});

test('without a resource its summary alone is a verdict, and with one it is not', () => {
  const summary = JSON.stringify({ passed: 0, failed: 0, skipped: 0, parsing_errors: 0, resource_count: 0, checkov_version: '3.3.30' });
  assert.deepEqual(findingsOf(summary, 0), []);
  assert.throws(() => findingsOf(summary, 1), Unusable);
  assert.throws(() => findingsOf(summary.replace('"parsing_errors":0', '"parsing_errors":1'), 0), Unusable);
  for (const output of ['', report({}, {}).slice(0, 50), '[]']) assert.throws(() => findingsOf(output, 0), Unusable);
});
