// The threat model, held against the repository; each check against a small model too, which it must refuse.
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { readTree, treeOf } from '../rules/tree.ts';
import { testNames } from './answers.ts';
import { threatChecks } from './checks.ts';
import { compareRoutes, compareTables } from './coverage.ts';
import { findNotPassed } from './executed.ts';
import { readModel, statusOf, threatened } from './model.ts';

const tree = readTree(resolve(import.meta.dirname, '../..'));

test('the model was read', () => {
  const { parts } = readModel(tree);
  const platform = parts.filter(({ feature }) => feature === undefined);
  assert.ok(threatened(platform).flatMap(({ threats }) => threats).length > 100);
  for (const kind of ['external', 'process', 'store'] as const) assert.ok(platform.some(({ elements }) => elements.some((element) => element.kind === kind)), kind);
});

for (const { claim, violations, refuses, allows } of threatChecks) {
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

const parts = readModel(
  treeOf({
    '.github/threats/a.json': JSON.stringify({
      elements: [
        { id: 'pages', kind: 'process', name: 'Pages', zone: 'here', what: 'what is asked', routes: ['GET /docs', 'GET /gone'], sometimes: ['GET /'], threats: [] },
        { id: 'again', kind: 'process', name: 'Again', zone: 'here', what: 'what is asked', routes: ['GET /docs'], threats: [] },
        { id: 'rows', kind: 'store', name: 'Rows', zone: 'here', what: 'what is kept', tables: ['session', 'lost'], threats: [] },
      ],
    }),
  }),
).parts;

test('a route that belongs to no element, to two, or is not mounted, is found; one that is there at times may be missing', () => {
  assert.deepEqual(compareRoutes(parts, ['GET /docs', 'POST /docs']), ['POST /docs belongs to no element', 'pages names GET /gone, which is not mounted', 'GET /docs belongs to pages and again']);
  assert.deepEqual(compareRoutes(parts.map((part) => ({ ...part, elements: part.elements.slice(0, 1) })), ['GET /docs', 'GET /gone', 'GET /']), []);
});

test('a table that belongs to no element, or is not in the schema, is found', () => {
  assert.deepEqual(compareTables(parts, ['session', 'audit']), ['the table audit belongs to no element', 'rows names the table lost, which is not there']);
});

test('a test’s name is read as it is written, and one that is skipped is none', () => {
  assert.deepEqual(testNames('a.test.ts', "test('one', x); t.test(`${engine}: two`, x); it.skip('three', x); describe(\"four\", () => { it('five', x); });"), ['one', '${engine}: two', 'four', 'five']);
});

test('a threat is what is left of it: tests beside an open rest are open', () => {
  const tested = { test: 'a.test.ts', name: 'something is held' };
  assert.equal(statusOf({ id: 'S1', threat: 't', answers: [tested] }), 'mitigated');
  assert.equal(statusOf({ id: 'S1', threat: 't', answers: [tested, { transferred: 'the rest', to: 'operator' }] }), 'transferred');
  assert.equal(statusOf({ id: 'S1', threat: 't', answers: [{ accepted: 'the rest', decides: 'somebody' }, { transferred: 'a part', to: 'operator' }] }), 'accepted');
  assert.equal(statusOf({ id: 'S1', threat: 't', answers: [tested, { open: 'the rest' }] }), 'open');
});

test('an answer counts where its test ran and passed in every form, and not where one was skipped, failed or never ran', () => {
  const answered = (name: string) => readModel(treeOf({ '.github/threats/a.json': JSON.stringify({ elements: [{ id: 'pages', kind: 'process', name: 'Pages', zone: 'here', what: 'what is asked', threats: [{ id: 'S1', threat: 'something that happens', answers: [{ test: 'a.test.ts', name }] }] }] }) })).parts;
  const results = [
    { file: 'a.test.ts', name: 'around it > PGlite: every row (all) is kept', outcome: 'passed' },
    { file: 'a.test.ts', name: 'PostgreSQL: every row (all) is kept', outcome: 'passed' },
    { file: 'a.test.ts', name: 'PGlite: one that has failed', outcome: 'passed' },
    { file: 'a.test.ts', name: 'PostgreSQL: one that has failed', outcome: 'failed' },
    { file: 'a.test.ts', name: 'one that was skipped', outcome: 'skipped' },
    { file: 'b.test.ts', name: 'one of another file', outcome: 'passed' },
  ];
  for (const name of ['every row (all) is kept', '${engine.name}: every row (all)']) assert.deepEqual(findNotPassed(answered(name), results), []);
  for (const [name, why] of [['one that has failed', 'did not pass'], ['one that was skipped', 'did not pass'], ['one of another file', 'did not run'], ['every row .all. is kept', 'did not run']] as const) {
    assert.deepEqual(findNotPassed(answered(name), results), [`.github/threats/a.json pages.S1: a.test.ts "${name}" ${why}`]);
  }
});
