import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unusable } from './gate.ts';
import { lockedTools, readModules, toolFindings } from './go_tools_are_current.gate.ts';

const MOD = 'module stockade/tools\n\ngo 1.26.8\n\ntool (\n\tgithub.com/a/lint/cmd/lint\n\tgithub.com/b/scan/v8\n)\n\nrequire (\n\tgithub.com/a/lint v1.7.7 // indirect\n\tgithub.com/b/scan v1.0.0 // indirect\n\tgithub.com/b/scan/v8 v8.30.1 // indirect\n)\n';
const now = Date.parse('2026-11-28T00:00:00Z');
/** As `go list -m -json` prints them, shortened. */
const printed = (own: string, newest: string, version = 'v1.7.12') => `{\n\t"Path": "github.com/a/lint",\n\t"Version": "v1.7.7",\n\t"Time": "${own}"\n}\n{\n\t"Path": "github.com/a/lint",\n\t"Version": "${version}",\n\t"Query": "latest",\n\t"Time": "${newest}"\n}\n`;
const tool = { file: 'go.mod', line: 11, module: 'github.com/a/lint', version: 'v1.7.7' };
const rulesOf = (version: string | undefined, text = printed('2025-01-19T11:59:33Z', '2026-03-30T17:47:17Z')) => toolFindings({ ...tool, version }, readModules(text), now).map(({ rule }) => rule);

test('a tool has the version of the module that it is in, the longest path first', () => {
  assert.deepEqual(lockedTools('go.mod', MOD).map(({ module, version, line }) => [module, version, line]), [['github.com/a/lint', 'v1.7.7', 11], ['github.com/b/scan/v8', 'v8.30.1', 13]]);
  assert.deepEqual(lockedTools('go.mod', 'module m\n\ntool github.com/a/lint\n\nrequire github.com/a/lint v1.7.7 // indirect\n').map(({ version }) => version), ['v1.7.7']);
  assert.deepEqual(lockedTools('go.mod', 'module m\n\ntool github.com/a/lint\n').map(({ version, line }) => [version, line]), [[undefined, 3]]);
});

test('a file without a module or a tool is no verdict', () => {
  for (const text of ['', 'module m\n', 'tool github.com/a/lint\n', 'module {{{ (\n']) assert.throws(() => lockedTools('go.mod', text), Unusable, text);
});

test('a tool may be behind for sixty days after the newest came out, and not for one more', () => {
  assert.deepEqual(rulesOf('v1.7.7', printed('2025-01-19T11:59:33Z', '2026-09-29T00:00:00Z')), []);
  assert.deepEqual(rulesOf('v1.7.7', printed('2025-01-19T11:59:33Z', '2026-09-28T00:00:00Z')), ['behind']);
  assert.deepEqual(rulesOf('v1.7.7', printed('2025-01-19T11:59:33Z', '2025-01-19T11:59:33Z', 'v1.7.7')), [], 'the newest is never behind, however old it is');
});

test('a version is a release that was out for a week, and is locked', () => {
  assert.deepEqual(rulesOf('v1.7.7', printed('2026-11-21T00:00:01Z', '2026-11-21T00:00:01Z', 'v1.7.7')), ['too-young']);
  assert.deepEqual(rulesOf('v1.7.7', printed('2026-11-21T00:00:00Z', '2026-11-21T00:00:00Z', 'v1.7.7')), []);
  for (const version of ['v0.0.0-20260101120000-0123456789ab', 'v1.8.0-rc.1', 'v1.7.13-0.20260101120000-0123456789ab']) assert.deepEqual(rulesOf(version), ['not-released'], version);
  assert.deepEqual(rulesOf(undefined), ['not-locked']);
});

test('what go did not print whole, or not at all, is no verdict', () => {
  for (const text of ['', printed('2025-01-19T11:59:33Z', '2026-03-30T17:47:17Z').slice(0, 150), '{"Path":"github.com/a/lint","Version":"v1.7.7"}', '[]']) assert.throws(() => readModules(text), Unusable, text);
  assert.throws(() => rulesOf('v1.7.7', '{"Path":"github.com/a/lint","Version":"v1.7.7","Time":"2025-01-19T11:59:33Z"}\n'), /does not tell of github\.com\/a\/lint/);
});
