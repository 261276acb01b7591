import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';

const program = path.join(import.meta.dirname, 'prove-gates.ts');
const NAMES = ['a_holds', 'b_holds', 'c_holds', 'd_holds', 'e_holds'];

/** Refuses what has its own name in it. */
function gate(name: string, more = ''): string {
  return `export const gate = { claim: 'it holds', why: 'it matters', remedy: 'mend it', link: 'https://example.org/', tools: [], reads: /^app\\//, scope: 'file', when: 'change', check: async ({ files, read }) => files.filter((file) => read(file).includes('bad for ${name}')).map((file) => ({ rule: 'some-rule', file, severity: 'error', message: 'It is bad.', fix: 'Make it good.' })), ${more} };\n`;
}

function patch(header: string, file: string, text: string): string {
  return `${header}\n\ndiff --git a/${file} b/${file}\nnew file mode 100644\n--- /dev/null\n+++ b/${file}\n@@ -0,0 +1 @@\n+${text}\n`;
}

/** Of `names` each has three seeds, and one ordinary change is beside them. */
function repository(context: TestContext, names: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const root = mkdtempSync(path.join(tmpdir(), 'proof-'));
  context.after(() => { rmSync(root, { recursive: true }); });
  const seeds = names.flatMap((name) => ['x', 'y', 'z'].map((seed) => [`.github/gates/seeds/${name}/${seed}-of-${name}.patch`, patch(`Class: ${name} ${seed}\nRule: some-rule\nFile: app/${seed}.txt`, `app/${seed}.txt`, `bad for ${name}`)] as const));
  const files = { 'package.json': '{"type":"module"}\n', '.gitignore': '.cache/\n', 'app/first.txt': 'good\n', ...Object.fromEntries([...names.map((name) => [`.github/gates/${name}.gate.ts`, gate(name)] as const), ...seeds]), '.github/gates/benign/ordinary.patch': patch('Change: A sentence', 'app/second.txt', 'good as well'), ...more };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  execFileSync('git', ['-C', root, 'init', '-q', '-b', 'main']);
  const runIn = (environment: NodeJS.ProcessEnv, ...parameters: string[]) => spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...parameters], { cwd: root, encoding: 'utf8', env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...environment } });
  return { root, run: runIn.bind(undefined, { CI: undefined }), runInCi: runIn.bind(undefined, { CI: 'true' }) };
}

/** The gates that a run tried in each way, from what it said. */
function triedIn(stdout: string) {
  const named = (pattern: RegExp) => [...stdout.matchAll(pattern)].map((match) => match[1] ?? '').toSorted();
  return { seeded: named(/^✔ (\w+): \w-of-/gm), closed: named(/^✔ (\w+): it finds no file/gm), ordinary: named(/^· (\w+) with 1 ordinary changes: pass$/gm) };
}

test('the slices together seed, break and judge ordinary changes for every gate once, and each names what it leaves', (context) => {
  const { run } = repository(context, NAMES);
  const outputs = ['1/2', '2/2'].map((slice) => run('--slice', slice));
  for (const [index, { status, stdout, stderr }] of outputs.entries()) {
    assert.equal(status, 0, stderr);
    const [, own = '', left = ''] = new RegExp(`^slice ${index + 1}/2: (.*)\nleft for other runs: (.*)\n`).exec(stdout) ?? [];
    assert.deepEqual([...own.split(', '), ...left.split(', ')].toSorted(), NAMES);
    assert.deepEqual(triedIn(stdout), { seeded: own.split(', ').flatMap((name) => [name, name, name]), closed: own.split(', '), ordinary: own.split(', ') });
  }
  const together = outputs.map(({ stdout }) => triedIn(stdout));
  assert.deepEqual(together.flatMap(({ closed }) => closed).toSorted(), NAMES);
});

test('--record keeps a whole run alone', (context) => {
  const { root, run } = repository(context, ['a_holds', 'b_holds']);
  for (const parameters of [['--only', 'b_holds'], ['--slice', '1/2'], ['--all']]) assert.match(run('--record', ...parameters).stderr, /--record keeps the figures of a whole run/);
  // This one has fewer defects than a whole run must have.
  assert.equal(run('--record').status, 1);
  assert.throws(() => readFileSync(path.join(root, '.github/gates/proof.json')), { code: 'ENOENT' });
});

