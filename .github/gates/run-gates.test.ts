import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';

const program = path.join(import.meta.dirname, 'run-gates.ts');

function gate(check: string, more = ''): string {
  return `export const gate = { claim: 'it holds', why: 'it matters', remedy: 'mend it', link: 'https://example.org/', tools: [], reads: /\\.ts$/, scope: 'file', when: 'change', check: ${check}, ${more} };\n`;
}
const passes = gate('async () => []');
const fails = gate("async ({ files }) => files.map((file) => ({ rule: 'some-rule', file, line: 1, severity: 'error', message: 'It is wrong.', fix: 'Make it right.' }))", 'reads: /^app\\//');
const missing = gate('async () => []', "tools: [{ set: 'machine', program: 'no-such-program', get: 'from nowhere' }]");
const hindered = gate('async () => []', "hindrance: () => 'SOME_TOKEN is not set', standIn: 'b_holds looks too'");

/** A repository on main, where everything is committed. */
function repository(context: TestContext, gates: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}) {
  const root = mkdtempSync(path.join(tmpdir(), 'gates-'));
  context.after(() => { rmSync(root, { recursive: true }); });
  const put = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };
  put('package.json', '{"type":"module"}\n');
  put('.gitignore', '.cache/\n');
  put('app/a.ts', 'export const a = 1;\n');
  for (const [name, text] of Object.entries(gates)) put(`.github/gates/${name}.gate.ts`, text);
  for (const [file, text] of Object.entries(files)) put(file, text);
  const git = (...parameters: string[]) => execFileSync('git', ['-C', root, '-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false', ...parameters], { stdio: 'pipe' });
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '-m', 'Begin');
  const environment = { ...process.env, CI: undefined, NODE_TEST_CONTEXT: undefined };
  const run = (...parameters: string[]) => spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...parameters], { cwd: root, encoding: 'utf8', env: environment });
  const judge = (...parameters: string[]) => {
    const { status, stdout } = run('--json', ...parameters);
    const { gates: verdicts } = JSON.parse(stdout) as { gates: { gate: string; status: string; reason: string; findings: { rule: string; file: string }[]; ms: number }[] };
    return { status, verdicts, told: verdicts.map((verdict) => `${verdict.gate} ${verdict.status}`) };
  };
  return { root, put, run, judge };
}

test('everything that passes ends with 0, and one table', (context) => {
  const { run } = repository(context, { a_holds: passes, b_holds: passes });
  const { status, stdout, stderr } = run();
  assert.equal(status, 0, stderr);
  assert.match(stdout, /✔ a_holds \(\d+\.\d s\)/);
  assert.match(stdout, /\n2 pass, 0 fail, 0 not run\n$/);
});

test('a finding ends with 1, and says where and what to do', (context) => {
  const { status, stdout } = repository(context, { a_holds: passes, b_holds: fails }).run();
  assert.equal(status, 1);
  assert.match(stdout, /app\/a\.ts:1 {2}b_holds\/some-rule\n {4}It is wrong\.\n {4}→ Make it right\./);
});

test('what is not installed is told and no error on a laptop, and ends with 2 in CI', (context) => {
  const { run, judge } = repository(context, { a_holds: passes, b_holds: missing });
  assert.match(run().stdout, /– b_holds: no-such-program is not installed \(from nowhere\); nothing stands in for it/);
  assert.deepEqual([judge().status, judge('--profile', 'laptop').status, judge('--profile', 'ci').status], [0, 0, 2]);
  assert.deepEqual(judge('--profile', 'ci').told, ['a_holds pass', 'b_holds not run']);
});

test('CI excuses what has a reason of its own, and never calls it passed', (context) => {
  const { judge } = repository(context, { a_holds: hindered });
  const { status, verdicts } = judge('--profile', 'ci');
  assert.equal(status, 0);
  assert.deepEqual([verdicts[0]?.status, verdicts[0]?.reason], ['not run', 'SOME_TOKEN is not set; b_holds looks too']);
});

test('a finding weighs more than what was not run', (context) => {
  assert.equal(repository(context, { a_holds: fails, b_holds: missing }).run('--profile', 'ci').status, 1);
});

test('a tool that crashes, and a gate that finds no file, are red', (context) => {
  const crashes = gate("async ({ run }) => { await run({ set: 'machine', program: 'node' }, ['-e', 'process.exit(3)']); return []; }", "tools: [{ set: 'machine', program: 'node', get: '' }]");
  const { status, verdicts } = repository(context, { a_holds: crashes, b_holds: gate('async () => []', 'reads: /\\.cobol$/') }).judge();
  assert.equal(status, 1);
  assert.deepEqual(verdicts.map(({ findings }) => findings.map(({ rule }) => rule)), [['unusable'], ['unusable']]);
});

test('--json prints one object of exactly this shape, and nothing else, on stdout', (context) => {
  const { stdout, stderr } = repository(context, { a_holds: fails }).run('--json');
  const printed = JSON.parse(stdout) as { gates: Record<string, unknown>[] };
  assert.deepEqual(Object.keys(printed), ['gates']);
  assert.deepEqual(printed.gates.map(({ ms, ...rest }) => [typeof ms, rest]), [['number', { gate: 'a_holds', claim: 'it holds', status: 'fail', reason: '', findings: [{ rule: 'some-rule', file: 'app/a.ts', line: 1, severity: 'error', message: 'It is wrong.', fix: 'Make it right.' }] }]]);
  assert.match(stderr, /✖ a_holds/);
});

