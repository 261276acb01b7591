import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';

const root = resolve(import.meta.dirname, '../..');
const claims = (replace: string, more = {}) => JSON.stringify({ '1.1.1': { by: 'test', removals: [{ test: 'app/a.test.ts', control: 'app/a.ts', find: 'n < 10', replace, ...more }] } });
const sample = {
  'package.json': '{"type":"module"}',
  '.github/asvs/requirements.json': JSON.stringify([{ id: '1.1.1', level: 1, chapter: 'V1 Limits', text: 'Verify it.' }]),
  '.github/asvs/claims/v01.json': claims('true'),
  'app/a.ts': 'export const isSmall = (n) => n < 10;\n',
  'app/a.test.ts': "import { test } from 'node:test'; import assert from 'node:assert'; import { isSmall } from './a.ts';\ntest('ASVS 1.1.1: ten is too large', async (t) => { await t.test('by one', () => assert.ok(!isSmall(10))); });\ntest('nothing of it', () => {});\n",
};

/** The program itself and the runner of tests, in a small tree of its own. */
function prepare(t: TestContext, files: Readonly<Record<string, string>> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'stockade-claims-'));
  t.after(() => {
    rmSync(directory, { recursive: true });
  });
  for (const path of ['app/testing/run-tests.ts', 'app/testing/chromium.ts', 'app/testing/test-files.ts', '.github/rules/tree.ts']) cpSync(join(root, path), join(directory, path));
  cpSync(import.meta.dirname, join(directory, '.github/asvs'), { recursive: true, filter: (path) => !/claims\/|\.test\.ts$|requirements/.test(path.replaceAll('\\', '/')) });
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'), 'junction');
  const write = (each: Readonly<Record<string, string>>): void => {
    for (const [path, text] of Object.entries(each)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
  };
  write({ ...sample, 'package.json': '{"type":"module","imports":{"#app/*":"./app/*"}}', ...files });
  const asvs = (...words: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', '.github/asvs/asvs.command.ts', ...words], { cwd: directory, encoding: 'utf8', env: { ...process.env, NODE_TEST_CONTEXT: undefined, DATABASE_URL: undefined, CI: undefined } });
    return { status, output: `${stdout}${stderr}` };
  };
  const read = (path: string): string | undefined => (existsSync(join(directory, path)) ? readFileSync(join(directory, path), 'utf8') : undefined);
  return { asvs, read, write };
}

test('a requirement is held when its test ran and was seen red; the table is written then, and is stale after a change', { timeout: 120_000 }, (t) => {
  const { asvs, read, write } = prepare(t);
  assert.match(asvs().output, /not run: no test ran on these files[^]*was not seen red/);
  assert.equal(read('.github/ASVS.md'), undefined);
  const proof = asvs('--prove', '1.1.1');
  assert.equal(proof.status, 0, proof.output);
  assert.match(proof.output, /1 of 1 removals were seen red/);
  assert.equal(read('app/a.ts'), sample['app/a.ts'], 'the tree itself is left alone');
  assert.deepEqual(Object.keys((JSON.parse(read('.github/asvs/claims/v01.seen-red.json') ?? '[]') as { red: object }[])[0]?.red ?? {}), ['ASVS 1.1.1: ten is too large › by one', 'ASVS 1.1.1: ten is too large']);
  assert.match(asvs('--check').output, /app\/a\.test\.ts: not run/);
  assert.equal(asvs('--run').status, 0);
  assert.match(asvs('--check').output, /ASVS\.md is not what these results give: npm run asvs writes it/);
  assert.equal(asvs().status, 0);
  assert.match(read('.github/ASVS.md') ?? '', /\| 1\.1\.1 \| 1 \| test \| app\/a\.test\.ts › ASVS 1\.1\.1: ten is too large \|/);
  assert.deepEqual(asvs('--check').status, 0);
  write({ 'app/a.ts': 'export const isSmall = (n) => n < 10 && n > 0;\n' });
  const changed = asvs('--check');
  assert.equal(changed.status, 1);
  assert.match(changed.output, /not run: no test ran[^]*1\.1\.1: the removal in app\/a\.ts was not seen red by app\/a\.test\.ts as both are now/);
});

test('a removal that turns nothing red, or breaks the program, or whose test fails anyway, proves nothing', { timeout: 120_000 }, (t) => {
  for (const [files, said] of [
    [{ '.github/asvs/claims/v01.json': claims('n < 9') }, /nothing turned red/],
    [{ '.github/asvs/claims/v01.json': claims('undefinedName') }, /because the removal broke the program: ReferenceError/],
    [{ '.github/asvs/claims/v01.json': claims('n <') }, /the file did not get as far as its tests/],
    [{ 'app/a.ts': 'export const isSmall = (n) => n < 10 || n === 10;\n' }, /fails with the control in place/],
    [{ 'app/a.test.ts': "import { test } from 'node:test'; test('ASVS 1.1.2: another', () => {});" }, /no test of app\/a\.test\.ts that cites it passed/],
  ] as const) {
    const { asvs, read } = prepare(t, files);
    const { status, output } = asvs('--prove');
    assert.equal(status, 1, output);
    assert.match(output, said);
    assert.equal(read('.github/asvs/claims/v01.seen-red.json'), undefined);
  }
});
