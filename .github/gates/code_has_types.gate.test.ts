import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDiagnostics } from './code_has_types.gate.ts';
import { Unusable } from './gate.ts';

const context = { root: '/clone', files: ['app/main.ts', 'app/http/page.ts'] };
/** As tsc 7.0 prints it, with --listFiles. */
const LISTED = '/clone/node_modules/typescript/lib/lib.es5.d.ts\n/clone/app/http/page.ts\n/clone/app/main.ts\n';
const ERRORS = `app/http/page.ts(12,84): error TS2345: Argument of type 'Readable | null' is not assignable to parameter of type 'Readable'.\n  Type 'null' is not assignable to type 'Readable'.\n`;

test('a diagnostic of the compiler becomes a finding with its file, line and code', () => {
  const [finding, ...others] = readDiagnostics({ status: 1, stdout: ERRORS + LISTED }, context);
  assert.deepEqual(others, []);
  assert.ok(finding);
  assert.deepEqual({ rule: finding.rule, file: finding.file, line: finding.line }, { rule: 'TS2345', file: 'app/http/page.ts', line: 12 });
  assert.match(finding.message, /^Argument of type/);
});

test('a compiler that read every file and found nothing finds nothing', () => {
  assert.deepEqual(readDiagnostics({ status: 0, stdout: LISTED }, context), []);
});

test('the compiler gives no verdict when it did not read a file, was cut off, or says one thing and ends with another', () => {
  const broken: readonly (readonly [number, string])[] = [
    [0, ''],
    [0, LISTED.slice(0, LISTED.length / 2)],
    [1, ERRORS],
    [1, ''],
    [0, LISTED.replace('/clone/app/main.ts\n', '')],
    [2, LISTED],
    [0, ERRORS + LISTED],
    [2, `error TS18003: No inputs were found in config file 'tsconfig.json'.\n${LISTED}`],
  ];
  for (const [status, stdout] of broken) assert.throws(() => readDiagnostics({ status, stdout }, context), Unusable, stdout);
});

test('paths of Windows are the same files', () => {
  const windows = { root: 'C:\\clone', files: ['app/main.ts'] };
  assert.deepEqual(readDiagnostics({ status: 0, stdout: 'C:/clone/app/main.ts\r\n' }, windows), []);
});
