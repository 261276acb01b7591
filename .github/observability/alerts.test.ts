// The alerts, held against the tree, and each check against a small tree that it must refuse.
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { readTree, treeOf } from '../rules/tree.ts';
import { alertRules, readAlerts } from './alert-rules.ts';

const tree = readTree(resolve(import.meta.dirname, '../..'));

test('the alerts were read', () => {
  assert.ok(readAlerts(tree).length >= 27, `${readAlerts(tree).length} alerts`);
});

for (const { claim, violations, refuses, allows } of alertRules) {
  test(claim, () => {
    const found = violations(tree);
    assert.ok(found.length === 0, `\n${found.join('\n')}`);
  });

  test(`${claim} (every seeded violation is found, and its neighbours pass)`, () => {
    const found = violations(treeOf(refuses));
    for (const path of Object.keys(refuses)) {
      if (allows[path] === refuses[path]) continue;
      assert.ok(
        found.some((line) => line.startsWith(path)),
        `${path} was let pass`,
      );
    }
    assert.deepEqual(violations(treeOf(allows)), []);
  });
}
