import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { NamedGate } from './find.ts';
import type { GateContext } from './gate.ts';
import { softenedIn } from './softened-settings.ts';
import { faultsIn, gate } from './waivers_are_dated.gate.ts';

const now = Date.UTC(2026, 10, 24);
const gates = [{ name: 'a_holds', reads: /\.ts$/ }, { name: 'locked', reads: /^a\.lock$/ }] as unknown as readonly NamedGate[];
const rules = (file: string, text: string) => faultsIn(file, text, gates, now).map(({ rule, line }) => `${rule} ${line ?? ''}`);

for (const text of ['// gates:allow a_holds/some-rule until 2026-12-31: the endpoint is closed to others', '/* gates:allow a_holds/x until 2026-11-25: a reason of words */', '# gates:allow a_holds/CKV2_AWS_1 until 2027-11-24: a reason of words', 'as documents have it: gates:allow <gate>/<rule> until <date>: <reason>', 'a comment `gates:allow` with <gate>/<rule> behind it', 'export const allow = gates.allow(a);']) {
  test(`is well: ${text}`, () => {
    assert.deepEqual(rules('app/a.ts', text), []);
  });
}

const waivers: Readonly<Record<string, string>> = {
  'gates:allow a_holds/x: a reason of words': 'waiver-form',
  'gates:allow a_holds until 2026-12-31: a reason of words': 'waiver-form',
  'gates:allow a_holds/x until 2026-12-31 a reason of words': 'waiver-form',
  'gates:allow a_holds/x until 31.12.2026: a reason of words': 'waiver-form',
  'gates:allow a_holds/x until 2026-12-31:': 'waiver-form',
  'gates: allow a_holds/x until 2026-12-31: a reason of words': 'waiver-form',
  'gate:allow a_holds/x until 2026-12-31: a reason of words': 'waiver-form',
  'GATES:ALLOW a_holds/x until 2026-12-31: a reason of words': 'waiver-form',
  'gates:allow': 'waiver-form',
  'gates:allow b_holds/x until 2026-12-31: a reason of words': 'waiver-gate',
  'gates:allow locked/x until 2026-12-31: a reason of words': 'waiver-gate',
  'gates:allow a_holds/x until 2027-11-26: a reason of words': 'waiver-date',
  'gates:allow a_holds/x until 9999-12-31: a reason of words': 'waiver-date',
  'gates:allow a_holds/x until 2027-02-30: a reason of words': 'waiver-date',
  'gates:allow a_holds/x until 2026-13-01: a reason of words': 'waiver-date',
  'gates:allow a_holds/x until 2026-12-31: later': 'waiver-reason',
  'gates:allow a_holds/x until 2026-12-31: see #1234 --> -->': 'waiver-reason',
};
for (const [text, rule] of Object.entries(waivers)) {
  test(`is no waiver (${rule}): ${text}`, () => {
    assert.deepEqual(rules('app/a.ts', `\n// ${text}`), [`${rule} 2`]);
  });
}

test('a waiver in the file beside is one of the file that it stands beside', () => {
  const text = 'gates:allow locked/x until 2026-12-31: a reason of words\n';
  assert.deepEqual(rules('a.lock.waivers', text), []);
  assert.deepEqual(rules('b.lock.waivers', text), ['waiver-gate 1']);
});

for (const text of ['eval(x) // nosemgrep', 'eval(x) // nosem: rule.id', 'eval(x) //nosemgrep:a.b', '#checkov:skip=CKV_AWS_1: because', '# bridgecrew:skip=CKV_1:x', '# hadolint ignore=DL3008', '# hadolint global ignore=DL3008', 'uses: a/b@v1 # zizmor: ignore[unpinned-uses]', "key: 'x' # gitleaks:allow", '#trivy:ignore:AVD-AWS-0001', '# tfsec:ignore:aws-s3', 'x = 1  # nosec B101', '# shellcheck disable=SC2086', '# regal ignore:line-length', '/* c8 ignore next */', '# kics-scan ignore-line']) {
  test(`silences a tool: ${text}`, () => {
    assert.deepEqual(rules('app/a.ts', text), ['foreign-suppression 1']);
  });
}

