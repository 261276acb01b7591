import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import type { NamedGate } from './find.ts';
import { type Finding, type GateContext, parseJson, type Tool, Unusable } from './gate.ts';
import { howToGet, isTouched, judgeGate, type Surroundings } from './judge.ts';

const now = Date.UTC(2026, 10, 24);
const node: Tool = { set: 'machine', program: 'node', get: 'nodejs.org' };
const finding: Finding = { rule: 'some-rule', file: 'a.ts', line: 2, severity: 'error', message: 'm', fix: 'f' };

function gateThat(check: NamedGate['check'], more: Partial<NamedGate> = {}): NamedGate {
  return { name: 'a_holds', source: '.github/gates/a_holds.gate.ts', claim: 'a holds', why: '', remedy: '', link: '', tools: [], reads: /\.ts$/, scope: 'file', when: 'change', check, ...more };
}

function around(context: TestContext, files: Readonly<Record<string, string>>, more: Partial<Surroundings> & { readonly changed?: readonly string[] } = {}): Surroundings {
  const root = mkdtempSync(path.join(tmpdir(), 'judge-'));
  context.after(() => { rmSync(root, { recursive: true }); });
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(root, file), text);
  const { changed, ...rest } = more;
  return { root, state: { files: Object.keys(files), ...(changed === undefined ? {} : { changed }) }, tools: path.join(root, '.cache/tools'), environment: {}, now, ...rest };
}

const passes = () => Promise.resolve([]);
const files = { 'a.ts': 'one\ntwo\n', 'b.ts': 'one\n', 'c.md': 'one\n' };

test('a gate sees the files that it reads, and every path of the tree', async (context) => {
  let seen: GateContext | undefined;
  const verdict = await judgeGate(gateThat((given) => { seen = given; return passes(); }), around(context, files));
  assert.deepEqual([seen?.files, seen?.tree, seen?.read('b.ts')], [['a.ts', 'b.ts'], ['a.ts', 'b.ts', 'c.md'], 'one\n']);
  assert.deepEqual({ ...verdict, ms: 0 }, { gate: 'a_holds', claim: 'a holds', status: 'pass', reason: '', findings: [], ms: 0 });
});

test('a finding fails it', async (context) => {
  const verdict = await judgeGate(gateThat(() => Promise.resolve([finding])), around(context, files));
  assert.deepEqual([verdict.status, verdict.findings], ['fail', [finding]]);
});

test('its folder for scratch is empty, and gone afterwards, also when it throws', async (context) => {
  let scratch = '';
  await judgeGate(gateThat((given) => { scratch = given.scratch; writeFileSync(path.join(scratch, 'x'), ''); throw new Error('no'); }), around(context, files));
  assert.ok(scratch !== '' && !existsSync(scratch));
});

const noVerdict: Readonly<Record<string, readonly [Partial<NamedGate>, RegExp]>> = {
  'finds no file that it judges': [{ reads: /\.tf$/ }, /no file that it judges/],
  'throws': [{ check: () => Promise.reject(new Unusable('the tool looked at 3 of 5 files')) }, /3 of 5 files/],
  'has a fault of its own': [{ check: () => { throw new TypeError('undefined is no function'); } }, /undefined is no function/],
  'reads a file that is not there': [{ check: ({ read }) => Promise.resolve([{ ...finding, message: read('gone.ts') }]) }, /ENOENT/],
  'gets the report of a tool that was cut off': [{ check: () => Promise.resolve(parseJson('{"results": [', 'one') as never) }, /one printed no complete JSON/],
  'gets nothing from a tool': [{ check: () => Promise.resolve(parseJson(' \n', 'one') as never) }, /one printed nothing/],
  'runs a tool that crashes': [{ tools: [node], check: async ({ run }) => { await run(node, ['-e', 'console.error("segfault"); process.exit(139)']); return []; } }, /status 139: segfault/],
};
for (const [what, [more, message]] of Object.entries(noVerdict)) {
  test(`a gate that ${what} is red`, async (context) => {
    const verdict = await judgeGate(gateThat(passes, more), around(context, files));
    assert.equal(verdict.status, 'fail');
    assert.deepEqual(verdict.findings.map(({ rule, file }) => [rule, file]), [['unusable', '.github/gates/a_holds.gate.ts']]);
    assert.match(verdict.findings[0]?.message ?? '', message);
  });
}

test('what stands between a gate and its tools can spoil their output, and the status is looked at all the same', async (context) => {
  const check: NamedGate['check'] = async ({ run }) => { await run(node, ['-e', '']); return []; };
  const spoilt = around(context, files, { run: () => Promise.resolve({ status: 7, stdout: '', stderr: 'spoilt' }) });
  assert.match((await judgeGate(gateThat(check, { tools: [node] }), spoilt)).findings[0]?.message ?? '', /status 7: spoilt/);
});

