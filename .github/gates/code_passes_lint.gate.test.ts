import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFindings } from './code_passes_lint.gate.ts';
import { Unusable } from './gate.ts';

const context = { root: '/clone', files: ['app/main.ts', 'app/http/page.ts'] };
/** As ESLint 10 writes it with --format json. */
const CLEAN = { filePath: '/clone/app/main.ts', messages: [], suppressedMessages: [], errorCount: 0 };
const PROBLEM = { ruleId: 'security/detect-unsafe-regex', severity: 1, message: 'Unsafe Regular Expression', line: 7, column: 3 };
const report = (page: { readonly messages?: readonly unknown[]; readonly suppressedMessages?: readonly unknown[] } = {}) => JSON.stringify([CLEAN, { ...CLEAN, filePath: '/clone/app/http/page.ts', ...page }]);

test('a message of ESLint becomes a finding with its file, line and rule, a warning too', () => {
  const findings = readFindings(report({ messages: [PROBLEM] }), context);
  assert.deepEqual(findings.map(({ rule, file, line }) => ({ rule, file, line })), [{ rule: 'security/detect-unsafe-regex', file: 'app/http/page.ts', line: 7 }]);
});

test('a rule that is disabled without a word why is a finding, one with a reason is none', () => {
  const disabled = (justification: string) => ({ suppressedMessages: [{ ...PROBLEM, suppressions: [{ kind: 'directive', justification }] }] });
  assert.deepEqual(readFindings(report(disabled('the text is our own')), context), []);
  const [finding] = readFindings(report(disabled('')), context);
  assert.deepEqual(finding && { rule: finding.rule, file: finding.file, line: finding.line }, { rule: 'unjustified-directive', file: 'app/http/page.ts', line: 7 });
});

test('a directive that disables nothing is a finding', () => {
  const [finding] = readFindings(report({ messages: [{ ruleId: null, severity: 2, message: "Unused eslint-disable directive (no problems were reported from 'no-console').", line: 3 }] }), context);
  assert.equal(finding?.rule, 'unused-directive');
});

test('ESLint gives no verdict when it ignored, left out or could not parse a file, or was cut off', () => {
  const ignored = { ruleId: null, severity: 1, fatal: false, message: 'File ignored because of a matching ignore pattern.' };
  const unparsed = { ruleId: null, severity: 2, fatal: true, message: 'Parsing error: Declaration expected', line: 2 };
  for (const text of ['', report().slice(0, 60), '[]', '{}', JSON.stringify([CLEAN]), report({ messages: [ignored] }), report({ messages: [unparsed] }), JSON.stringify([{ filePath: '/clone/app/main.ts' }])]) {
    assert.throws(() => readFindings(text, context), Unusable, text);
  }
});
