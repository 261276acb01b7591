import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { readTree, treeOf } from '../rules/tree.ts';
import { brokenClaims, loadClaims, REQUIREMENTS } from './claims.ts';

const standard = JSON.stringify(['1.1.1', '1.1.2', '2.1.1'].map((id) => ({ id, level: 1, chapter: `V${id[0] ?? ''} Chapter`, text: 'Verify it.' })));
const removal = { test: 'app/a.test.ts', control: 'app/a.ts', find: 'check(x)', replace: 'x' };
const files = { 'app/a.test.ts': "test('ASVS 1.1.1: x', f);", 'app/a.ts': 'export const a = (x) => check(x);' };

function load(claims: Readonly<Record<string, unknown>>, others: Readonly<Record<string, string>> = {}) {
  const tree = treeOf({ [REQUIREMENTS]: standard, ...files, ...others, ...Object.fromEntries(Object.entries(claims).map(([path, each]) => [path, JSON.stringify(each)])) });
  const loaded = loadClaims(tree);
  return { loaded, problems: [...loaded.problems, ...brokenClaims(tree, loaded)] };
}

const platform = (claims: unknown) => ({ '.github/asvs/claims/v01.json': claims });
const feature = (claims: unknown) => ({ 'app/features/sample/asvs.json': claims });

test('the standard is here whole: 345 requirements, 70 of level 1, 183 of level 2, 92 of level 3', () => {
  const { requirements } = loadClaims(readTree(resolve(import.meta.dirname, '../..')));
  assert.deepEqual([1, 2, 3].map((level) => requirements.filter((each) => each.level === level).length), [70, 183, 92]);
  assert.equal(new Set(requirements.map(({ id }) => id)).size, 345);
});

test('a claim names what is there', () => {
  const { loaded, problems } = load(platform({ '1.1.1': { by: 'test', removals: [removal] }, '1.1.2': { by: 'document', document: 'app/a.ts', why: 'It is said there.', says: 'export' } }));
  assert.deepEqual(problems, []);
  assert.deepEqual(loaded.claims.get('1.1.1'), { by: 'test', removals: [removal] });
});

test('what it names and is not there is found, one by one', () => {
  const twice = { 'app/a.ts': 'check(x); check(x);' };
  const cases: [string, unknown, Record<string, string>, RegExp][] = [
    ['1.1.9', { by: 'open', reason: 'It is too large.' }, {}, /the standard has no such requirement/],
    ['2.1.1', { by: 'open', reason: 'It is too large.' }, {}, /belongs to another chapter's file/],
    ['1.1.1', { by: 'open', reason: 'later' }, {}, /is not a sentence/],
    ['1.1.1', { by: 'hope', reason: 'It will be well.' }, {}, /v01\.json 1\.1\.1/],
    ['1.1.1', { by: 'test', removals: [] }, {}, /v01\.json 1\.1\.1\.removals/],
    ['1.1.1', { by: 'test', removals: [{ ...removal, test: 'app/gone.test.ts' }] }, {}, /there is no app\/gone\.test\.ts/],
    ['1.1.1', { by: 'test', removals: [{ ...removal, find: 'other' }] }, {}, /"other" occurs 0 times in app\/a\.ts/],
    ['1.1.1', { by: 'test', removals: [removal] }, twice, /occurs 2 times/],
    ['1.1.1', { by: 'test', removals: [{ ...removal, replace: removal.find }] }, {}, /changes nothing/],
    ['1.1.1', { by: 'test', removals: [{ ...removal, and: [{ control: 'app/b.ts', find: 'y', replace: '' }] }] }, {}, /"y" occurs 0 times in app\/b\.ts/],
    ['1.1.1', { by: 'test', removals: [{ ...removal, control: 'app/features/sample/a.ts' }] }, { 'app/features/sample/a.ts': 'check(x)' }, /must not name app\/features\/sample\/a\.ts/],
    ['1.1.1', { by: 'document', document: 'GONE.md', why: 'It is said there.' }, {}, /there is no GONE\.md/],
    ['1.1.1', { by: 'document', document: 'app/a.ts', why: 'It is said there.', says: 'never' }, {}, /does not say "never"/],
    ['1.1.1', { by: 'not applicable', reason: 'There is no check here.', absent: 'check\\(' }, {}, /app\/a\.ts matches check/],
  ];
  for (const [id, stated, others, problem] of cases) assert.match(load(platform({ [id]: stated }), others).problems.join('\n'), problem, JSON.stringify(stated));
});

test('a feature’s tests join the platform’s, and what it brings is not missing any more', () => {
  const own = { test: 'app/features/sample/a.test.ts', control: 'app/features/sample/a.ts', find: 'y', replace: 'z' };
  const others = { 'app/features/sample/a.test.ts': '', 'app/features/sample/a.ts': 'y' };
  const stated = { '1.1.1': { by: 'test', removals: [own] } };
  const joined = load({ ...platform({ '1.1.1': { by: 'test', removals: [removal] } }), ...feature(stated) }, others);
  assert.deepEqual(joined.problems, []);
  assert.deepEqual(joined.loaded.claims.get('1.1.1'), { by: 'test', removals: [removal, own] });
  const brought = load({ ...platform({ '1.1.1': { by: 'not applicable', reason: 'Nobody checks x here.' } }), ...feature(stated) }, others);
  assert.deepEqual(brought.problems, []);
  assert.equal(brought.loaded.claims.get('1.1.1')?.by, 'test');
});

test('two files that say different things contradict each other', () => {
  const { problems } = load({ ...platform({ '1.1.1': { by: 'test', removals: [removal] } }), ...feature({ '1.1.1': { by: 'open', reason: 'It is too large.' } }) });
  assert.match(problems.join('\n'), /sample\/asvs\.json 1\.1\.1: says "open" where another file says "test"/);
});