test('without its tool a gate is not run, says how to get it, and what stands in for it', async (context) => {
  const surroundings = around(context, files);
  const reasonOf = async (tool: Tool, more: Partial<NamedGate> = {}) => {
    const verdict = await judgeGate(gateThat(() => assert.fail('it ran'), { tools: [tool], ...more }), surroundings);
    assert.equal(verdict.status, 'not run');
    return verdict.reason;
  };
  assert.equal(await reasonOf({ set: 'go', program: 'one' }), 'one is not installed (npm run gates:setup); nothing stands in for it');
  assert.equal(await reasonOf({ set: 'osv', program: 'one' }), 'one is not installed (npm run gates:setup -- --all); nothing stands in for it');
  assert.equal(await reasonOf({ set: 'packages', program: 'one' }), 'one is not installed (npm ci); nothing stands in for it');
  assert.equal(await reasonOf({ set: 'machine', program: 'no-such-program', get: 'apt-get install it' }, { standIn: 'b_holds looks at half of it' }), 'no-such-program is not installed (apt-get install it); b_holds looks at half of it');
});

test('a gate with a hindrance is not run, and says which', async (context) => {
  const gate = gateThat(passes, { hindrance: ({ SOME_TOKEN: token }) => (token === undefined ? 'SOME_TOKEN is not set' : undefined) });
  assert.match((await judgeGate(gate, around(context, files))).reason, /^SOME_TOKEN is not set/);
  assert.equal((await judgeGate(gate, around(context, files, { environment: { SOME_TOKEN: 'x' } }))).status, 'pass');
});

test('of a change, a gate of files judges those that were changed, one of trees everything, and either everything once its settings were', async (context) => {
  const judged = async (scope: NamedGate['scope'], changed: readonly string[]) => {
    let seen: readonly string[] = [];
    const verdict = await judgeGate(gateThat(({ files: given }) => { seen = given; return passes(); }, { scope, settings: /^rules\.yaml$/ }), around(context, files, { changed }));
    assert.equal(verdict.status, 'pass');
    return seen;
  };
  assert.deepEqual(await judged('file', ['b.ts', 'c.md']), ['b.ts']);
  assert.deepEqual(await judged('file', ['gone.ts']), []);
  assert.deepEqual(await judged('tree', ['b.ts']), ['a.ts', 'b.ts']);
  assert.deepEqual(await judged('tree', ['gone.ts']), ['a.ts', 'b.ts']);
  assert.deepEqual(await judged('tree', ['c.md']), []);
  for (const setting of ['rules.yaml', '.github/gates/a_holds.gate.ts']) assert.deepEqual(await judged('file', [setting]), ['a.ts', 'b.ts']);
});

test('a gate is touched by what it reads, its settings and its own file, and by everything where there is no base', () => {
  const gate = gateThat(passes, { settings: /^rules\.yaml$/ });
  for (const changed of [['a.ts'], ['rules.yaml'], ['.github/gates/a_holds.gate.ts'], ['x.md', 'a.ts']]) assert.ok(isTouched(gate, { files: [], changed }), String(changed));
  assert.ok(!isTouched(gate, { files: [], changed: ['x.md'] }));
  assert.ok(isTouched(gate, { files: [] }));
});

test('a waiver beside what it waives takes the finding away, an expired or unused one is a finding, and no verdict can be waived', async (context) => {
  const rules = async (text: string, check: NamedGate['check'] = () => Promise.resolve([finding])) => (await judgeGate(gateThat(check), around(context, { 'a.ts': text }))).findings.map(({ rule }) => rule);
  const allow = (until: string, rule = 'some-rule') => `// gates:allow a_holds/${rule} until ${until}: since it is so\n\n`;
  assert.deepEqual(await rules(allow('2026-11-24')), []);
  assert.deepEqual(await rules(allow('2026-11-23')), ['some-rule', 'expired-waiver']);
  assert.deepEqual(await rules(allow('2026-11-24', 'other')), ['some-rule', 'unused-waiver']);
  assert.deepEqual(await rules(allow('2026-11-24', 'unusable'), () => { throw new Unusable('x'); }), ['unusable']);
});

test('the waivers of a file without comments stand beside it, where the gate does not read', async (context) => {
  const lock = { 'a.lock': '{}', 'a.lock.waivers': 'gates:allow a_holds/some-rule until 2026-12-31: since it is so\n', 'b.lock.waivers': 'gates:allow a_holds/some-rule until 2026-12-31: of no file\n' };
  const verdict = await judgeGate(gateThat(() => Promise.resolve([{ ...finding, file: 'a.lock' }]), { reads: /\.lock$/ }), around(context, lock));
  assert.deepEqual([verdict.status, verdict.findings], ['pass', []]);
});

test('a change that is not committed is no history, but what decides the verdict on it is', async (context) => {
  const history = gateThat(() => Promise.resolve([finding]), { scope: 'history', reads: /./, settings: /^rules$/ });
  for (const [changed, touched, status] of [[['a.ts'], false, 'pass'], [['rules'], true, 'fail'], [undefined, true, 'fail']] as const) {
    const surroundings = around(context, files, changed === undefined ? {} : { changed });
    assert.deepEqual([isTouched(history, surroundings.state), (await judgeGate(history, surroundings)).status], [touched, status], String(changed));
  }
});

test('where a tool comes from is told for the system that asks', () => {
  assert.equal(howToGet({ set: 'python', program: 'semgrep' }, 'darwin'), 'semgrep is not installed (npm run gates:setup)');
  assert.equal(howToGet({ set: 'python', program: 'semgrep' }, 'win32'), 'semgrep has no build for Windows (use WSL, or let CI run this gate)');
  assert.equal(howToGet({ set: 'machine', program: 'terraform', get: 'from its makers' }, 'win32'), 'terraform is not installed (from its makers)');
});
