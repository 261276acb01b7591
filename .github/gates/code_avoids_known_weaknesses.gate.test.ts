import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { eraseTypes, readHits, toFindings } from './code_avoids_known_weaknesses.gate.ts';
import { Unusable } from './gate.ts';
import { checkExamples, examplesOf } from './semgrep/examples.ts';
import { findRules, toConfig } from './semgrep/weakness.ts';

const rules = await findRules(path.resolve(import.meta.dirname, '../..'));
const given = new Map([
  ['/scratch/erased/app/main.ts.js', 'app/main.ts'],
  ['/scratch/erased/app/http/page.ts.js', 'app/http/page.ts'],
]);
const RESULT = { check_id: 'scratch.weak-hash', path: '/scratch/erased/app/http/page.ts.js', start: { line: 7, col: 3, offset: 90 }, end: { line: 7, col: 20, offset: 107 }, extra: { message: 'x', lines: 'md5(x)' } };

/** As semgrep 1.86 writes it with --json. */
function report(change: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ version: '1.86.0', results: [], errors: [], paths: { scanned: [...given.keys()] }, interfile_languages_used: [], skipped_rules: [], ...change });
}

test('a match of semgrep becomes a finding of the file that was copied, on its line, with what to do', () => {
  const [finding, ...others] = toFindings(readHits(report({ results: [RESULT, RESULT] }), { rules, given }), rules);
  assert.deepEqual(others, [], 'one line is wrong once');
  assert.ok(finding);
  assert.deepEqual({ rule: finding.rule, file: finding.file, line: finding.line }, { rule: 'weak-hash', file: 'app/http/page.ts', line: 7 });
  assert.match(finding.message, /CWE-327/);
  assert.match(finding.fix, /sha256/);
});

test('a rule tells nothing of the files that it is not about', () => {
  assert.equal(toFindings([{ rule: 'weak-hash', file: 'app/features/x/breached.ts', line: 1, matched: '' }], rules).length, 0);
  assert.equal(toFindings([{ rule: 'rows-of-every-tenant', file: 'app/data/login.ts', line: 1, matched: '' }], rules).length, 0);
  assert.equal(toFindings([{ rule: 'rows-of-every-tenant', file: 'app/features/x/store.ts', line: 1, matched: '' }], rules).length, 1);
});

test('rows that no tenant has are everybody\'s, and a join with rows of tenants is not', () => {
  const query = { ...RESULT, check_id: 'scratch.rows-of-every-tenant', extra: { lines: 'return q.execute();', metavars: { $Q: { abstract_content: 'db.selectFrom("unit").selectAll()' } } } };
  const [hit] = readHits(report({ results: [query] }), { rules, given });
  assert.ok(hit);
  const of = (matched: string) => toFindings([{ ...hit, file: 'app/features/x/store.ts', matched }], rules, new Set(['unit', 'country'])).length;
  assert.deepEqual([hit.matched, 'db.selectFrom("item").selectAll()', 'db.selectFrom("unit").innerJoin("item", "a", "b")', 'sql`delete from country`', 'sql`update item set a = 1`'].map(of), [0, 1, 1, 0, 1]);
});

test('semgrep gives no verdict when it was cut off, left something out, or tells of an error', () => {
  const partial = { code: 3, level: 'warn', type: ['PartialParsing', []], message: 'Syntax error at line 1', path: '/scratch/erased/app/main.ts.js' };
  for (const text of ['', report().slice(0, 50), '{}', report({ errors: [partial] }), report({ skipped_rules: [{ rule_id: 'weak-hash' }] }), report({ paths: { scanned: ['/scratch/erased/app/main.ts.js'] } }), report({ results: [{ ...RESULT, check_id: 'another' }] }), report({ results: [{ ...RESULT, path: '/elsewhere.js' }] })]) {
    assert.throws(() => readHits(text, { rules, given }), Unusable, text);
  }
});

test('a rule that lets its own example pass, or refuses what it allows, gives no verdict', () => {
  const examples = examplesOf(rules);
  const hits = [...examples].flatMap(([file, { rule, isRefused, starts }]) => (isRefused ? starts.map((line) => ({ rule, file, line, matched: '' })) : []));
  assert.doesNotThrow(() => { checkExamples(hits, examples); });
  assert.throws(() => { checkExamples(hits.slice(1), examples); }, Unusable);
  assert.throws(() => { checkExamples([...hits, { rule: 'weak-hash', file: 'examples/weak-hash.allowed', line: 1, matched: '' }], examples); }, Unusable);
  assert.throws(() => { checkExamples([], examples); }, Unusable);
});

test('every rule has a name of its own, a weakness, a remedy and examples of both kinds', () => {
  assert.ok(rules.length >= 40, `only ${rules.length} rules were found`);
  assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length);
  for (const { id, cwe, message, fix, refuses, allows } of rules) {
    assert.ok(Number.isInteger(cwe) && cwe > 0, id);
    assert.ok(message.length > 20 && fix.length > 20, id);
    assert.ok(refuses.length >= 3 && allows.length > 0, id);
  }
});

test('semgrep gets every rule as YAML that is JSON', () => {
  const config = JSON.parse(toConfig(rules)) as { readonly rules: readonly { readonly id: string; readonly languages: readonly string[] }[] };
  assert.deepEqual(config.rules.map(({ id }) => id), rules.map(({ id }) => id));
});

test('types and defaults go, every line stays, and what is no TypeScript is refused', () => {
  const text = "const { next = '/' } = ctx.query as { next?: string };\nexport const kinds = ['a'] as const satisfies readonly string[];\n";
  assert.equal(eraseTypes('a.ts', text), `const { next${' '.repeat(6)} } = ctx.query${' '.repeat(21)};\nexport const kinds = ['a']${' '.repeat(37)};\n`);
  assert.throws(() => eraseTypes('a.ts', 'export const = {{{ ( ;\n'), Unusable);
});
