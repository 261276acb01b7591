import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { Verdicts } from './verdicts.ts';

const HIT = { rule: 'weak-hash', line: 2 };
const form = z.object({ rule: z.string(), line: z.int() });

test('the same text is not judged twice; another text, other rules, another tool, and a verdict of another form are', async (t) => {
  const root = await mkdtemp(path.join(tmpdir(), 'verdicts-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const open = (...judge: readonly string[]) => new Verdicts(root, { name: 'said', form, judge: judge.length > 0 ? judge : ['rules', 'tool 1'] });
  const verdicts = open();
  assert.equal(verdicts.of('app/a.ts', 'text'), undefined);
  verdicts.add('app/a.ts', 'text', [HIT]);
  verdicts.add('app/gone.ts', 'text', []);
  await verdicts.keep(['app/a.ts']);
  assert.deepEqual(open().of('app/a.ts', 'text'), [HIT]);
  assert.equal(open().of('app/a.ts', 'text '), undefined);
  assert.equal(open().of('app/b.ts', 'text'), undefined);
  assert.equal(open().of('app/gone.ts', 'text'), undefined);
  for (const judge of [['other rules', 'tool 1'], ['rules', 'tool 2'], ['rules'], ['rulestool 1']]) assert.equal(open(...judge).of('app/a.ts', 'text'), undefined, judge.join(', '));
  assert.equal(new Verdicts(root, { name: 'said', form: z.object({ rule: z.int() }), judge: ['rules', 'tool 1'] }).of('app/a.ts', 'text'), undefined);
  const file = path.join(root, '.cache/gates/said.json');
  await writeFile(file, (await readFile(file, 'utf8')).slice(0, 80));
  assert.equal(open().of('app/a.ts', 'text'), undefined);
});
