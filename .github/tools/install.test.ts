import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { installTools, type Run } from './install.ts';

async function prepare(t: TestContext) {
  const root = await mkdtemp(path.join(tmpdir(), 'stockade-tools-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const [sources, cache] = [path.join(root, 'sources'), path.join(root, 'cache')];
  await cp(import.meta.dirname, sources, { recursive: true, filter: (file) => !file.endsWith('.ts') });
  const commands: string[] = [];
  const run: Run = (program, parameters) => {
    commands.push([path.basename(program), ...parameters.slice(0, 2)].join(' '));
    return Promise.resolve();
  };
  return { sources, cache, commands, run };
}

test('Python’s are installed once, by hash and, but for five, from wheels', async (t) => {
  const { sources, cache, run, commands } = await prepare(t);
  const parameters: string[] = [];
  const first = await installTools('python', { sources, cache, run: (program, given, directory) => (parameters.push(...given), run(program, given, directory)) });
  assert.deepEqual(first, { directory: path.join(cache, 'python') });
  assert.deepEqual(commands, [`python3 -m venv`, 'pip install --quiet']);
  for (const demanded of ['--require-hashes', '--no-deps', '--only-binary', ':all:']) assert.ok(parameters.includes(demanded), demanded);
  await installTools('python', { sources, cache, run });
  assert.equal(commands.length, 2);
});

test('npm’s are installed without scripts, with what a script would have downloaded', async (t) => {
  const { sources, cache, run, commands } = await prepare(t);
  await installTools('npm', { sources, cache, run });
  assert.deepEqual(commands, ['npm ci --ignore-scripts']);
  const conf = path.join(cache, 'npm/node_modules/@mdn/mdn-http-observatory/conf');
  assert.equal(await readFile(path.join(conf, 'hsts-preload.json'), 'utf8'), '{}\n');
});

test('Go’s are built as go.mod and go.sum have them, and neither may be changed by that', async (t) => {
  const { sources, cache, run, commands } = await prepare(t);
  const parameters: string[] = [];
  await installTools('go', { sources, cache, run: (program, given, directory) => (parameters.push(...given), run(program, given, directory)) });
  assert.deepEqual(commands, ['go build -C']);
  assert.ok(parameters.includes('-mod=readonly') && parameters.includes(`${path.join(cache, 'go/bin')}${path.sep}`));
  assert.match(await readFile(path.join(sources, 'go/go.mod'), 'utf8'), /^\tgithub\.com\/open-policy-agent\/opa$/m);
});

test('a changed lock file installs anew, and nothing of the old is left', async (t) => {
  const { sources, cache, run, commands } = await prepare(t);
  await installTools('python', { sources, cache, run });
  await writeFile(path.join(cache, 'python/old'), '');
  await writeFile(path.join(sources, 'python/requirements.txt'), 'other==1\n');
  await installTools('python', { sources, cache, run });
  assert.equal(commands.length, 4);
  assert.equal(existsSync(path.join(cache, 'python/old')), false);
});

test('what can not be installed is told, and tried again the next time', async (t) => {
  const { sources, cache, run, commands } = await prepare(t);
  const offline = await installTools('python', { sources, cache, run: () => Promise.reject(new Error('pip ended with 1: no network')) });
  assert.deepEqual(offline, { notRun: "the python tools can't be installed: pip ended with 1: no network" });
  await installTools('python', { sources, cache, run });
  assert.equal(commands.length, 2);
});

test('a program that is missing is told by its name', async (t) => {
  const { sources, cache } = await prepare(t);
  const { PATH } = process.env;
  t.after(() => { process.env['PATH'] = PATH; });
  process.env['PATH'] = '';
  const result = await installTools('npm', { sources, cache });
  assert.ok('notRun' in result);
  assert.match(result.notRun, /npm.*ENOENT/);
});

test('those of the mutation run are npm’s too, and a set of their own', async (t) => {
  const { sources, cache, run, commands } = await prepare(t);
  assert.deepEqual(await installTools('mutation', { sources, cache, run }), { directory: path.join(cache, 'mutation') });
  assert.deepEqual(commands, ['npm ci --ignore-scripts']);
});

for (const [set, file, pattern] of [
  ['npm', 'package-lock.json', /"integrity": "sha512-/],
  ['mutation', 'package-lock.json', /"integrity": "sha512-/],
  ['python', 'requirements.txt', /--hash=sha256:[0-9a-f]{64}/],
] as const) {
  test(`every ${set} tool has one version and its hash, and no registry is named`, async () => {
    const lock = await readFile(path.join(import.meta.dirname, set, file), 'utf8');
    assert.doesNotMatch(lock, /"resolved"|--(?:extra-)?index-url|--find-links|--trusted-host/);
    const entries = set !== 'python' ? lock.split(/\n {4}"node_modules\//).slice(1) : lock.split(/\n(?=[a-z])/);
    assert.ok(entries.length > 50);
    for (const entry of entries) assert.match(entry, pattern, entry.slice(0, 80));
  });
}