test('--only runs those, scheduled ones too; without it these run with --all alone', (context) => {
  const { judge, run } = repository(context, { a_holds: passes, b_holds: fails, c_holds: gate('async () => []', "when: 'schedule'") });
  assert.deepEqual(judge('--only', 'a_holds,c_holds').told, ['a_holds pass', 'c_holds pass']);
  assert.deepEqual(judge().told, ['a_holds pass', 'b_holds fail']);
  assert.deepEqual(judge('--all').told, ['a_holds pass', 'b_holds fail', 'c_holds pass']);
  const { status, stderr } = run('--only', 'd_holds');
  assert.equal(status, 2);
  assert.match(stderr, /^there is no gate d_holds; there are a_holds, b_holds, c_holds\n/);
});

test('--changed judges what was changed, by the gates that it touches', (context) => {
  const { judge, run, put } = repository(context, { a_holds: fails, b_holds: gate('async () => []', 'reads: /\\.md$/') }, { 'README.md': 'x\n' });
  assert.deepEqual(judge('--changed').told, []);
  put('app/new.ts', 'export const b = 1;\n');
  const { status, verdicts } = judge('--changed');
  assert.equal(status, 1);
  assert.deepEqual(verdicts.map(({ gate: name, findings }) => [name, findings.map(({ file }) => file)]), [['a_holds', ['app/new.ts']]]);
  assert.match(run('--changed').stdout, /1 more judge nothing that was changed/);
  assert.match(run('--base', 'no-such-commit').stderr, /no-such-commit/);
  assert.equal(run('--base', 'no-such-commit').status, 2);
});

test('a part that a fork deleted takes its claim with it, and the table says so', (context) => {
  const { run, put, judge } = repository(context, { a_holds: passes, cloud_holds: gate('async () => []', "part: 'cloud/', reads: /^cloud\\//") });
  const { status, stdout } = run();
  assert.equal(status, 0);
  assert.match(stdout, /cloud_holds claims nothing here: there is no cloud\//);
  put('cloud/main.tf', '');
  assert.deepEqual(judge().told, ['a_holds pass', 'cloud_holds pass']);
});

test('an expired and an unused waiver fail the gate that they name', (context) => {
  const { verdicts, status } = repository(context, { a_holds: passes }, { 'app/b.ts': '// gates:allow a_holds/some-rule until 2020-01-31: it was so\n// gates:allow a_holds/other until 2999-01-31: it is not so\n' }).judge();
  assert.equal(status, 1);
  assert.deepEqual(verdicts[0]?.findings.map(({ rule }) => rule), ['expired-waiver', 'unused-waiver']);
});

test('--matrix names every gate once, those with the same tools together, and runs none', (context) => {
  const needs = (set: string) => gate("async () => { throw new Error('it ran'); }", `tools: [{ set: '${set}', program: 'one' }]`);
  const { status, stdout } = repository(context, { a_holds: needs('go'), b_holds: needs('python'), c_holds: needs('go'), d_holds: passes }).run('--matrix');
  assert.equal(status, 0);
  assert.deepEqual(JSON.parse(stdout), { include: [{ group: 'go', gates: 'a_holds,c_holds' }, { group: 'python', gates: 'b_holds' }, { group: 'packages', gates: 'd_holds' }] });
});

test('--report writes what people, code scanning and a job show', (context) => {
  const { root, run } = repository(context, { a_holds: fails });
  assert.equal(run('--report', 'out/report').status, 1);
  for (const name of ['gates.html', 'gates.sarif', 'gates.md', 'gates.json']) assert.match(readFileSync(path.join(root, 'out/report', name), 'utf8'), /It is wrong\./);
});

for (const [what, parameters, said] of [['an option that there is not', ['--quick'], /^Unknown option '--quick'/], ['a profile that there is not', ['--profile', 'desktop'], /^there is no profile desktop\n/], ['an option without its value', ['--only'], /^Option '--only <value>' argument missing/]] as const) {
  test(`${what} ends with 2, one line and the usage`, (context) => {
    const { status, stdout, stderr } = repository(context, { a_holds: passes }).run(...parameters);
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, said);
    assert.match(stderr, /^.*\nusage: npm run gates/);
    assert.doesNotMatch(stderr, /\n {4}at /);
  });
}

test('no gate at all is no success', (context) => {
  const { status, stderr } = repository(context, {}, { '.github/gates/README.md': 'x\n' }).run();
  assert.equal(status, 2);
  assert.match(stderr, /^there is no gate here/);
});

test('what a run that was cut off left half written is no obstacle', (context) => {
  const { root, run } = repository(context, { a_holds: passes }, { '.cache/gates/times.json': '{"a_holds": 1' });
  assert.ok(existsSync(path.join(root, '.cache/gates/times.json')));
  assert.equal(run().status, 0);
  assert.match(readFileSync(path.join(root, '.cache/gates/times.json'), 'utf8'), /^\{"a_holds":\d+\}\n$/);
});
