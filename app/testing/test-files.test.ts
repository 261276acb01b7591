// What counts as a test file, and how words choose among them.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { findFiles, selectFiles } from '#app/testing/test-files.ts';

test('files are found by their suffix, in hidden folders that are named too, with forward slashes', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'stockade-files-'));
  t.after(() => {
    rmSync(root, { recursive: true });
  });
  for (const path of ['app/b.test.ts', 'app/live/a.test.ts', 'app/live/a.ts', '.github/rules.test.ts', 'elsewhere/c.test.ts']) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), '');
  }
  assert.deepEqual(findFiles(root, ['app/**/*.test.ts', '.github/**/*.test.ts']), ['.github/rules.test.ts', 'app/b.test.ts', 'app/live/a.test.ts']);
});

test('words choose files by any part of their path', () => {
  const files = ['app/live/hub.test.ts', 'app/live/sse.test.ts', 'app/config.test.ts'];
  assert.deepEqual(selectFiles(files, ['live']), ['app/live/hub.test.ts', 'app/live/sse.test.ts']);
  assert.deepEqual(selectFiles(files, ['live\\sse', 'config']), ['app/live/sse.test.ts', 'app/config.test.ts']);
  assert.deepEqual(selectFiles(files, ['nothing']), []);
  assert.deepEqual(selectFiles(files, []), files);
});
