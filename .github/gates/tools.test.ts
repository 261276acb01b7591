import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { Unusable } from './gate.ts';
import { accepted, installedOf, locate, runTool } from './tools.ts';

function folder(context: TestContext): string {
  const made = realpathSync(mkdtempSync(path.join(tmpdir(), 'tools-')));
  context.after(() => { rmSync(made, { recursive: true }); });
  return made;
}

function put(file: string, mode = 0o755): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '#!/bin/sh\n');
  chmodSync(file, mode);
}

const node = (script: string, options = {}) => runTool(process.execPath, ['-e', script], tmpdir(), options);
const refused = (pattern: RegExp) => (error: unknown) => error instanceof Unusable && pattern.test(error.message);

test('each set has its own folder, and a program of another set is not taken for it', (context) => {
  const root = folder(context);
  const tools = path.join(root, '.cache/tools');
  const places = { go: path.join(tools, 'go/bin/one'), osv: path.join(tools, 'osv/bin/one'), scorecard: path.join(tools, 'scorecard/bin/one'), python: path.join(tools, 'python/bin/one'), npm: path.join(tools, 'npm/node_modules/.bin/one'), packages: path.join(root, 'node_modules/.bin/one') } as const;
  for (const [set, file] of Object.entries(places) as [keyof typeof places, string][]) {
    assert.equal(locate({ set, program: 'one' }, tools), undefined, set);
    put(file);
    assert.equal(locate({ set, program: 'one' }, tools), file);
  }
});

test('a program of the machine is looked for on the PATH, and a file that may not be started is none', { skip: process.platform === 'win32' && 'Windows has no such bit' }, (context) => {
  const root = folder(context);
  const before = process.env['PATH'];
  context.after(() => { process.env['PATH'] = before; });
  process.env['PATH'] = [path.join(root, 'gone'), root].join(path.delimiter);
  put(path.join(root, 'locked'), 0o644);
  put(path.join(root, 'open'));
  assert.equal(locate({ set: 'machine', program: 'locked', get: '' }, root), undefined);
  assert.equal(locate({ set: 'machine', program: 'open', get: '' }, root), path.join(root, 'open'));
});

test('a tool is another build when its set was installed anew, or the file on the PATH changed, and of none nobody knows', (context) => {
  const root = folder(context);
  const before = process.env['PATH'];
  context.after(() => { process.env['PATH'] = before; });
  process.env['PATH'] = root;
  const one = { set: 'machine', program: 'one', get: '' } as const;
  assert.equal(installedOf(one, root), '');
  put(path.join(root, 'one'));
  const first = installedOf(one, root);
  assert.equal(installedOf(one, root), first);
  writeFileSync(path.join(root, 'one'), '#!/bin/sh\n# Another.\n');
  assert.notEqual(installedOf(one, root), first);
  const locked = { set: 'go', program: 'one' } as const;
  assert.equal(installedOf(locked, root), '');
  mkdirSync(path.join(root, 'go'));
  writeFileSync(path.join(root, 'go/installed.sha256'), 'hash');
  assert.equal(installedOf(locked, root), 'hash');
});

test('a run gives status, both outputs, input, environment and folder', async (context) => {
  const root = folder(context);
  mkdirSync(path.join(root, 'inside'));
  const script = "process.stdin.setEncoding('utf8').on('data', (text) => process.stdout.write([text, process.env.SAMPLE, process.cwd()].join())).on('end', () => { console.error('said'); process.exitCode = 3; })";
  assert.deepEqual(await runTool(process.execPath, ['-e', script], root, { accept: [0, 3], directory: 'inside', environment: { SAMPLE: 'set' }, input: 'given' }), { status: 3, stdout: `given,set,${path.join(root, 'inside')}`, stderr: 'said\n' });
});

test('without input a tool that reads its input sees the end of it, rather than waiting', async () => {
  assert.equal((await node("process.stdin.resume().on('end', () => console.log('end'))")).stdout, 'end\n');
});

test('a tool that does not read its input is no fault', async () => {
  assert.equal((await node("console.log('done')", { input: 'x'.repeat(5_000_000) })).stdout, 'done\n');
});

test('a status that was not expected, a signal and a program that is not there are no verdict', async () => {
  await assert.rejects(node("console.error('cannot parse'); process.exit(2)"), refused(/ended with status 2: cannot parse$/));
  await assert.rejects(node("process.kill(process.pid, 'SIGKILL'); setInterval(() => 0, 1000)"), refused(/was ended by SIGKILL|ended with status 1/));
  await assert.rejects(runTool(path.join(tmpdir(), 'no-such-program'), [], tmpdir()), refused(/can't be started/));
});

test('0 is not accepted where the gate says which statuses are', () => {
  assert.throws(() => accepted('one', { status: 0, stdout: '', stderr: '' }, [1]), refused(/status 0/));
});

test('what a tool said is told from its end, where the reason stands', () => {
  assert.throws(() => accepted('one', { status: 1, stdout: '', stderr: `${'x'.repeat(10_000)} the reason` }), (error: unknown) => error instanceof Unusable && error.message.endsWith('the reason') && error.message.length < 1_000);
});
