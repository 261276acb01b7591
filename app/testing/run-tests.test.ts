// The runner run on small trees: what it must not let pass.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';

const passing = "import { test } from 'node:test'; test('it holds', () => {});";
const skipping = "import { test } from 'node:test'; test('it holds', { skip: 'no such part' }, () => {});";
const failing = "import { test } from 'node:test'; test('it holds', () => { throw new Error('it does not'); });";
const allParts = { DATABASE_URL: 'postgres://user:hidden@127.0.0.1:5432/tests', CHROMIUM_PATH: process.execPath };

function runTests(t: TestContext, files: Readonly<Record<string, string>>, words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const root = mkdtempSync(join(tmpdir(), 'stockade-runner-'));
  t.after(() => {
    rmSync(root, { recursive: true });
  });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  // Without NODE_TEST_CONTEXT the runner is its own root; inside it, node:test refuses to start another.
  const inherited = { ...process.env, NODE_TEST_CONTEXT: undefined, DATABASE_URL: undefined, CHROMIUM_PATH: undefined, CI: undefined, NODE_COMPILE_CACHE: undefined };
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve('app/testing/run-tests.ts'), ...words], {
    cwd: root,
    encoding: 'utf8',
    env: { ...inherited, ...env },
  });
  return { status, stdout, stderr, results: () => JSON.parse(readFileSync(join(root, '.cache/test-results.json'), 'utf8')) as { readonly tests: readonly unknown[] } };
}

test('a chosen file that passes is a success, with the summary of node:test at the end', (t) => {
  const { status, stdout } = runTests(t, { 'app/a.test.ts': passing, 'app/b.test.ts': failing }, ['a.test']);
  assert.equal(status, 0);
  assert.match(stdout, /files {7}1 of 2/);
  assert.match(stdout, /✔ it holds[^]*ℹ tests 1[^]*ℹ pass 1\nℹ fail 0/);
});

test('the files of a run share what is compiled, unless another place for it is named', (t) => {
  const asking = "import { getCompileCacheDir } from 'node:module'; import { test } from 'node:test'; test(`compiled in ${getCompileCacheDir()}`, () => {});";
  assert.match(runTests(t, { 'app/a.test.ts': asking }, ['app']).stdout, /compiled in \S+\.cache\Wcompiled\W/);
  const named = mkdtempSync(join(tmpdir(), 'stockade-compiled-'));
  t.after(() => {
    rmSync(named, { recursive: true });
  });
  assert.ok(runTests(t, { 'app/a.test.ts': asking }, ['app'], { NODE_COMPILE_CACHE: named }).stdout.includes(`compiled in ${named}`));
});

test('on a terminal the programs that tests start are told nothing of colours', (t) => {
  const asking = "import { test } from 'node:test'; test(`colours: ${process.env.FORCE_COLOR}`, () => {});";
  assert.match(runTests(t, { 'app/a.test.ts': asking }, ['app'], { FORCE_COLOR: '1' }).stdout, /colours: undefined/);
});

test('a failing test fails the run', (t) => {
  assert.equal(runTests(t, { 'app/a.test.ts': failing }, ['app']).status, 1);
});

test('finding next to nothing fails the run', (t) => {
  const { status, stderr } = runTests(t, { 'app/a.test.ts': passing }, []);
  assert.equal(status, 1);
  assert.match(stderr, /found 1 test files, expected at least/);
});

test('a word that matches no file fails the run', (t) => {
  const { status, stderr } = runTests(t, { 'app/a.test.ts': passing }, ['live']);
  assert.equal(status, 1);
  assert.match(stderr, /no test file's path has live in it/);
});

test('a file without a test fails the run', (t) => {
  const { status, stderr } = runTests(t, { 'app/a.test.ts': 'export const nothing = 0;' }, ['app']);
  assert.equal(status, 1);
  assert.match(stderr, /no test in .*a\.test\.ts/);
});

test('a skipped test passes on a laptop and fails in CI', (t) => {
  assert.equal(runTests(t, { 'app/a.test.ts': skipping }, ['app']).status, 0);
  const { status, stderr } = runTests(t, { 'app/a.test.ts': skipping }, ['app'], { ...allParts, CI: 'true' });
  assert.equal(status, 1);
  assert.match(stderr, /skipped in CI: it holds \(.*a\.test\.ts\): no such part/);
});

test('in CI a missing database or browser fails the run before any test', (t) => {
  const { status, stderr } = runTests(t, { 'app/a.test.ts': passing }, ['app'], { CI: 'true', CHROMIUM_PATH: '/nothing/here' });
  assert.equal(status, 1);
  assert.match(stderr, /CI=true needs PostgreSQL/);
  assert.match(stderr, /CI=true needs a browser/);
});

test('what the tests run on is said, without credentials', (t) => {
  const { stdout } = runTests(t, { 'app/a.test.ts': passing }, ['app'], allParts);
  assert.match(stdout, /PostgreSQL {2}127\.0\.0\.1:5432\/tests\n/);
  assert.ok(!stdout.includes('hidden'));
  assert.match(runTests(t, { 'app/a.test.ts': passing }, ['app']).stdout, /PostgreSQL {2}not run: DATABASE_URL is unset/);
});

test('how each test ended is kept, under the names of the tests around it', (t) => {
  const text = "import { describe, test } from 'node:test'; describe('here', () => { test('it holds', async (t) => { await t.test('inside', () => {}); }); test('not now', { skip: true }, () => {}); test('it fails', () => { throw new Error('no'); }); });";
  const { tests } = runTests(t, { 'app/a.test.ts': text, 'app/b.test.ts': passing }, ['app']).results();
  const result = (name: string, outcome: string, file = 'app/a.test.ts') => ({ file, name, outcome });
  assert.deepEqual(tests, [
    result('here › it holds › inside', 'passed'),
    result('here › it holds', 'passed'),
    result('here › not now', 'skipped'),
    result('here › it fails', 'failed'),
    result('here', 'failed'),
    result('it holds', 'passed', 'app/b.test.ts'),
  ]);
});

test('what ran while a file was changed is not kept: nobody knows which text it was', (t) => {
  const text = "import { writeFileSync } from 'node:fs'; import { test } from 'node:test'; test('it edits', () => { writeFileSync('app/new.ts', ''); });";
  assert.throws(() => runTests(t, { 'app/a.test.ts': text }, ['app']).results(), /ENOENT/);
});
