import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { judgePage } from './observatory-verdict.ts';

/** What the scanner said: captured with `npm run probe -- observatory`, the others with `--without` a header. */
function read(name: string): string {
  return readFileSync(path.join(import.meta.dirname, 'captured', `observatory-${name}.json`), 'utf8');
}

const page = { name: '/', setsCookies: true };

test('A+ with every test passed and good cookies is no violation', () => {
  assert.deepEqual(judgePage({ ...page, output: read('good') }), { name: '/', grade: 'A+', score: 135, passed: '10 of 10', violations: [] });
});

test('a failed test and a worse grade are two violations', () => {
  assert.deepEqual(judgePage({ ...page, output: read('without-csp') }).violations, ['grade B', 'content-security-policy: csp-not-implemented']);
});

test('where cookies are to be set, an A+ without them proves nothing', () => {
  const output = read('without-cookies');
  assert.deepEqual(judgePage({ ...page, output }).violations, ['cookies were expected, and were cookies-not-found']);
  assert.deepEqual(judgePage({ ...page, setsCookies: false, output }).violations, []);
});

test('a scan with few tests, or with failures that it does not show, is a violation', () => {
  const scan = JSON.parse(read('good')) as { scan: { testsFailed: number }; tests: Record<string, unknown> };
  assert.deepEqual(judgePage({ ...page, output: JSON.stringify({ ...scan, scan: { ...scan.scan, testsFailed: 1 } }) }).violations, ['1 failed tests, of which 0 are shown']);
  const { cookies } = scan.tests;
  assert.deepEqual(judgePage({ ...page, output: JSON.stringify({ ...scan, tests: { cookies } }) }).violations, ['only 1 tests ran']);
});

for (const output of ['', '{"error":"The site seems to be down."}', 'Error: Cannot find module']) {
  test(`no result is a violation: ${output}`, () => {
    assert.equal(judgePage({ ...page, output }).violations.length, 1);
    assert.match(judgePage({ ...page, output }).violations[0] ?? '', /^no result: /);
  });
}
