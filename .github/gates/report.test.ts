import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import type { NamedGate } from './find.ts';
import type { Finding } from './gate.ts';
import type { Verdict } from './judge.ts';
import { entriesOf, type RunRecord, writeReport } from './report.ts';
import { pageOf } from './report-page.ts';
import { sarifOf } from './report-sarif.ts';
import { summaryOf } from './report-summary.ts';

const now = Date.UTC(2026, 10, 24);
const hostile = `</code></pre><script>alert(1)</script><img src=x onerror='alert(2)'> | ![x](https://attacker.example/x) [here](javascript:alert(3)) \`\`\`\n# @everyone \u202Etxt`;

function gateNamed(name: string, more: Partial<NamedGate> = {}): NamedGate {
  return { name, source: `.github/gates/${name}.gate.ts`, claim: `${name} holds`, why: 'Since it matters.', remedy: 'Mend it.', link: 'https://example.org/why', tools: [], reads: /./, scope: 'file', when: 'change', check: () => Promise.resolve([]), ...more };
}

function finding(more: Partial<Finding> = {}): Finding {
  return { rule: 'some-rule', file: 'app/a.ts', line: 3, severity: 'error', message: 'It is wrong.', fix: 'Make it right.', ...more };
}

function verdict(gate: string, findings: readonly Finding[] = [], more: Partial<Verdict> = {}): Verdict {
  return { gate, claim: `${gate} holds`, status: findings.length > 0 ? 'fail' : 'pass', reason: '', findings, ms: 1_234, ...more };
}

function record(verdicts: readonly Verdict[], more: Partial<RunRecord> = {}): RunRecord {
  return { verdicts, gates: verdicts.map(({ gate }) => gateNamed(gate)), remainder: { untouched: 0, withoutPart: [] }, now, read: () => 'one\ntwo\nthree\nfour\nfive\nsix\n', ...more };
}

const page = (run: RunRecord) => pageOf(entriesOf(run), run);
const summary = (run: RunRecord) => summaryOf(entriesOf(run), run);

