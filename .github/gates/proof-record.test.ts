// What the README says of the proof of the gates is what its record says, with the commit that it was run on; what it applies still fits.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { figuresOf, ordinaryChanges, readRecord, seedsOf, weightsOf, writeRecord } from './proof-record.ts';

const root = path.join(import.meta.dirname, '../..');
const AGAIN = 'npm run gates:prove -- --record proves all of it anew (ten minutes) and keeps the figures; the README has them too';

test('the README has the figures of the last whole proof', () => {
  const record = readRecord(root);
  const figures = record === undefined ? 'no proof' : figuresOf(record);
  assert.ok(readFileSync(path.join(root, 'README.md'), 'utf8').replaceAll(/\s+/g, ' ').includes(figures), `the README lacks "${figures}"; ${AGAIN}`);
});

test('a record is read as it was written, and one of another form is refused', (context) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'record-'));
  context.after(() => { rmSync(folder, { recursive: true }); });
  const file = path.join(folder, '.github/gates/proof.json');
  mkdirSync(path.dirname(file), { recursive: true });
  assert.equal(readRecord(folder), undefined);
  const record = { commit: 'abcdef0', defects: 7, failures: 10, ordinary: 60, minutes: 9.5, seconds: { a_holds: 60, b_holds: 30 } };
  writeRecord(folder, record);
  assert.deepEqual(readRecord(folder), record);
  assert.equal(figuresOf(record), '7 of 7 defects caught, 10 of 10 ways of failing red, 0 of 60 ordinary changes blocked (abcdef0)');
  writeFileSync(file, JSON.stringify({ ...record, defects: '7' }));
  assert.throws(() => readRecord(folder));
});

test('a gate weighs what its proof took, and one that was not recorded what as many judgements of the others took', (context) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'record-'));
  context.after(() => { rmSync(folder, { recursive: true }); });
  const seed = 'Class: a\nRule: b\nFile: c\n\ndiff --git a/c b/c\n';
  for (const name of ['a_holds/1', 'a_holds/2', 'a_holds/3', 'c_holds/1']) {
    mkdirSync(path.join(folder, '.github/gates/seeds', path.dirname(name)), { recursive: true });
    writeFileSync(path.join(folder, `.github/gates/seeds/${name}.patch`), seed);
  }
  assert.deepEqual([...weightsOf(folder, ['a_holds', 'b_holds', 'c_holds'])], [['a_holds', 6], ['b_holds', 3], ['c_holds', 4]]);
  writeRecord(folder, { commit: 'abcdef0', defects: 3, failures: 1, ordinary: 1, minutes: 1, seconds: { a_holds: 60, b_holds: 30 } });
  assert.deepEqual([...weightsOf(folder, ['a_holds', 'b_holds', 'c_holds'])], [['a_holds', 60], ['b_holds', 30], ['c_holds', 40]]);
});

test('every defect and every ordinary change fits the tree, where what it changes is there', () => {
  const patches = [...ordinaryChanges(root), ...readdirSync(path.join(root, '.github/gates/seeds')).flatMap((gate) => seedsOf(root, gate))];
  const changedBy = ({ diff }: { readonly diff: string }) => [...diff.matchAll(/^--- a\/(.+)$/gm)].map(([, file = '']) => file);
  const tried = patches.filter((patch) => changedBy(patch).every((file) => existsSync(path.join(root, file))));
  assert.ok(tried.length > 100, `${tried.length} of ${patches.length}`);
  for (const { file, diff } of tried) {
    const { status, stderr } = spawnSync('git', ['-c', 'safe.directory=*', '-C', root, 'apply', '--check', '-C1', '--whitespace=nowarn', '-'], { input: diff, encoding: 'utf8' });
    assert.equal(status, 0, `${file}: ${stderr}`);
  }
});
