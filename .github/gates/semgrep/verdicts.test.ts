import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Verdicts } from './verdicts.ts';

const HIT = { rule: 'weak-hash', file: 'app/a.ts', line: 2 };

test('the same text is not judged twice; another text, other rules and another semgrep are', async (t) => {
  const root = await mkdtemp(path.join(tmpdir(), 'verdicts-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const lock = '.github/tools/python/requirements.txt';
  const open = (config = 'rules', version = 'semgrep==1') => Verdicts.open({ root, tree: [lock], read: () => version }, config);
  const verdicts = open();
  assert.equal(verdicts.of('app/a.ts', 'text'), undefined);
  verdicts.add('app/a.ts', 'text', [HIT]);
  verdicts.add('app/gone.ts', 'text', []);
  await verdicts.keep(['app/a.ts']);
  assert.deepEqual(open().of('app/a.ts', 'text'), [HIT]);
  assert.equal(open().of('app/a.ts', 'text '), undefined);
  assert.equal(open().of('app/gone.ts', 'text'), undefined);
  assert.equal(open('other rules').of('app/a.ts', 'text'), undefined);
  assert.equal(open('rules', 'semgrep==2').of('app/a.ts', 'text'), undefined);
  const file = path.join(root, '.cache/gates/weaknesses.json');
  await writeFile(file, (await readFile(file, 'utf8')).slice(0, 80));
  assert.equal(open().of('app/a.ts', 'text'), undefined);
});
