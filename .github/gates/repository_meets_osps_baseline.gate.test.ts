import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTROLS, ELSEWHERE } from './osps-controls.ts';
import { binaries, missing } from './repository_meets_osps_baseline.gate.ts';

const control = { id: 'OSPS-DO-04.01', shownBy: [{ in: /^docs\/[^/]+\.ya?ml$/, says: /^support:/m, wanted: 'how long there is support' }] };
const texts: Readonly<Record<string, string>> = { 'docs/a.yml': 'support: 5 years\r\n', 'docs/b.yml': 'none\n' };

test('every file that has to say it is asked, and one that does not is named', () => {
  assert.deepEqual(missing(control, ['docs/a.yml'], (file) => texts[file] ?? ''), []);
  const [finding, ...others] = missing(control, ['docs/a.yml', 'docs/b.yml'], (file) => texts[file] ?? '');
  assert.deepEqual([finding?.rule, finding?.file, others.length], ['OSPS-DO-04.01', 'docs/b.yml', 0]);
  assert.match(finding?.message ?? '', /It lacks how long there is support/);
});

test('a file that is not there is named by its path', () => {
  const release = CONTROLS.filter(({ id }) => id === 'OSPS-BR-06.01');
  assert.deepEqual(release.flatMap((each) => missing(each, ['README.md'], () => '')).map(({ file, message }) => [file, message]), [['.github/workflows/release.yml', 'The file is missing.'], ['.github/workflows/release.yml', 'The file is missing.']]);
});

test('no file is empty and shows a control all the same, but for what must not be in it', () => {
  for (const { id, shownBy } of CONTROLS) for (const { says } of shownBy) assert.equal(says.test(''), /^\^\(\?!/.test(says.source), id);
});

test('every control of the baseline is looked for or explained, once', () => {
  const ids = [...CONTROLS.map(({ id }) => id), ...Object.keys(ELSEWHERE)];
  assert.equal(new Set(ids).size, ids.length);
  // Version 2026-08-28: 24 at level 1, 19 more at level 2, 21 more at level 3.
  assert.equal(ids.length, 64);
});

test('a binary is a finding, but for the module that is compared with its source', () => {
  assert.deepEqual(binaries(['app/access/access.wasm', 'app/a.ts', 'tools/x.jar', 'native.NODE', 'dist.tar.gz']).map(({ file }) => file), ['tools/x.jar', 'native.NODE', 'dist.tar.gz']);
});
