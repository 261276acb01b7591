import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findProblems, judge, type Result } from './verdict.ts';

const holds = { verdict: 'holds', seen: '404 ×3' } as const;
const broken = { verdict: 'broken', seen: '1 of 3: it leaks' } as const;
const failed = { verdict: 'failed', seen: 'it did not come to an end' } as const;
const result: Result = { title: 'Objects', source: 'CWE-639', attack: 'things of others', expected: '404', seen: holds, leak: broken, without: 'asking whose it is', seconds: 1 };

test('an attack holds where the service withstands it and the front that leaks does not', () => {
  assert.deepEqual(judge({ seen: holds, leak: broken }), { conclusion: 'holds', mark: '✔' });
});

test('an answer that leaks does not hold', () => {
  assert.equal(judge({ seen: broken, leak: broken }).conclusion, 'broken');
});

test('an attack that holds without the defence too proves nothing', () => {
  assert.equal(judge({ seen: holds, leak: holds }).conclusion, 'can not fail');
});

test('an attack that did not come to an end is no proof, on either side', () => {
  assert.equal(judge({ seen: failed, leak: broken }).conclusion, 'broken');
  assert.equal(judge({ seen: holds, leak: failed }).conclusion, 'can not fail');
});

test('an attack without a route to attack is not run', () => {
  const none = { verdict: 'not run', seen: 'no such route' } as const;
  assert.deepEqual(judge({ seen: none, leak: none }), { conclusion: 'not run', mark: '–' });
});

test('each problem is told with what was seen, or what it proves nothing of', () => {
  const of = (seen: Result['seen'], leak: Result['leak']) => ({ ...result, seen, leak, ...judge({ seen, leak }) });
  assert.deepEqual(findProblems([of(holds, broken)]), []);
  assert.match(findProblems([of(broken, broken)])[0] ?? '', /it leaks$/);
  assert.match(findProblems([of(holds, holds)])[0] ?? '', /without asking whose it is too/);
});
