// Scorecard does not run where this was written: the reports have the form of its source, pkg/scorecard/json.go of version 5.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unusable } from './gate.ts';
import { findingsOf } from './scorecard_is_high.gate.ts';

const check = (name: string, score: number, details: readonly string[] | null = null) => ({ details, score, reason: 'because', name, documentation: { url: `https://example.org/${name}`, short: 'Says why.' }, id: 1 });
const whole = ['Binary-Artifacts', 'Dangerous-Workflow', 'License', 'Pinned-Dependencies', 'Security-Policy', 'Token-Permissions'].map((name) => check(name, 10));
const report = (checks: readonly object[]) => JSON.stringify({ repo: { name: 'file://.', commit: 'unknown' }, scorecard: { version: 'v5.4.0', commit: 'unknown' }, date: '2026-11-24T00:00:00Z', checks, metadata: null, score: 9.5 });

test('a check below ten is a finding for each warning, at the line that it names', () => {
  const pinned = check('Pinned-Dependencies', 8, ['Warn: containerImage not pinned by hash: Dockerfile:8: pin your Docker image', 'Info: 2 out of 3 pinned']);
  assert.deepEqual(findingsOf(report([...whole.filter(({ name }) => name !== pinned.name), pinned])), [
    { rule: 'Pinned-Dependencies', file: 'Dockerfile', line: 8, severity: 'warning', message: '8 of 10: containerImage not pinned by hash: Dockerfile:8: pin your Docker image', fix: 'Says why. https://example.org/Pinned-Dependencies says how to get to ten.' },
  ]);
});

test('a check without a detail is a finding with its reason; one that came to no verdict is none', () => {
  assert.deepEqual(findingsOf(report([...whole, check('SAST', 0), check('Fuzzing', -1)])).map(({ rule, message }) => [rule, message]), [['SAST', '0 of 10: because']]);
  assert.deepEqual(findingsOf(report(whole)), []);
});

test('a check that always runs and is missing, or came to no verdict, is no verdict of the gate', () => {
  assert.throws(() => findingsOf(report(whole.slice(1))), /no verdict on Binary-Artifacts/);
  assert.throws(() => findingsOf(report([...whole.slice(1), check('Binary-Artifacts', -1)])), Unusable);
  for (const output of ['', report(whole).slice(0, 200), '{}', '{"score": 10, "checks": []}']) assert.throws(() => findingsOf(output), Unusable);
});
