import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holesIn } from './dependencies_have_no_known_holes.gate.ts';

// osv-scanner could not be had where this was written: the form is that of its documentation (Output, JSON), not recorded.
const files = ['package-lock.json', '.github/tools/npm/package-lock.json'];
const clean = { package: { name: 'koa', version: '3.3.0', ecosystem: 'npm' } };
const holed = { package: { name: 'ws', version: '8.0.0', ecosystem: 'npm' }, groups: [{ ids: ['GHSA-3h5v-q93c-6h6q', 'CVE-2024-37890'], max_severity: '7.5' }], vulnerabilities: [{ id: 'GHSA-3h5v-q93c-6h6q', summary: 'ws affected by a DoS', affected: [{ ranges: [{ events: [{ introduced: '8.0.0' }, { fixed: '8.17.1' }] }] }] }] };
const report = (root: readonly object[], tools: readonly object[]) => JSON.stringify({ results: [{ source: { path: '/src/package-lock.json', type: 'lockfile' }, packages: root }, { source: { path: '/src/.github/tools/npm/package-lock.json', type: 'lockfile' }, packages: tools }] });
const printed = (stdout: string, status: number) => ({ status, stdout, stderr: '' });

test('a hole is told with its package, its severity, the lock file and the version that has it no more', () => {
  assert.deepEqual(holesIn(printed(report([clean], [clean]), 0), files), []);
  const [found, ...others] = holesIn(printed(report([clean], [clean, holed]), 1), files);
  assert.deepEqual(others, []);
  assert.deepEqual([found?.rule, found?.file, found?.severity], ['GHSA-3h5v-q93c-6h6q', '.github/tools/npm/package-lock.json', 'error']);
  assert.match(found?.fix ?? '', /8\.17\.1/);
  assert.match(found?.message ?? '', /ws 8\.0\.0 has GHSA-3h5v-q93c-6h6q, CVE-2024-37890 \(CVSS 7\.5\)/);
});

test('a report that is not whole, or not about every lock file, is no verdict', () => {
  const whole = report([clean], [holed]);
  for (const output of [printed('', 0), printed('{"results":[]}', 0), printed(whole.slice(0, 200), 1), printed(report([clean], [clean]), 1), printed(JSON.stringify({ results: [{ source: { path: '/src/package-lock.json' }, packages: [clean] }] }), 0), printed(report([], [clean]), 0)]) assert.throws(() => holesIn(output, files), { name: 'Unusable' }, output.stdout);
});
