import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packageOf, usageFindings } from './dependencies_are_used.gate.ts';
import { readManifest } from './lock-file.ts';

function found(manifest: object, sources: Readonly<Record<string, string>>): readonly string[] {
  const text = JSON.stringify(manifest);
  return usageFindings(text, readManifest('package.json', text), Object.entries(sources)).map(({ rule, file }) => `${rule} ${file}`);
}

test('a package is the first part of what is imported', () => {
  assert.deepEqual(['koa', 'koa/lib/x.js', '@s/b/c', 'node:fs', './x.ts', '#app/x.ts'].map(packageOf), ['koa', 'koa', '@s/b', undefined, undefined, undefined]);
});

test('what is used, by import, by name, by a script or for its types, passes', () => {
  const manifest = { scripts: { lint: 'eslint .' }, dependencies: { a: '1.0.0', '@s/b': '1.0.0' }, devDependencies: { eslint: '1.0.0', '@types/a': '1.0.0', '@types/node': '1.0.0', c: '1.0.0', d: '1.0.0' } };
  assert.deepEqual(found(manifest, { 'app/x.ts': "import a from 'a';\nimport { y } from '@s/b/y';", 'app/x.test.ts': "import c from 'c';\nawait import('d');" }), []);
});

test('what nothing uses is found', () => {
  assert.deepEqual(found({ dependencies: { a: '1.0.0' }, devDependencies: { b: '1.0.0' } }, { 'app/x.ts': "import './y.ts'; // a is not imported" }), ['unused package.json', 'unused package.json']);
});

test('what is not declared is found, however it is loaded', () => {
  for (const source of ["import ms from 'ms';", "export { x } from 'ms/x';", "const ms = await import('ms');", "const ms = require('ms');", "import type { X } from 'ms';"]) assert.deepEqual(found({ dependencies: {} }, { 'app/x.ts': source }), ['undeclared app/x.ts'], source);
});

test('production imports no development package, unless the file is loaded by import() alone', () => {
  const manifest = { dependencies: {}, devDependencies: { lite: '1.0.0' } };
  assert.deepEqual(found(manifest, { 'app/x.ts': "import lite from 'lite';" }), ['development-in-production app/x.ts']);
  assert.deepEqual(found(manifest, { 'app/x.test.ts': "import lite from 'lite';", 'app/testing/y.ts': "import lite from 'lite';", '.github/z.ts': "import lite from 'lite';" }), []);
  assert.deepEqual(found(manifest, { 'app/x.ts': "import type { Lite } from 'lite';" }), []);
  assert.deepEqual(found(manifest, { 'app/data/x.ts': "import lite from 'lite';", 'app/y.ts': "await import('#app/data/x.ts');" }), []);
  assert.deepEqual(found(manifest, { 'app/data/x.ts': "import lite from 'lite';", 'app/y.ts': "await import('./data/x.ts');", 'app/z.ts': "import { w } from './data/x.ts';" }), ['development-in-production app/data/x.ts']);
});
