import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingsOf } from './dockerfile_follows_practice.gate.ts';
import { Unusable } from './gate.ts';

const report = JSON.stringify([{ code: 'DL3008', column: 1, file: 'Dockerfile', level: 'warning', line: 17, message: 'Pin versions in apt get install.' }, { code: 'SC2115', column: 1, file: 'Dockerfile', level: 'info', line: 18, message: 'Use "${var:?}".' }]);

test('each complaint is a finding with its rule, line and page', () => {
  const [first, second] = findingsOf(report, ['Dockerfile']);
  assert.deepEqual([first?.rule, first?.file, first?.line, first?.severity, first?.message], ['DL3008', 'Dockerfile', 17, 'warning', 'Pin versions in apt get install.']);
  assert.match(first?.fix ?? '', /hadolint\/wiki\/DL3008/);
  assert.equal(second?.severity, 'note');
  assert.match(second.fix, /shellcheck\.net\/wiki\/SC2115/);
  assert.deepEqual(findingsOf('[]', ['Dockerfile']), []);
});

test('a file that it could not parse, or was not given, is no verdict', () => {
  assert.throws(() => findingsOf(JSON.stringify([{ code: 'DL1000', column: 1, file: 'Dockerfile', level: 'error', line: 1, message: 'unexpected end of input' }]), ['Dockerfile']), /can't read Dockerfile:1/);
  assert.throws(() => findingsOf(report, ['other/Dockerfile']), Unusable);
});

test('output that is cut off, empty or of another form is no verdict', () => {
  for (const output of [report.slice(0, report.length / 2), '', '{}', report.replace('"line":17', '"line":"x"')]) assert.throws(() => findingsOf(output, ['Dockerfile']), Unusable);
});
