import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { judgeSchemaRun } from './schemathesis-verdict.ts';

interface Report {
  readonly complete: boolean;
  readonly stop_reason: string;
  readonly operations: { readonly tested: number };
  readonly test_cases: { readonly generated: number; readonly unique_failures: number };
  readonly failures: readonly object[];
  readonly errors: readonly unknown[];
  readonly phases: Readonly<Record<string, object>>;
}

/** A run without this probe's settings, which found fifteen failures of three kinds; two are what the settings are for. */
const failing = JSON.parse(readFileSync(path.join(import.meta.dirname, 'captured/schemathesis-failing.json'), 'utf8')) as Report;
const good: Report = { ...failing, failures: [], test_cases: { ...failing.test_cases, unique_failures: 0 } };

function judge(report: Report | string): readonly string[] {
  return judgeSchemaRun({ name: 'clerk', report: typeof report === 'string' ? report : JSON.stringify(report), said: 'Error: no\nroute to host', leftOut: 2, leastCases: 200 }).violations;
}

test('a whole run without a failure is no violation', () => {
  assert.deepEqual(judgeSchemaRun({ name: 'clerk', report: JSON.stringify(good), said: '', leftOut: 2, leastCases: 200 }), { name: 'clerk', operations: '8 of 10', cases: 1005, violations: [] });
});

test('each kind of failure is a violation that says where', () => {
  const violations = judge(failing);
  assert.equal(violations.length, 3);
  assert.ok(violations.includes('ST204 Wrong response to undeclared method, 2 times: TRACE /api/v1/items, TRACE /api/v1/items/{sku}/movements'), violations.join('\n'));
});

for (const [what, report, said] of [
  ['failures that are counted and not shown', { ...good, test_cases: failing.test_cases }, /15 failures/],
  ['a run that was stopped', { ...good, complete: false, stop_reason: 'failure_limit' }, /not complete: failure_limit/],
  ['an operation that was left out', { ...good, operations: { ...good.operations, tested: 7 } }, /7 operations were tested/],
  ['a phase that was skipped', { ...good, phases: { ...good.phases, fuzzing: { status: 'skip', skip_reason: 'disabled' } } }, /fuzzing was skipped: disabled/],
  ['few cases', { ...good, test_cases: { ...good.test_cases, generated: 3 } }, /only 3 cases/],
  ['an error of the tool', { ...good, errors: [{ title: 'Network Error' }] }, /Network Error/],
  ['no report', '', /no report: Error: no route to host/],
] as const) {
  test(`${what} is a violation`, () => {
    const violations = judge(report);
    assert.equal(violations.length, 1);
    assert.match(violations[0] ?? '', said);
  });
}
