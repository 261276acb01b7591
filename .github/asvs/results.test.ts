import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { digestOf, readResults, recordResults } from './results.ts';

function makeRoot(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'stockade-results-'));
  t.after(() => {
    rmSync(root, { recursive: true });
  });
  mkdirSync(join(root, '.github'));
  writeFileSync(join(root, 'a.ts'), 'a');
  return root;
}

const first = { file: 'a.test.ts', name: 'a', outcome: 'passed' } as const;
const second = { file: 'b.test.ts', name: 'b', outcome: 'passed' } as const;

test('results are of the files that ran: when one is another, nothing ran', (t) => {
  const root = makeRoot(t);
  recordResults(root, digestOf(root), [first]);
  assert.deepEqual(readResults(root, digestOf(root)), [first]);
  writeFileSync(join(root, 'a.ts'), 'b');
  assert.deepEqual(readResults(root, digestOf(root)), []);
  writeFileSync(join(root, 'a.ts'), 'a');
  assert.deepEqual(readResults(root, digestOf(root)), [first]);
  writeFileSync(join(root, 'b.ts'), '');
  assert.deepEqual(readResults(root, digestOf(root)), []);
});

test('the table that is made from results is not one of the files', (t) => {
  const root = makeRoot(t);
  const before = digestOf(root);
  writeFileSync(join(root, '.github/ASVS.md'), 'made');
  assert.equal(digestOf(root), before);
});

test('a run of some files keeps what ran before on the same, and takes the place of its own', (t) => {
  const root = makeRoot(t);
  const digest = digestOf(root);
  recordResults(root, digest, [first]);
  recordResults(root, digest, [second, { ...second, name: 'c' }]);
  recordResults(root, digest, [{ ...second, outcome: 'failed' }]);
  assert.deepEqual(readResults(root, digest), [first, { ...second, outcome: 'failed' }]);
});
