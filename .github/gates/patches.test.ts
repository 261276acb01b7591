import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { readPatch, ThrowAway } from './patches.ts';
import { readTreeState } from './tree-state.ts';

const patch = (text: string) => `Class: CWE-0 a class\nFile: new.txt\n\ndiff --git a/new.txt b/new.txt\nnew file mode 100644\n--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+${text}\n`;

function original(context: TestContext, text: string): string {
  const root = mkdtempSync(path.join(tmpdir(), 'patches-'));
  context.after(() => { rmSync(root, { recursive: true }); });
  execFileSync('git', ['-C', root, 'init', '--quiet']);
  writeFileSync(path.join(root, 'kept.txt'), 'kept\n');
  writeFileSync(path.join(root, 'a.patch'), text);
  return root;
}

test('a patch is a header and a diff, in which what is encoded is plain', (context) => {
  const { header, diff } = readPatch(original(context, patch('x{{base64:eQ==}}{{base64:eg==}}')), 'a.patch', ['Class', 'File']);
  assert.deepEqual([...header], [['Class', 'CWE-0 a class'], ['File', 'new.txt']]);
  assert.match(diff, /^diff --git .*\n\+xyz\n$/s);
});

test('a patch without its diff or one of its fields is refused by name', (context) => {
  assert.throws(() => readPatch(original(context, patch('x')), 'a.patch', ['Class', 'Rule']), /a\.patch has no line "Rule: …"/);
  assert.throws(() => readPatch(original(context, 'Class: x\n\nno diff\n'), 'a.patch', ['Class']), /a\.patch has no diff/);
});

test('what is applied to the copy is what changed there, goes with a reset, and is never in the original', (context) => {
  const root = original(context, patch('x'));
  const copy = new ThrowAway(root);
  context.after(() => { copy.remove(); });
  const read = readPatch(root, 'a.patch', ['Class']);
  copy.apply(read);
  assert.deepEqual(readTreeState(copy.root, copy.firstCommit()).changed, ['new.txt']);
  assert.throws(() => { copy.apply(read); }, /a\.patch does not fit the tree: error: new\.txt/);
  copy.reset();
  assert.deepEqual([readTreeState(copy.root, copy.firstCommit()).changed, existsSync(path.join(root, 'new.txt'))], [[], false]);
  assert.equal(readFileSync(path.join(copy.root, 'kept.txt'), 'utf8'), 'kept\n');
});

test('what is installed is there, and stays at a reset with what gates keep, until that is to be forgotten', (context) => {
  const root = original(context, patch('x'));
  for (const file of ['node_modules/a/package.json', '.cache/tools/go/bin/opa', '.gitignore']) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), file === '.gitignore' ? 'node_modules\n.cache/\n' : 'installed\n');
  }
  const copy = new ThrowAway(root);
  context.after(() => { copy.remove(); });
  copy.write('.cache/gates/kept.json', '{}\n');
  const there = () => ['node_modules/a/package.json', '.cache/tools/go/bin/opa', '.cache/gates/kept.json'].map((file) => existsSync(path.join(copy.root, file)));
  copy.reset();
  assert.deepEqual(there(), [true, true, true]);
  copy.forget();
  assert.deepEqual(there(), [true, true, false]);
  copy.remove();
  assert.ok(existsSync(path.join(root, '.cache/tools/go/bin/opa')));
});

test('what is committed and reverted is in the history alone, until the reset', (context) => {
  const root = original(context, patch('only once'));
  const copy = new ThrowAway(root);
  context.after(() => { copy.remove(); });
  copy.apply(readPatch(root, 'a.patch', ['Class']));
  copy.commitAndRevert('a defect');
  const history = () => execFileSync('git', ['-C', copy.root, 'log', '--patch', '--all'], { encoding: 'utf8' });
  assert.equal(existsSync(path.join(copy.root, 'new.txt')), false);
  assert.match(history(), /^\+only once$/m);
  copy.reset();
  assert.doesNotMatch(history(), /^\+only once$/m);
});
