import assert from 'node:assert/strict';
import { test } from 'node:test';
import { treeOf } from '../rules/tree.ts';
import { citesOf, idsIn, patternOf, surroundings, unknownCites } from './cites.ts';

test('a name may cite one requirement or several, wherever it does', () => {
  assert.deepEqual(idsIn('ASVS 6.2.1: a password'), ['6.2.1']);
  assert.deepEqual(idsIn('ASVS 8.2.1, 8.2.2 and 8.4.1: every route'), ['8.2.1', '8.2.2', '8.4.1']);
  assert.deepEqual(idsIn('a digest is replaced (ASVS 11.4.2)'), ['11.4.2']);
  assert.deepEqual(idsIn('version 6.2.1 of a package, ASVS 11.4, and 1.2.3'), []);
});

test('the pattern for the runner finds what cites the requirement, and no neighbour', () => {
  for (const name of ['ASVS 6.2.1: x', 'x (ASVS 6.2.1)', 'ASVS 8.2.1, 6.2.1 and 8.4.1: x', 'ASVS 8.2.1 and 6.2.1: x']) assert.match(name, patternOf('6.2.1'));
  for (const name of ['ASVS 6.2.10: x', 'ASVS 16.2.1: x', 'ASVS 6.2.2: x', '6.2.1', 'ASVS 6.2.2: as 6.2.1']) assert.doesNotMatch(name, patternOf('6.2.1'));
});

test('cites are names of tests, whatever registers them; not what an assertion says', () => {
  const tree = treeOf({
    'app/a.test.ts': "test('ASVS 1.2.1: plain', () => { assert.equal('ASVS 1.2.9', x); });\nonEach(`ASVS 1.2.2: on ${name}`, () => {});\ntest('outer', (t) => t.test('ASVS 1.2.3: inner', () => 7));",
    'app/a.ts': "test('ASVS 1.2.4: no test file', () => {});",
  });
  assert.deepEqual(
    citesOf(tree).map(({ ids, name }) => [ids, name]),
    [
      [['1.2.1'], 'ASVS 1.2.1: plain'],
      [['1.2.2'], 'ASVS 1.2.2: on ${name}'],
      [['1.2.3'], 'ASVS 1.2.3: inner'],
    ],
  );
});

test('an id that the standard does not have is found in names and comments', () => {
  const tree = treeOf({ 'app/a.test.ts': "test('ASVS 1.2.99: x', () => {});", 'app/b.ts': '// ASVS 1.2.1 and 99.1.1 ask for it.\n' });
  assert.deepEqual(unknownCites(tree, new Set(['1.2.1'])), ['app/a.test.ts cites ASVS 1.2.99, which the standard does not have', 'app/b.ts cites ASVS 99.1.1, which the standard does not have']);
});

test('the surroundings of a text are its declaration; of what is no program, the whole', () => {
  const source = 'const a = 1;\nfunction f() {\n  return a + 1;\n}\nconst b = 2;\n';
  assert.equal(surroundings('a.ts', source, 'a + 1'), 'function f() {\n  return a + 1;\n}');
  assert.equal(surroundings('a.sql', source, 'a + 1'), source);
});
