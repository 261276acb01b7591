import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uncovered, withoutCooldown } from './update-coverage.ts';

const config = `version: 2
updates:
  - package-ecosystem: npm
    directories: [/, '/tools/*']
    cooldown: { default-days: 7 }
  - package-ecosystem: gomod
    directory: /tools/go/
    cooldown: { default-days: 14 }
  - package-ecosystem: github-actions
    directory: /
    cooldown: { default-days: 7 }
`;
const files = (text: string, ...tree: readonly string[]) => uncovered(text, tree).map(({ file }) => file);

test('a lock file is looked after by an entry of its kind and folder, by name or by glob', () => {
  assert.deepEqual(files(config, 'package-lock.json', 'tools/npm/package-lock.json', 'tools/go/go.mod', '.github/workflows/a.yml', 'README.md', '.github/gates/seeds/x/package-lock.json'), []);
  for (const file of ['app/package-lock.json', 'tools/npm/deep/package-lock.json', 'go.mod', 'tools/go/requirements.txt', 'Dockerfile', 'compose.yaml', 'ops/docker-compose.yml', 'terraform/.terraform.lock.hcl']) assert.deepEqual(files(config, file), [file]);
});

test('an entry that is taken away, or proposes nothing, looks after nothing', () => {
  assert.deepEqual(files(config.replace('gomod', 'cargo'), 'tools/go/go.mod'), ['tools/go/go.mod']);
  assert.deepEqual(files(config.replace('directory: /tools/go/', 'directory: /tools/go/\n    open-pull-requests-limit: 0'), 'tools/go/go.mod'), ['tools/go/go.mod']);
});

test('each entry waits a week, with no exception', () => {
  assert.deepEqual(withoutCooldown(config), []);
  for (const text of [config.replace('default-days: 14', 'default-days: 3'), config.replace('    cooldown: { default-days: 14 }\n', ''), config.replace('{ default-days: 14 }', "{ default-days: 14, exclude: ['*'] }")]) assert.deepEqual(withoutCooldown(text).map(({ rule, line }) => [rule, line]), [['no-cooldown', 6]], text);
});

test('what is no configuration is no verdict', () => {
  for (const text of ['', 'version: 1\nupdates: []\n', 'updates: [', 'version: 2\nupdates:\n  - directory: /\n']) assert.throws(() => uncovered(text, []), { name: 'Unusable' }, text);
});
