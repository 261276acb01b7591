import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type Explanation, ExplanationsSchema, judgeWapitiRun, type Traffic } from './wapiti-verdict.ts';

/** Of a run with 26,186 requests; three findings of each category are kept. */
const report = readFileSync(path.join(import.meta.dirname, 'captured/wapiti.json'), 'utf8');
const explanations = ExplanationsSchema.parse(JSON.parse(readFileSync(path.join(import.meta.dirname, 'wapiti-explained.json'), 'utf8')));
const traffic: Traffic = { requests: 26_186, formsHandled: 3_757, callbacks: [], signedIn: true };
const said = '[*] Launching module xss\n[*] Launching module sql\n';
const run = { report, said, modules: ['xss', 'sql'], traffic, explanations, today: '2026-11-23' };

test('findings that are explained are counted, and no violation', () => {
  assert.deepEqual(judgeWapitiRun(run), {
    pages: 504,
    categories: [
      { category: 'Cross Site Request Forgery', findings: 3, explained: 3 },
      { category: 'HTTP Methods', findings: 3, explained: 3 },
    ],
    violations: [],
  });
});

test('without its explanation each finding is a violation', () => {
  const { violations } = judgeWapitiRun({ ...run, explanations: [] });
  assert.equal(violations.length, 6);
  assert.equal(violations[0], 'Cross Site Request Forgery: POST /items: Lack of anti CSRF token');
});

test('an explanation holds for what it says alone: another method is a finding', () => {
  const { violations } = judgeWapitiRun({ ...run, report: report.replace('OPTIONS (204)', 'OPTIONS (204) TRACE (200)') });
  assert.equal(violations.length, 1);
  assert.match(violations[0] ?? '', /TRACE/);
});

test('a path where every method is refused is explained, one where a method is not is a finding', () => {
  const found = (methods: string) => judgeWapitiRun({ ...run, report: report.replace(/(using OPTIONS\) on [^:]+:[^:]+:\d+[^:]+): OPTIONS \(204\)[^"]*/, (_, start: string) => `${start.replace('OPTIONS', 'heuristics')}: ${methods}`) }).violations;
  assert.deepEqual(found('DELETE (404) PUT (405)'), []);
  assert.equal(found('DELETE (404) PUT (200)').length, 1);
});

test('an explanation that has expired explains nothing more', () => {
  const expired: Explanation[] = explanations.map((each) => ({ ...each, expires: '2026-11-22' }));
  const { violations, categories } = judgeWapitiRun({ ...run, explanations: expired });
  assert.equal(violations.filter((violation) => violation.includes('expired on 2026-11-22')).length, explanations.length);
  assert.ok(categories.every(({ explained }) => explained === 0));
});

for (const [what, changed, pattern] of [
  ['a request that the service was brought to send', { traffic: { ...traffic, callbacks: ['GET /ssrf/1'] } }, /sent a request to the scanner: GET \/ssrf\/1/],
  ['a module that did not run', { modules: ['xss', 'sql', 'ssrf'] }, /the module ssrf did not run/],
  ['a scan that found no way in', { report: report.replace('"crawled_pages_nbr": 504', '"crawled_pages_nbr": 2') }, /only 2 pages/],
  ['a scan that hardly asked', { traffic: { ...traffic, requests: 12 } }, /only 12 requests/],
  ['forms that were all refused before a handler', { traffic: { ...traffic, formsHandled: 0 } }, /no form got as far/],
  ['a session that ended', { traffic: { ...traffic, signedIn: false } }, /the session ended/],
  ['a crash of the service', { report: report.replace('"Internal Server Error": []', '"Internal Server Error": [{"method":"GET","path":"/","info":"HTTP Error 500","module":"xss"}]') }, /Internal Server Error: GET \/: HTTP Error 500/],
  ['no report', { report: '', said: 'Connection refused' }, /no report: Connection refused/],
] as const) {
  test(`${what} is a violation`, () => {
    const { violations } = judgeWapitiRun({ ...run, ...changed });
    assert.equal(violations.length, 1, violations.join('\n'));
    assert.match(violations[0] ?? '', pattern);
  });
}
