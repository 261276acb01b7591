import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gate, snykFindings } from './snyk_finds_nothing.gate.ts';

// Snyk's program could not be downloaded where this was written: the form is that of its documentation (snyk test --json), not recorded.
const hole = { id: 'SNYK-JS-WS-7266574', title: 'Denial of Service (DoS)', severity: 'high', packageName: 'ws', version: '8.0.0', fixedIn: ['7.5.10', '8.17.1'], from: ['stockade@0.1.0', 'ws@8.0.0'] };
const report = (more: object = {}) => JSON.stringify({ ok: true, dependencyCount: 300, packageManager: 'npm', summary: 'No known vulnerabilities', vulnerabilities: [], ...more });
const printed = (stdout: string, status: number) => ({ status, stdout, stderr: '' });

test('a hole is told once, however many ways lead to it', () => {
  assert.deepEqual(snykFindings(printed(report(), 0), 312), []);
  const found = snykFindings(printed(report({ ok: false, vulnerabilities: [hole, { ...hole, from: ['stockade@0.1.0', 'x@1.0.0', 'ws@8.0.0'] }, { ...hole, id: 'SNYK-JS-WS-1', severity: 'low', fixedIn: [] }] }), 1), 312);
  assert.deepEqual(found.map(({ rule, severity }) => [rule, severity]), [['SNYK-JS-WS-7266574', 'error'], ['SNYK-JS-WS-1', 'warning']]);
  assert.match(found[0]?.fix ?? '', /8\.17\.1/);
});

test('a report that is not whole, or contradicts itself, is no verdict', () => {
  for (const output of [printed('', 0), printed(report().slice(0, 40), 0), printed('{"ok":false,"error":"Authentication failed","path":"."}', 1), printed(report({ dependencyCount: 22 }), 0), printed(report({ dependencyCount: 0 }), 0), printed(report(), 1), printed(report({ ok: false, vulnerabilities: [hole] }), 0), printed(report({ ok: false }), 1)]) assert.throws(() => snykFindings(output, 312), { name: 'Unusable' }, output.stdout);
});

test('without a token it is not run, and says so', () => {
  assert.equal(gate.hindrance?.({}), 'SNYK_TOKEN is not set');
  assert.equal(gate.hindrance({ SNYK_TOKEN: '' }), 'SNYK_TOKEN is not set');
  assert.equal(gate.hindrance({ SNYK_TOKEN: 'x' }), undefined);
});