/** What the schema of SARIF 2.1.0 requires of the parts that are used, and its constraints on them; strict, so that nothing is misspelt. */
const Text = z.strictObject({ text: z.string().min(1) });
const Sarif = z.strictObject({
  $schema: z.url(),
  version: z.literal('2.1.0'),
  runs: z.array(
    z.strictObject({
      tool: z.strictObject({
        driver: z.strictObject({
          name: z.string().min(1),
          rules: z.array(z.strictObject({ id: z.string(), name: z.string(), shortDescription: Text, fullDescription: Text, help: Text, helpUri: z.url(), defaultConfiguration: z.strictObject({ level: z.enum(['none', 'note', 'warning', 'error']) }) })),
        }),
      }),
      automationDetails: z.strictObject({ id: z.string() }),
      originalUriBaseIds: z.record(z.string(), z.strictObject({ description: Text })),
      columnKind: z.enum(['utf16CodeUnits', 'unicodeCodePoints']),
      invocations: z.array(z.strictObject({ executionSuccessful: z.boolean(), toolExecutionNotifications: z.array(z.strictObject({ level: z.literal('warning'), message: Text })) })),
      results: z.array(
        z.strictObject({
          ruleId: z.string(),
          ruleIndex: z.int().min(0),
          level: z.enum(['none', 'note', 'warning', 'error']),
          message: Text,
          locations: z.array(z.strictObject({ physicalLocation: z.strictObject({ artifactLocation: z.strictObject({ uri: z.string().regex(/^[\w./%~!$&'()*+,;=:@-]+$/).refine((uri) => !uri.startsWith('/')), uriBaseId: z.string() }), region: z.strictObject({ startLine: z.int().min(1) }).optional() }) })),
          partialFingerprints: z.record(z.string(), z.string()),
        }),
      ),
    }),
  ),
});

function sarif(run: RunRecord) {
  const [only] = Sarif.parse(structuredClone(sarifOf(entriesOf(run)))).runs;
  assert.ok(only);
  return only;
}

test('one folder gets the page, SARIF, the summary and JSON, and JSON has what --json prints', async (context) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'report-'));
  context.after(() => { rmSync(directory, { recursive: true }); });
  const run = record([verdict('a_holds', [finding()])]);
  await writeReport(path.join(directory, 'made/here'), run);
  const text = (name: string) => readFileSync(path.join(directory, 'made/here', name), 'utf8');
  assert.equal(text('gates.html'), page(run));
  assert.equal(text('gates.md'), summary(run));
  assert.deepEqual(JSON.parse(text('gates.json')), { gates: run.verdicts });
  assert.deepEqual(JSON.parse(text('gates.sarif')), sarifOf(entriesOf(run)));
});

test('what asks for something to be done comes first in each form', () => {
  const run = record([verdict('a_holds'), verdict('b_holds', [], { status: 'not run', reason: 'no token' }), verdict('c_holds', [finding()])]);
  assert.deepEqual(entriesOf(run).map(({ verdict: { gate } }) => gate), ['c_holds', 'b_holds', 'a_holds']);
  for (const text of [page(run), summary(run)]) {
    const places = ['c_holds', 'b_holds', 'a_holds'].map((gate) => text.indexOf(gate));
    assert.ok(places.every((place, index) => place > (places[index - 1] ?? 0)), String(places));
  }
});

test('the page says of a failing claim why it matters, where it is broken, what to do, and how to look again', () => {
  const run = record([verdict('a_holds', [finding()])]);
  const text = page(run);
  for (const part of ['a_holds holds', 'Since it matters.', 'Mend it.', 'https://example.org/why', 'app/a.ts', 'line 3', 'It is wrong.', 'Make it right.', 'npm run gates -- --only a_holds', '<mark><span class="at">    3</span> three</mark>', 'One claim does not hold']) assert.ok(text.includes(part), part);
  assert.ok(!text.includes('six'), 'a neighbour of a neighbour');
});

test('on the page, what stands in backticks is code, and is still only text', () => {
  const text = page(record([verdict('a_holds', [finding({ message: 'A lone ` stays.', fix: 'Write `query(text, [<value>])`, or `sql`.' })])]));
  assert.ok(text.includes('Write <code>query(text, [&#60;value&#62;])</code>, or <code>sql</code>.'));
  assert.ok(text.includes('A lone ` stays.'));
});

test('a gate that was not run is never shown as holding', () => {
  const run = record([verdict('a_holds', [], { status: 'not run', reason: 'SOME_TOKEN is not set; the lock file is checked' })]);
  assert.match(page(run), /<h1 class="missing">Nothing was checked/);
  assert.match(page(run), /SOME_TOKEN is not set; the lock file is checked/);
  assert.match(summary(run), /0 fail, 1 not run, 0 pass/);
  assert.equal(sarif(run).invocations[0]?.executionSuccessful, false);
  assert.match(sarif(run).invocations[0]?.toolExecutionNotifications[0]?.message.text ?? '', /SOME_TOKEN/);
});

test('no gate at all is no success', () => {
  assert.match(page(record([])), /No gate had anything to judge/);
});

test('what was left out is told: gates that a change does not touch, and parts that a fork deleted', () => {
  const run = record([verdict('a_holds')], { remainder: { untouched: 4, withoutPart: [gateNamed('cloud_holds', { part: 'terraform/' })] } });
  assert.match(page(run), /4 more gates judge nothing that was changed/);
  assert.match(page(run), /cloud_holds<\/code> claims nothing here: there is no <code>terraform\//);
  assert.match(summary(run), /4 more judge nothing/);
  assert.match(summary(run), /cloud_holds claims nothing here: there is no terraform/);
});

test('the page runs and loads nothing, whatever a finding or a line of a file has in it (CWE-79)', () => {
  const run = record([verdict('a_holds', [finding({ rule: hostile, file: hostile, message: hostile, fix: hostile })], { reason: hostile })], { read: () => `1\n2\n${hostile}\n` });
  const tags = [...page(run).matchAll(/<(\/?[a-z!][a-z0-9]*)/g)].map((match) => match[1]);
  assert.deepEqual([...new Set(tags)].filter((tag) => ['script', 'img', 'iframe', 'link', 'object', 'svg'].includes(tag ?? '')), []);
  assert.ok(page(run).includes('&#60;script&#62;alert(1)'));
  assert.ok(page(run).includes('⟨U+202E⟩'), 'what turns the text around is seen');
  const hash = createHash('sha256').update(/<style>([^]*)<\/style>/.exec(page(run))?.[1] ?? '').digest('base64');
  assert.ok(page(run).includes(`content="default-src 'none'; style-src 'sha256-${hash}'"`));
  assert.doesNotMatch(page(run), /<[^>]* (?:style|on\w+)=/);
});

test('no text of a finding is Markdown or markup in the summary', () => {
  const text = summary(record([verdict('a_holds', [finding({ rule: hostile, file: hostile, message: hostile, fix: hostile })])]));
  const row = text.split('\n').find((line) => line.includes('everyone')) ?? '';
  assert.equal(row.match(/\|/g)?.length, 5, 'no cell is made by a finding');
  assert.doesNotMatch(row, /[<>`[\]@*\\]|https?:|javascript:/);
  assert.equal(text.split('\n').filter((line) => line.startsWith('# ')).length, 1);
});

test('the summary stays below what GitHub takes, and says what it left out', () => {
  const many = Array.from({ length: 20_000 }, (_, index) => finding({ line: index + 1, message: 'ä'.repeat(50) }));
  const text = summary(record([verdict('a_holds', many), verdict('b_holds')]));
  assert.ok(Buffer.byteLength(text) <= 2 ** 20, String(Buffer.byteLength(text)));
  assert.match(text, /\n\d+ lines more are in gates\.html of the same run\.\n/);
  assert.match(text, /✅ pass \| b_holds/);
});

test('no form quotes a line of a file that has a credential in it, not even for another gate', () => {
  const verdicts = [verdict('secrets_stay_out', [finding({ line: 1 })]), verdict('b_holds', [finding({ line: 2 }), finding({ file: 'app/b.ts', line: 1 })])];
  const run = record(verdicts, { gates: [gateNamed('secrets_stay_out', { findsSecrets: true }), gateNamed('b_holds')], read: (file) => (file === 'app/a.ts' ? 'hunter2\nnext\n' : 'harmless\n') });
  assert.ok(!page(run).includes('hunter2'));
  assert.ok(!page(run).includes('next\n'));
  assert.ok(page(run).includes('harmless'));
});

test('a line that is not there, a file that is not there and a line of a megabyte are no obstacle', () => {
  const [entry] = entriesOf(record([verdict('a_holds', [finding({ line: 99 }), finding({ file: 'gone', line: 1 }), finding({ file: 'long', line: 1 })])], { read: (file) => (file === 'gone' ? undefined : 'x'.repeat(1_000_000)) }));
  assert.deepEqual(entry?.files.map(({ file, findings }) => [file, findings[0]?.excerpt.map(({ text }) => text.length)]), [['app/a.ts', []], ['gone', [0]], ['long', [241]]]);
});

test('SARIF has what its schema requires, relative addresses, and the level of each finding', () => {
  const run = sarif(record([verdict('a_holds', [finding(), finding({ rule: 'other', file: 'docs/a b#c?.md', severity: 'note' })]), verdict('b_holds', [finding({ file: 'Dockerfile', severity: 'warning' })])]));
  assert.deepEqual(run.tool.driver.rules.map(({ id }) => id), ['a_holds/some-rule', 'a_holds/other', 'b_holds/some-rule']);
  assert.deepEqual(run.results.map(({ ruleId, ruleIndex, level }) => [ruleId, ruleIndex, level]), [['a_holds/some-rule', 0, 'error'], ['a_holds/other', 1, 'note'], ['b_holds/some-rule', 2, 'warning']]);
  assert.equal(run.results[1]?.locations[0]?.physicalLocation.artifactLocation.uri, 'docs/a%20b%23c%3F.md');
  assert.ok(Object.keys(run.originalUriBaseIds).includes(run.results[0]?.locations[0]?.physicalLocation.artifactLocation.uriBaseId ?? ''));
});

test('the category of a run tells which job of the matrix it is of, so that GitHub takes them side by side', () => {
  const idFor = (...sets: readonly ('go' | 'python' | 'machine')[]) => sarif(record(sets.map((_, index) => verdict(`g${index}_holds`)), { gates: sets.map((set, index) => gateNamed(`g${index}_holds`, { tools: [set === 'machine' ? { set, program: 'git', get: 'there' } : { set, program: 'x' }] })) })).automationDetails.id;
  assert.deepEqual([idFor('go'), idFor('go', 'go'), idFor('python'), idFor('machine')], ['gates/go/', 'gates/go/', 'gates/python/', 'gates/machine/']);
  assert.equal(idFor('go', 'python'), 'gates/');
  assert.equal(sarif(record([verdict('a_holds')])).automationDetails.id, 'gates/packages/');
});

test('a finding about a file as a whole has no region, and one that kept a gate from a verdict makes the run incomplete', () => {
  const { results, invocations } = sarif(record([verdict('a_holds', [{ rule: 'unusable', file: 'x', severity: 'error', message: 'm', fix: 'f' }])]));
  assert.equal(results[0]?.locations[0]?.physicalLocation.region, undefined);
  assert.equal(invocations[0]?.executionSuccessful, false);
  assert.equal(sarif(record([verdict('a_holds', [finding()])])).invocations[0]?.executionSuccessful, true);
});

test('a fingerprint stays when the line moves, differs for another line, and tells equal lines apart', () => {
  const prints = (line: number, text: string, count = 1) => sarif(record([verdict('a_holds', Array.from({ length: count }, (_, index) => finding({ line: line + index })))], { read: () => text })).results.map(({ partialFingerprints }) => partialFingerprints['primaryLocationLineHash']);
  assert.deepEqual(prints(1, 'bad();\n'), prints(4, 'a\nb\nc\n  bad();\n'));
  assert.notDeepEqual(prints(1, 'bad();\n'), prints(1, 'worse();\n'));
  assert.equal(new Set(prints(1, 'bad();\nbad();\nbad();\n', 3)).size, 3);
});
