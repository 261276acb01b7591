import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuse } from '#app/errors.ts';
import type { Subject } from '#app/feature.ts';
import { rememberVerified } from '#app/identity/verified-tokens.ts';

const START_MS = Date.parse('2026-11-23T12:00:00Z');

function setUp(mostTokens?: number) {
  const state = { isRevoked: false, nowMs: START_MS, calls: [] as string[], expiresAt: new Date(START_MS + 3_600_000) };
  const verify = rememberVerified(
    (token) => {
      state.calls.push(token);
      if (state.isRevoked || token.startsWith('bad')) return Promise.resolve(refuse(401, 'invalid-token', 'No.'));
      return Promise.resolve<Subject>({ tenantId: 'acme', id: token, name: token, roles: ['clerk'], credential: { kind: 'bearer', expiresAt: state.expiresAt } });
    },
    { clock: () => new Date(state.nowMs), ...(mostTokens === undefined ? {} : { mostTokens }) },
  );
  return { state, verify };
}
const idOf = (answer: Awaited<ReturnType<ReturnType<typeof setUp>['verify']>>) => ('id' in answer ? answer.id : answer.status);

test('a good token is verified once in half a minute, and another one by itself', async () => {
  const { state, verify } = setUp();
  assert.deepEqual([idOf(await verify('one')), idOf(await verify('one')), idOf(await verify('two'))], ['one', 'one', 'two']);
  assert.deepEqual(state.calls, ['one', 'two']);
  state.nowMs += 29_999;
  await verify('one');
  assert.equal(state.calls.length, 2);
  state.nowMs += 1;
  await verify('one');
  assert.deepEqual(state.calls, ['one', 'two', 'one']);
});

test('nothing is remembered beyond the end of the token', async () => {
  const { state, verify } = setUp();
  state.expiresAt = new Date(START_MS + 1_000);
  await verify('one');
  state.nowMs += 999;
  await verify('one');
  assert.equal(state.calls.length, 1);
  state.nowMs += 1;
  await verify('one');
  assert.equal(state.calls.length, 2);
});

test('a refused token is verified each time', async () => {
  const { state, verify } = setUp();
  assert.deepEqual([idOf(await verify('bad')), idOf(await verify('bad'))], [401, 401]);
  assert.deepEqual(state.calls, ['bad', 'bad']);
});

test('a clock that was set back makes no memory last', async () => {
  const { state, verify } = setUp();
  await verify('one');
  state.nowMs -= 7_200_000;
  await verify('one');
  assert.equal(state.calls.length, 2);
});

test('what was refused when the clock was set back is not remembered as good once it is right again', async () => {
  const { state, verify } = setUp();
  assert.equal(idOf(await verify('one')), 'one');
  state.nowMs -= 60_000;
  state.isRevoked = true;
  assert.equal(idOf(await verify('one')), 401);
  state.nowMs += 60_000;
  assert.equal(idOf(await verify('one')), 401);
});

test('CWE-770: the oldest go when there are too many', async () => {
  const { state, verify } = setUp(2);
  for (const token of ['one', 'two', 'three', 'two', 'three', 'one']) await verify(token);
  assert.deepEqual(state.calls, ['one', 'two', 'three', 'one']);
});
