import assert from 'node:assert/strict';
import { test } from 'node:test';
import { costsBelow, costsByFunction, costsByOwner, type Profile } from './profile-costs.ts';

const root = 'file:///clone/';
const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 6 });

/** (root) → answer of ours → write of a package → a function of Node; beside them Node alone, garbage and idleness. */
const profile: Profile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 5, 6, 7] },
    { id: 2, callFrame: frame('answer', 'file:///clone/app/http/respond.ts'), children: [3] },
    { id: 3, callFrame: frame('', 'file:///clone/node_modules/@koa/router/lib/router.js'), children: [4] },
    { id: 4, callFrame: frame('write', 'node:net') },
    { id: 5, callFrame: frame('parserOnHeaders', 'node:_http_common') },
    { id: 6, callFrame: frame('(garbage collector)') },
    { id: 7, callFrame: frame('(idle)') },
  ],
  samples: [2, 3, 4, 5, 6, 7],
  timeDeltas: [900, 1, 2, 4, 8, 16],
};

test("Node's functions count for who called them", () => {
  assert.deepEqual(costsByOwner(profile, root), [
    { name: '(garbage collector)', us: 16 },
    { name: 'node:_http_common', us: 8 },
    { name: '@koa/router', us: 6 },
    { name: 'app/http/respond.ts', us: 1 },
  ]);
});

test('a function has its own time', () => {
  assert.deepEqual(costsByFunction(profile, root), [
    { name: '(garbage collector)', us: 16 },
    { name: 'parserOnHeaders  node:_http_common:7', us: 8 },
    { name: 'write  node:net:7', us: 4 },
    { name: '(anonymous)  @koa/router/lib/router.js:7', us: 2 },
    { name: 'answer  app/http/respond.ts:7', us: 1 },
  ]);
});

test('what ran below a function counts for each above it, once', () => {
  assert.deepEqual(costsBelow(profile, root), [
    { name: 'answer  app/http/respond.ts:7', us: 7 },
    { name: '(anonymous)  @koa/router/lib/router.js:7', us: 6 },
  ]);
});

test('idle time is nobody’s', () => {
  assert.ok(costsByFunction(profile, root).every(({ name }) => name !== '(idle)'));
});
