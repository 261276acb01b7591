import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unusable } from './gate.ts';
import { findingsOf, probeGate } from './probe-gate.ts';

const probe = { source: 'app/probes/observatory.proof.ts', least: 2, ending: /\n$/, command: 'npm run probe -- observatory' };
const output = (status: number, stdout: string) => ({ status, stdout, stderr: '' });

test('each row that does not hold is a finding, with what was seen', () => {
  const findings = findingsOf(output(1, '   page   grade\n✔  /      A+\n✖  /docs  B      8/10\n'), probe);
  assert.deepEqual(findings.map(({ file, message }) => [file, message]), [['app/probes/observatory.proof.ts', '/docs · B · 8/10']]);
  assert.match(findings[0]?.fix ?? '', /npm run probe -- observatory/);
});

test('a table in which everything holds is a pass, indented or not', () => {
  assert.deepEqual(findingsOf(output(0, '✔  /  A+\n✔  /docs  A+\n'), probe), []);
  assert.deepEqual(findingsOf(output(0, 'headers\n  ✔ closed: 200\n  ✔ served: 40\n'), probe), []);
});

test('a probe that did not run, or says so and ends well, is no verdict', () => {
  assert.throws(() => findingsOf(output(0, 'observatory: not run, the npm tools can not be installed\n'), probe), /observatory: not run/);
  assert.throws(() => findingsOf(output(1, '✔ a\n✔ b\nPostgreSQL: not run, DATABASE_URL names no server\n'), probe), Unusable);
});

test('a server that is not there hinders a probe on a laptop; in CI the probe runs, and fails', () => {
  const gate = probeGate({ claim: '', why: '', remedy: '', link: '', command: ['probe'], source: probe.source, least: 1, onPostgres: true });
  assert.match(gate.hindrance?.({}) ?? '', /DATABASE_URL/);
  assert.equal(gate.hindrance?.({ DATABASE_URL: 'postgres://127.0.0.1/x' }), undefined);
  assert.equal(gate.hindrance?.({ CI: 'true' }), undefined);
});

test('fewer rows than the service has, a crash, and an end that its rows contradict are no verdict', () => {
  assert.throws(() => findingsOf(output(0, '\n'), probe), /judged 0 things/);
  assert.throws(() => findingsOf(output(0, '✔  /  A+\n✔  /docs  A+\n✔  /si'), probe), /did not come to its end/);
  assert.throws(() => findingsOf(output(0, '✔  /  A+\n'), probe), /judged 1 things/);
  assert.throws(() => findingsOf(output(1, '✔  /  A+\n✔  /docs  A+\n'), probe), /ended with status 1/);
  assert.throws(() => findingsOf(output(0, '✔  /  A+\n✖  /docs  B\n'), probe), /shows 1/);
});
