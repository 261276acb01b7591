// The reports have the form of Scorecard's own, pkg/scorecard/json.go of version 5; the seeds are what it says of real defects.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { type GateContext, Unusable } from './gate.ts';
import { findingsOf, gate } from './scorecard_is_high.gate.ts';

const check = (name: string, score: number, details: readonly string[] | null = null) => ({ details, score, reason: 'because', name, documentation: { url: `https://example.org/${name}`, short: 'Says why.' }, id: 1 });
const whole = ['Binary-Artifacts', 'Dangerous-Workflow', 'Dependency-Update-Tool', 'Packaging', 'Pinned-Dependencies', 'SAST', 'Security-Policy', 'Token-Permissions'].map((name) => check(name, 10)).concat(check('License', 9));
const report = (checks: readonly object[]) => JSON.stringify({ repo: { name: 'file://.', commit: 'unknown' }, scorecard: { version: 'v5.4.0', commit: 'unknown' }, date: '2026-11-24T00:00:00Z', checks, metadata: null, score: 9.5 });

test('a check below ten is a finding for each warning, at the line that it names', () => {
  const pinned = check('Pinned-Dependencies', 8, ['Warn: containerImage not pinned by hash: Dockerfile:8: pin your Docker image', 'Info: 2 out of 3 pinned']);
  assert.deepEqual(findingsOf(report([...whole.filter(({ name }) => name !== pinned.name), pinned])), [
    { rule: 'Pinned-Dependencies', file: 'Dockerfile', line: 8, severity: 'warning', message: '8 of 10: containerImage not pinned by hash: Dockerfile:8: pin your Docker image', fix: 'Says why. https://example.org/Pinned-Dependencies says how to get to ten.' },
  ]);
});

test('a check without a detail is a finding with its reason; a licence, whose text is not read, can come to nine alone', () => {
  const scored = (name: string, score: number) => findingsOf(report([...whole.filter((each) => each.name !== name), check(name, score)])).map(({ rule, message }) => [rule, message]);
  assert.deepEqual(scored('SAST', 0), [['SAST', '0 of 10: because']]);
  assert.deepEqual(scored('License', 8), [['License', '8 of 10: because']]);
  assert.deepEqual(scored('License', 10), []);
  assert.deepEqual(findingsOf(report(whole)), []);
});

test('it is shown the files of the repository and nothing that lies beside them, and nothing but a good end is a verdict', async (t) => {
  const root = mkdtempSync(path.join(tmpdir(), 'scorecard-'));
  t.after(() => { rmSync(root, { recursive: true }); });
  for (const file of ['app/main.ts', '.cache/tools/python/bin/python', 'shown']) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), file);
  }
  const seen: string[] = [];
  const run: GateContext['run'] = async (_, parameters, options) => {
    assert.equal(options, undefined);
    const folder = parameters[1] ?? '';
    seen.push(...readdirSync(folder), readFileSync(path.join(folder, 'app/main.ts'), 'utf8'));
    return Promise.resolve({ status: 0, stdout: report(whole), stderr: '' });
  };
  const scratch = path.join(root, 'shown-to-it');
  mkdirSync(scratch);
  assert.deepEqual(await gate.check({ root, scratch, files: ['app/main.ts'], tree: ['app/main.ts'], now: 0, environment: {}, read: () => '', installed: () => '', run }), []);
  assert.deepEqual(seen, ['app', 'app/main.ts']);
});

test('a check that always runs and is missing, or came to no verdict, is no verdict of the gate', () => {
  assert.throws(() => findingsOf(report(whole.slice(1))), /no verdict on Binary-Artifacts/);
  assert.throws(() => findingsOf(report([...whole.slice(1), check('Binary-Artifacts', -1)])), Unusable);
  for (const output of ['', report(whole).slice(0, 200), '{}', '{"score": 10, "checks": []}']) assert.throws(() => findingsOf(output), Unusable);
});
