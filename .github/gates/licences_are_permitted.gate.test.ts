import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeExpression, licenceFindings } from './licences_are_permitted.gate.ts';
import type { LockedPackage } from './lock-file.ts';

const permitted = (name: string) => ['MIT', 'ISC', 'Apache-2.0'].includes(name);
const entry = (license: unknown, more: Partial<LockedPackage> = {}): LockedPackage => ({ file: 'package-lock.json', line: 7, path: 'node_modules/a', alias: 'a', version: '1.0.0', license, ...more });
const rulesOf = (findings: readonly { readonly rule: string }[]) => findings.map(({ rule }) => rule);

test('an SPDX expression permits by OR, and binds by AND', () => {
  for (const [expression, verdict] of [
    ['MIT', true], ['GPL-3.0-only', false], ['MIT OR GPL-2.0-only', true], ['GPL-2.0-only OR MIT', true], ['MIT AND GPL-2.0-only', false], ['MIT AND ISC', true],
    ['(MIT AND (GPL-2.0-only OR ISC))', true], ['MIT OR ISC AND GPL-2.0-only', true], ['(MIT OR ISC) AND GPL-2.0-only', false], ['Apache-2.0 WITH LLVM-exception', true], ['GPL-2.0-only WITH Classpath-exception-2.0', false],
  ] as const) assert.equal(judgeExpression(expression, permitted), verdict, expression);
});

test('what is no expression is not judged', () => {
  for (const text of ['', 'MIT,', 'MIT/ISC', 'MIT ISC', 'MIT OR', 'AND MIT', '(MIT', 'MIT)', 'SEE LICENSE IN LICENSE', 'UNLICENSED', 'MIT WITH', 'https://a.test']) assert.equal(judgeExpression(text, permitted), undefined, text);
});

test('a package needs a permitted licence, where it is shipped more than where it is used in development', () => {
  assert.deepEqual(licenceFindings(entry('MIT')), []);
  assert.deepEqual(rulesOf(licenceFindings(entry('AGPL-3.0-only'))), ['licence']);
  assert.deepEqual(rulesOf(licenceFindings(entry('AGPL-3.0-only', { dev: true }))), ['licence']);
  assert.deepEqual(rulesOf(licenceFindings(entry('MPL-2.0'))), ['licence']);
  assert.deepEqual(licenceFindings(entry('MPL-2.0', { dev: true })), []);
  assert.deepEqual(licenceFindings(entry('MPL-2.0', { file: '.github/tools/npm/package-lock.json' })), []);
  for (const none of [undefined, '', null, { type: 'MIT' }, ['MIT']]) assert.deepEqual(rulesOf(licenceFindings(entry(none))), ['no-licence']);
  assert.deepEqual(rulesOf(licenceFindings(entry('UNLICENSED'))), ['unknown-licence']);
  assert.equal(licenceFindings(entry('Proprietary'))[0]?.line, 7);
});
