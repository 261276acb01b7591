import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reachDigests } from './import-reach.ts';

const files: Readonly<Record<string, string>> = {
  'app/a.ts': "import { b } from './b.ts';\nimport type { D } from '#app/lib/d.ts';\n",
  'app/b.ts': "export { c } from '../app/c.ts';\nconst late = await import('./late.ts');\n",
  'app/c.ts': "import './a.ts';\nimport data from './data.json' with { type: 'json' };\n",
  'app/late.ts': 'export const late = 1;\n',
  'app/lib/d.ts': 'export interface D { readonly d: 1 }\n',
  'app/data.json': '{}\n',
  'app/other.ts': 'export const other = 1;\n',
};
const digestOf = (file: string, changes: Readonly<Record<string, string | undefined>> = {}) => {
  const now = Object.fromEntries(Object.entries({ ...files, ...changes }).filter((entry): entry is [string, string] => entry[1] !== undefined));
  return reachDigests(Object.keys(now), (name) => now[name] ?? '')(file);
};

test('a change of whatever the imports of a file lead to, in a circle and late as well, is a change of the file', () => {
  for (const changed of ['app/a.ts', 'app/b.ts', 'app/c.ts', 'app/late.ts', 'app/lib/d.ts', 'app/data.json']) {
    assert.notEqual(digestOf('app/a.ts', { [changed]: `${files[changed] ?? ''}// changed\n` }), digestOf('app/a.ts'), changed);
    assert.notEqual(digestOf('app/a.ts', { [changed]: undefined }), digestOf('app/a.ts'), `${changed} is gone`);
  }
});

test('a change of what it does not reach is none, and the order of the tree does not matter', () => {
  assert.equal(digestOf('app/a.ts', { 'app/other.ts': 'export const other = 2;\n' }), digestOf('app/a.ts'));
  assert.equal(digestOf('app/late.ts', { 'app/a.ts': '' }), digestOf('app/late.ts'));
  assert.equal(reachDigests(Object.keys(files).toReversed(), (name) => files[name] ?? '')('app/a.ts'), digestOf('app/a.ts'));
});
