// The rules of this repository, each held against the tree, and against a small tree that it must refuse.
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { contentRules } from './rules/content.ts';
import { fileRules } from './rules/files.ts';
import { importRules } from './rules/imports.ts';
import { interpreterRules } from './rules/interpreters.ts';
import { packageRules } from './rules/packages.ts';
import { proseRules } from './rules/prose.ts';
import { registerRules } from './rules/registers.ts';
import { templateRules } from './rules/template.ts';
import { readTree, treeOf } from './rules/tree.ts';

const tree = readTree(resolve(import.meta.dirname, '..'));
const rules = [...importRules, ...fileRules, ...contentRules, ...interpreterRules, ...packageRules, ...proseRules, ...registerRules, ...templateRules];

test('the tree was read', () => {
  assert.ok(tree.size > 50, `only ${tree.size} files were found`);
  for (const path of ['package.json', 'README.md', 'app/feature.ts', '.github/repository.test.ts']) assert.ok(tree.has(path), path);
});

for (const { claim, violations, refuses, allows } of rules) {
  test(claim, () => {
    const found = violations(tree);
    assert.ok(found.length === 0, `\n${found.join('\n')}`);
  });

  test(`${claim} (every seeded violation is found, and its neighbours pass)`, () => {
    const found = violations(treeOf(refuses));
    for (const path of Object.keys(refuses)) {
      // A manifest or a record that only sets the stage is the same on both sides.
      if (allows[path] === refuses[path]) continue;
      assert.ok(
        found.some((line) => line.startsWith(path)),
        `${path} was let pass`,
      );
    }
    assert.deepEqual(violations(treeOf(allows)), []);
  });
}
