import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { copyFiles, readTreeState } from './tree-state.ts';

/** A repository on branch `branch` with a.ts and b.ts committed. */
function repository(context: TestContext, branch = 'main') {
  const root = mkdtempSync(path.join(tmpdir(), 'tree-'));
  context.after(() => { rmSync(root, { recursive: true }); });
  const git = (...parameters: string[]) => execFileSync('git', ['-C', root, '-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false', ...parameters], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const put = (file: string, text = file) => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };
  git('init', '-q', '-b', branch);
  put('a.ts');
  put('b.ts');
  put('.gitignore', 'ignored/\n');
  git('add', '-A');
  git('commit', '-q', '-m', 'Begin');
  return { root, git, put };
}

test('the tree is what is committed or would be: new files count, ignored ones and removed ones do not', (context) => {
  const { root, put } = repository(context);
  put('new/ä b.ts');
  put('ignored/c.ts');
  rmSync(path.join(root, 'b.ts'));
  const state = readTreeState(root);
  assert.deepEqual(state.files.toSorted(), ['.gitignore', 'a.ts', 'new/ä b.ts']);
  assert.equal(state.changed, undefined);
});

test('since a branch left main, what it committed, what is staged, what is not, what is new and what is gone was changed', (context) => {
  const { root, git, put } = repository(context);
  git('switch', '-q', '-c', 'work');
  put('committed.ts');
  git('add', '-A');
  git('commit', '-q', '-m', 'Work');
  put('staged.ts');
  git('add', 'staged.ts');
  put('a.ts', 'other');
  put('untracked.ts');
  rmSync(path.join(root, 'b.ts'));
  assert.deepEqual(readTreeState(root, 'auto').changed?.toSorted(), ['a.ts', 'b.ts', 'committed.ts', 'staged.ts', 'untracked.ts']);
});

test('what main got meanwhile is no change of this branch', (context) => {
  const { root, git, put } = repository(context);
  git('switch', '-q', '-c', 'work');
  git('switch', '-q', 'main');
  put('theirs.ts');
  git('add', '-A');
  git('commit', '-q', '-m', 'Theirs');
  git('switch', '-q', 'work');
  assert.deepEqual(readTreeState(root, 'auto').changed, []);
});

test('a renamed file was changed under both names', (context) => {
  const { root, git } = repository(context);
  git('mv', 'a.ts', 'c.ts');
  assert.deepEqual(readTreeState(root, 'HEAD').changed?.toSorted(), ['a.ts', 'c.ts']);
});

test('where there is no main to compare with, everything counts rather than nothing', (context) => {
  const { root } = repository(context, 'trunk');
  assert.equal(readTreeState(root, 'auto').changed, undefined);
});

test('a base that is no commit, and a folder that is no repository, are errors', (context) => {
  const { root } = repository(context);
  assert.throws(() => readTreeState(root, 'no-such-commit'));
  const bare = mkdtempSync(path.join(tmpdir(), 'bare-'));
  context.after(() => { rmSync(bare, { recursive: true }); });
  assert.throws(() => readTreeState(bare));
});

test('a copy has the files that are named, where they were, and no other', (context) => {
  const { root, put } = repository(context);
  put('deep/down/c.ts');
  const copy = path.join(root, 'copy');
  copyFiles(['a.ts', 'deep/down/c.ts'], root, copy);
  assert.deepEqual([readdirSync(copy).toSorted(), readdirSync(path.join(copy, 'deep/down'))], [['a.ts', 'deep'], ['c.ts']]);
  assert.equal(readFileSync(path.join(copy, 'deep/down/c.ts'), 'utf8'), readFileSync(path.join(root, 'deep/down/c.ts'), 'utf8'));
});
