import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unusable } from './gate.ts';
import { findingsOf, unformattedIn } from './terraform_is_valid.gate.ts';

const invalid = JSON.stringify({ format_version: '1.0', valid: false, error_count: 1, warning_count: 0, diagnostics: [{ severity: 'error', summary: 'Unsupported argument', detail: 'An argument named "buckett" is not expected here.\nDid you mean "bucket"?', range: { filename: 'c.tf', start: { line: 7, column: 3, byte: 135 }, end: { line: 7, column: 10, byte: 142 } } }] });
const valid = JSON.stringify({ format_version: '1.0', valid: true, error_count: 0, warning_count: 0, diagnostics: [] });

test('a diagnostic is a finding in its module, with what Terraform says to do', () => {
  assert.deepEqual(findingsOf(invalid, 'terraform/bootstrap'), [{ rule: 'invalid', file: 'terraform/bootstrap/c.tf', line: 7, severity: 'error', message: 'Unsupported argument', fix: 'An argument named "buckett" is not expected here. Did you mean "bucket"?' }]);
  assert.deepEqual(findingsOf(valid, 'terraform'), []);
});

test('what is valid and has errors, or counts others than it shows, is no verdict', () => {
  assert.throws(() => findingsOf(invalid.replace('"valid":false', '"valid":true'), 'terraform'), Unusable);
  assert.throws(() => findingsOf(invalid.replace('"error_count":1', '"error_count":2'), 'terraform'), Unusable);
  for (const output of ['', invalid.slice(0, invalid.length / 2), '{}']) assert.throws(() => findingsOf(output, 'terraform'), Unusable);
});

test('a file that the formatter names is a finding; without the canary it did not look', () => {
  assert.deepEqual(unformattedIn('../scratch/canary.tf\nterraform/network.tf\n', '/scratch/canary.tf').map(({ file }) => file), ['terraform/network.tf']);
  assert.throws(() => unformattedIn('', '/scratch/canary.tf'), Unusable);
  assert.throws(() => unformattedIn('terraform/network.tf\n', '/scratch/canary.tf'), Unusable);
});