test('a gate may name what it looks for in its code, and not silence anything by a comment', () => {
  assert.deepEqual(rules('.github/gates/other.gate.ts', "const found = ['nosemgrep', 'checkov:skip'];"), []);
  assert.deepEqual(rules('.github/gates/other.gate.ts', 'eval(x); // nosemgrep'), ['foreign-suppression 1']);
  assert.deepEqual(rules('.github/gates/judge.ts', "const found = ['nosemgrep'];"), ['foreign-suppression 1']);
});

test('words that only look like it are let pass', () => {
  assert.deepEqual(rules('app/a.ts', "run('--disable-nosem'); // a nosematic word, skip checkov, hadolint ignores it\n"), []);
});

test('files that tell a tool to look away are findings wherever they lie, but for what a gate hands to its tool', async () => {
  const files = ['.github/gates/.semgrepignore', '.github/gates/.snyk', '.gitleaksignore', 'app/.semgrepignore', '.checkov.yaml', '.github/zizmor.yml', 'osv-scanner.toml', '.snyk', '.trivyignore.yaml', '.eslintignore'];
  const judge = (names: readonly string[]) => gate.check({ root: `${import.meta.dirname}/../..`, files: names, read: () => '', now } as unknown as GateContext);
  assert.deepEqual((await judge(files)).map(({ rule, file }) => [rule, file]), files.map((file) => ['ignore-file', file]));
  assert.deepEqual(await judge(['.github/gates/gitleaks.toml', '.github/gates/hadolint.yaml', '.gitignore', '.dockerignore', '.env.example']), []);
});

const textOf = (file: string) => readFileSync(path.join(import.meta.dirname, '../..', file), 'utf8');
const softened: readonly (readonly [file: string, from: string, to: string])[] = [
  ['.github/gates/hadolint.yaml', '  - DL3002', '  - DL3002\n  - DL3008'], ['.github/gates/hadolint.yaml', '  - DL3002', '  - DL3002\n  - DL3002'], ['.github/gates/hadolint.yaml', 'ignored:', 'failure-threshold: error\nignored:'], ['.github/gates/hadolint.yaml', 'pragma: true', 'pragma: false'],
  ['.github/gates/checkov.yaml', 'compact: true', 'compact: true\nskip-check:\n  - CKV_AWS_1'], ['.github/gates/checkov.yaml', 'compact: true', 'compact: true\nskip-path: [modules]'],
  ['.github/gates/gitleaks.toml', '[[allowlists]]', "[[allowlists]]\npaths = ['^app/']"], ['.github/gates/gitleaks.toml', 'useDefault = true', 'useDefault = false'], ['.github/gates/gitleaks.toml', 'useDefault = true', 'useDefault = true\ndisabledRules = ["jwt"]'],
  ['eslint.config.js', "eqeqeq: 'error'", "eqeqeq: 'off'"], ['eslint.config.js', "'no-eval': 'error'", "'no-eval': 0"], ['eslint.config.js', "'no-eval': 'error'", "'no-eval': ['warn']"], ['eslint.config.js', "'coverage/'", "'coverage/', 'app/identity/'"], ['eslint.config.js', "'no-console': 'off'", "'no-console': 'off', 'no-console': 'off'"], ['eslint.config.js', "files: ['eslint.config.js'],", "files: ['eslint.config.js'], ignores: ['app/**'],"],
  ['tsconfig.json', '"strict": true', '"strict": false'],
];
for (const [file, from, to] of softened) {
  test(`${file} may not have ${to.replaceAll('\n', ' ')}`, () => {
    assert.deepEqual(softenedIn(file, textOf(file)), []);
    assert.ok(textOf(file).includes(from), 'it has what is changed here');
    const [found, ...others] = softenedIn(file, textOf(file).replace(from, to));
    assert.deepEqual([found?.rule, others.length], ['softened-setting', 0]);
    assert.ok((found?.line ?? 0) > 1);
  });
}

test('a comment of a setting softens nothing, nor does another file', () => {
  assert.deepEqual(softenedIn('.github/gates/hadolint.yaml', '# DL3008 is held\n'), []);
  assert.deepEqual(softenedIn('app/eslint.ts', "'no-eval': 'off'"), []);
});
