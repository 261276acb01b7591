// Proofs are found by their suffix, run one after the other, and never counted as held when they did not run.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';

function runProof(t: TestContext, proofs: Readonly<Record<string, string>>, ...options: readonly string[]) {
  const root = mkdtempSync(join(tmpdir(), 'stockade-proof-'));
  t.after(() => {
    rmSync(root, { recursive: true });
  });
  mkdirSync(join(root, 'app'));
  for (const [name, text] of Object.entries(proofs)) writeFileSync(join(root, 'app', name), text);
  return spawnSync(process.execPath, [resolve('app/testing/run-proof.ts'), ...options], { cwd: root, encoding: 'utf8' });
}

test('every proof of the name runs with the arguments that were given', (t) => {
  const { status, stdout } = runProof(t, { 'crash.proof.ts': 'console.log(process.argv.slice(2).join());', 'fuzz.proof.ts': 'throw 1;' }, 'crash', '--cycles', '2');
  assert.equal(status, 0);
  assert.match(stdout, /app\/crash\.proof\.ts --cycles 2\n--cycles,2\n/);
});

test('one proof that fails fails the command', (t) => {
  const { status, stderr } = runProof(t, { 'crash.proof.ts': 'process.exitCode = 3;' }, 'crash');
  assert.equal(status, 1);
  assert.match(stderr, /crash\.proof\.ts ended with status 3/);
});

test('no proof of that name is "not run", with a status of its own', (t) => {
  const { status, stderr } = runProof(t, {}, 'crash');
  assert.equal(status, 2);
  assert.match(stderr, /not run: there is no app\/\*\*\/crash\.proof\.ts/);
  assert.equal(runProof(t, {}, '../main').status, 2);
});
