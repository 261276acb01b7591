import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from './client.ts';
import { type Asked, findAnswerFault, judgeRun, type Run } from './verdict.ts';

const GET: Asked = { method: 'GET', target: '/api/v1/notes', asksUpgrade: false };
const PAGE: Asked = { ...GET, target: '/notes' };
const place = { redirectOrigins: ['http://provider.test'] };
const problem = { type: '/problems/not-found', title: 'Not found', status: 404, detail: 'There is nothing here.', instance: '/x', requestId: 'r-1' };
const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store', 'x-request-id': 'r-1' };

function fault(answer: Answer, asked = GET): string | undefined {
  return findAnswerFault(asked, answer, place);
}

test('answers as they should be have no fault', () => {
  assert.equal(fault({ status: 200, headers: { 'x-request-id': 'r-1' }, body: '{}' }), undefined);
  assert.equal(fault({ status: 303, headers: { 'x-request-id': 'r-1', location: '/notes' }, body: '' }), undefined);
  assert.equal(fault({ status: 303, headers: { 'x-request-id': 'r-1', location: 'http://provider.test/auth' }, body: '' }), undefined);
  assert.equal(fault({ status: 404, headers, body: JSON.stringify(problem) }), undefined);
  assert.equal(fault({ status: 404, headers, body: '' }, { ...GET, method: 'HEAD' }), undefined);
  assert.equal(fault({ status: 404, headers: { ...headers, 'content-type': 'text/html; charset=utf-8' }, body: '<!doctype html><p>404</p>' }, PAGE), undefined);
  assert.equal(fault({ status: 101, headers: {}, body: '' }, { ...GET, asksUpgrade: true }), undefined);
});

test('each thing that may be wrong with an answer is a fault', () => {
  const faults: readonly (readonly [RegExp, Answer, Asked?])[] = [
    [/no answer/, { failure: 'no answer within 10 ms' }],
    [/status 500/, { status: 500, headers, body: JSON.stringify({ ...problem, status: 500 }) }],
    [/status 503/, { status: 503, headers, body: '' }],
    [/unasked/, { status: 101, headers: {}, body: '' }],
    [/without X-Request-Id/, { status: 200, headers: {}, body: '' }],
    [/leads away/, { status: 303, headers: { 'x-request-id': 'r', location: 'https://evil.test/' }, body: '' }],
    [/leads away/, { status: 303, headers: { 'x-request-id': 'r', location: '//evil.test/' }, body: '' }],
    [/leads away/, { status: 303, headers: { 'x-request-id': 'r' }, body: '' }],
    [/cached/, { status: 404, headers: { ...headers, 'cache-control': undefined }, body: JSON.stringify(problem) }],
    [/Retry-After/, { status: 429, headers, body: JSON.stringify({ ...problem, status: 429 }) }],
    [/no JSON/, { status: 404, headers, body: 'Not Found' }],
    [/malformed problem: requestId/, { status: 404, headers, body: JSON.stringify({ ...problem, requestId: undefined }) }],
    [/malformed problem/, { status: 404, headers, body: JSON.stringify({ ...problem, stack: 'at …' }) }],
    [/says 404/, { status: 400, headers, body: JSON.stringify(problem) }],
    [/another request id/, { status: 404, headers: { ...headers, 'x-request-id': 'r-2' }, body: JSON.stringify(problem) }],
    [/as text\/plain/, { status: 404, headers: { ...headers, 'content-type': 'text/plain' }, body: '' }],
    [/as text\/html/, { status: 404, headers: { ...headers, 'content-type': 'text/html; charset=utf-8' }, body: '<!doctype html>404' }],
    [/does not say so/, { status: 404, headers: { ...headers, 'content-type': 'text/html; charset=utf-8' }, body: '<!doctype html><p>500</p>' }, PAGE],
  ];
  for (const [expected, answer, asked] of faults) assert.match(fault(answer, asked) ?? 'none', expected);
});

const RIGHT: Run = { wanted: 100, answered: 100, succeeded: 30, routes: [{ name: 'GET /', asked: 100, succeeded: 30 }], faults: 0, logged: [], endedEarly: false, warmBytes: 100, endBytes: 109 };
const failing = (run: Partial<Run>): readonly number[] => judgeRun({ ...RIGHT, ...run }).flatMap(({ holds }, index) => (holds ? [] : [index]));

test('a run fails for each thing that did not hold, and for having shown nothing', () => {
  assert.deepEqual(failing({}), []);
  assert.deepEqual(failing({ faults: 1 }), [0]);
  assert.deepEqual(failing({ answered: 99 }), [0]);
  assert.deepEqual(failing({ endedEarly: true }), [1]);
  assert.deepEqual(failing({ logged: ['{"level":"error"}'] }), [1]);
  assert.deepEqual(failing({ endBytes: 110.1 }), [2]);
  assert.deepEqual(failing({ endBytes: Number.NaN }), [2]);
  assert.deepEqual(failing({ succeeded: 14 }), [3]);
  assert.deepEqual(failing({ routes: [{ name: 'GET /', asked: 100, succeeded: 0 }] }), [4]);
  assert.deepEqual(failing({ routes: [] }), [4]);
});
