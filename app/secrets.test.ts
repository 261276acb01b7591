import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { followSecret, readSecretFiles } from '#app/secrets.ts';

const isSecret = (name: string): boolean => name === 'TOKEN' || name === 'OTHER';

function folder(t: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'stockade-secrets-'));
  t.after(() => { rmSync(directory, { recursive: true }); });
  return directory;
}

function fileWith(t: TestContext, content: string): string {
  const file = path.join(folder(t), 'secret');
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

test('a secret is read from its file, without the newline at its end and with all others', (t) => {
  for (const [content, secret] of [['s3cret', 's3cret'], ['s3cret\n', 's3cret'], ['s3cret\r\n', 's3cret'], ['s3cret\n\n', 's3cret\n'], [' s3\ncret ', ' s3\ncret ']] as const) {
    const file = fileWith(t, content);
    const { values, files, problems } = readSecretFiles({ TOKEN_FILE: file, PLAIN: 'x', EMPTY: '', OTHER_FILE: '' }, isSecret, true);
    assert.deepEqual(values, { PLAIN: 'x', TOKEN: secret });
    assert.deepEqual([...files], [['TOKEN', file]]);
    assert.deepEqual(problems, []);
  }
});

test('what ends in _FILE and is no secret’s is left alone', () => {
  assert.deepEqual(readSecretFiles({ AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere', _FILE: 'x' }, isSecret, true), { values: { AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere', _FILE: 'x' }, files: new Map(), problems: [] });
});

test('every problem names its setting, and neither a value nor a path', (t) => {
  const directory = path.join(folder(t), 'canary');
  mkdirSync(directory);
  const [empty, large, writable] = [fileWith(t, '\n'), fileWith(t, 'canary'.repeat(11_000)), fileWith(t, 'canary')];
  chmodSync(writable, 0o666);
  const problemsOf = (environment: Record<string, string>, production = true) => {
    const { problems } = readSecretFiles(environment, isSecret, production);
    assert.ok(!problems.join('\n').includes('canary'));
    return problems;
  };
  assert.deepEqual(problemsOf({ TOKEN_FILE: path.join(directory, 'none'), OTHER_FILE: 'canary-of-a-secret' }), ["TOKEN_FILE can't be read (ENOENT)", "OTHER_FILE can't be read (ENOENT)"]);
  assert.deepEqual(problemsOf({ TOKEN_FILE: directory }), ['TOKEN_FILE must be a regular file']);
  assert.deepEqual(problemsOf({ TOKEN_FILE: empty }), ['TOKEN_FILE is empty']);
  assert.deepEqual(problemsOf({ TOKEN_FILE: large }), ['TOKEN_FILE is larger than a secret: at most 64 KiB']);
  assert.deepEqual(problemsOf({ TOKEN: 'canary', TOKEN_FILE: fileWith(t, 'canary') }), ['TOKEN and TOKEN_FILE exclude each other: remove one']);
  if (process.platform !== 'win32') {
    assert.deepEqual(problemsOf({ TOKEN_FILE: writable }), ['TOKEN_FILE may be written by everybody: take that right away']);
    assert.deepEqual(problemsOf({ TOKEN_FILE: writable }, false), []);
  }
  chmodSync(writable, 0o644);
  assert.deepEqual(problemsOf({ TOKEN_FILE: writable }), []);
});

test('a pipe is refused rather than waited for', { skip: process.platform === 'win32' }, (t) => {
  const pipe = path.join(folder(t), 'pipe');
  execFileSync('mkfifo', [pipe]);
  assert.deepEqual(readSecretFiles({ TOKEN_FILE: pipe }, isSecret, true).problems, ['TOKEN_FILE must be a regular file']);
});

test('a file that the process was not allowed to read is one problem that says how to mend it', (t) => {
  const file = fileWith(t, 'x');
  const program = `import { readSecretFiles } from '#app/secrets.ts'; console.log(JSON.stringify(readSecretFiles({ TOKEN_FILE: ${JSON.stringify(file)} }, () => true, true)));`;
  const said = execFileSync(process.execPath, ['--permission', '--allow-fs-read=.', '--disable-warning=ExperimentalWarning', '--disable-warning=SecurityWarning', '--input-type=module', '--eval', program], { cwd: path.resolve(import.meta.dirname, '..'), encoding: 'utf8' });
  assert.match(said, /"problems":\["TOKEN_FILE may not be read by this process: put it into \/run\/secrets, or/);
});

test('a followed secret is the file’s newest, however it is replaced, and the last good one while that is of no use', (t) => {
  const file = fileWith(t, 'first');
  const directory = path.dirname(file);
  const told: string[] = [];
  const current = followSecret('TOKEN', file, (text) => (text.startsWith('bad') ? undefined : text), true);
  const read = () => current((problem) => { told.push(problem); });
  assert.equal(read(), 'first');
  writeFileSync(file, 'second\n');
  assert.equal(read(), 'second');
  // As Kubernetes does: a link is moved.
  writeFileSync(path.join(directory, 'third'), 'third', { mode: 0o600 });
  symlinkSync(path.join(directory, 'third'), path.join(directory, 'link'));
  renameSync(path.join(directory, 'link'), file);
  assert.equal(read(), 'third');
  assert.deepEqual(told, []);
  writeFileSync(file, 'bad');
  assert.equal(read(), 'third');
  assert.equal(read(), 'third');
  unlinkSync(file);
  assert.equal(read(), 'third');
  assert.deepEqual(told, ['TOKEN_FILE holds no value of the right form', "TOKEN_FILE can't be read (ENOENT)"]);
  writeFileSync(file, 'fourth', { mode: 0o600 });
  assert.equal(read(), 'fourth');
  unlinkSync(file);
  read();
  assert.equal(told.length, 3);
});