test('a whole run wants as many defects as the proof promises, a slice does not', (context) => {
  const { run } = repository(context, ['a_holds']);
  assert.equal(run('--slice', '1/1').status, 1);
  assert.match(run().stderr, /✖ 3 defects were tried, fewer than 120/);
  assert.doesNotMatch(run('--only', 'a_holds').stderr, /fewer than 120/);
});

test('a defect that is missed, a gate that stays green on nothing, and an ordinary change that is blocked end with 1', (context) => {
  const blind = gate('a_holds', "check: async ({ files, read }) => files.filter((file) => read(file).includes('good as well')).map((file) => ({ rule: 'some-rule', file, severity: 'error', message: 'It is too good.', fix: '' }))");
  const { run } = repository(context, ['a_holds', 'b_holds'], { '.github/gates/a_holds.gate.ts': blind });
  const { status, stderr } = run('--slice', '1/2');
  assert.equal(status, 1);
  assert.match(stderr, /✖ a_holds missed x-of-a_holds: pass: \n/);
  assert.match(stderr, /ordinary\.patch was blocked: a_holds\/some-rule in app\/second\.txt:0: It is too good\./);
});

test('what was not run proves nothing: CI ends with 1, but for a token that a fork has not and a part that was deleted', (context) => {
  const lacking = { '.github/gates/a_holds.gate.ts': gate('a_holds', "tools: [{ set: 'machine', program: 'no-such-program', get: 'nowhere' }]") };
  const { run, runInCi } = repository(context, ['a_holds', 'b_holds'], lacking);
  assert.equal(run('--only', 'a_holds,b_holds').status, 0);
  const { status, stderr } = runInCi('--only', 'a_holds,b_holds');
  assert.equal(status, 1);
  assert.match(stderr, /✖ a_holds was not run, so that nothing about it is proven: .*no-such-program/);
  for (const excuse of ["hindrance: () => 'SOME_TOKEN is not set'", "part: 'deleted/'"]) {
    assert.equal(repository(context, ['a_holds', 'b_holds'], { '.github/gates/a_holds.gate.ts': gate('a_holds', excuse) }).runInCi('--only', 'a_holds,b_holds').status, 0, excuse);
  }
});

test('a gate whose tools are not there must say so', (context) => {
  const withTool = { '.github/gates/a_holds.gate.ts': gate('a_holds', "tools: [{ set: 'machine', program: 'git', get: 'from its makers' }]") };
  assert.match(repository(context, ['a_holds'], withTool).run('--only', 'a_holds').stdout, /^✔ a_holds: its tools are not there /m);
});

test('scheduled gates are proven with --all alone, and one with too few seeds is told', (context) => {
  const { run } = repository(context, ['a_holds'], { '.github/gates/late_holds.gate.ts': gate('late_holds', "when: 'schedule'") });
  assert.doesNotMatch(run('--slice', '1/2').stdout, /late_holds/);
  assert.match(run('--all', '--slice', '2/2').stderr, /✖ late_holds has fewer than 3 seeded defects/);
});

test('a scheduled gate may say why it has none, and is named; one of every change may not', (context) => {
  const why = "unseeded: 'a run takes an hour'";
  const { run } = repository(context, ['a_holds'], { '.github/gates/late_holds.gate.ts': gate('late_holds', `when: 'schedule', ${why}`), '.github/gates/bare_holds.gate.ts': gate('bare_holds', why) });
  const { stdout, stderr } = run('--only', 'late_holds,bare_holds');
  assert.match(stdout, /not seeded: late_holds \(a run takes an hour\)/);
  assert.match(stderr, /✖ bare_holds has fewer than 3 seeded defects/);
  assert.doesNotMatch(stderr, /late_holds/);
});

for (const [parameters, said] of [[['--slice', '3/2'], /a slice is N\/M/], [['--slice', '1/2', '--only', 'a_holds'], /each in its own way/], [['--only', 'f_holds'], /there is no gate f_holds/]] as const) {
  test(`${parameters.join(' ')} proves nothing, and says why`, (context) => {
    const { status, stdout, stderr } = repository(context, ['a_holds']).run(...parameters);
    assert.notEqual(status, 0);
    assert.equal(stdout, '');
    assert.match(stderr, said);
  });
}
