// What the development provider's store keeps, forgets and hands out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProviderStore } from '#app/identity/provider-store.ts';

function openStore(): { open: ReturnType<typeof createProviderStore>; wait: (ms: number) => void } {
  let now = 1_000_000;
  return {
    open: createProviderStore(() => now),
    wait: (ms) => {
      now += ms;
    },
  };
}

test('each model has its own part, and what is over its time is gone', async () => {
  const { open, wait } = openStore();
  await open('Session').upsert('a', { uid: 'u' }, 10);
  assert.deepEqual(await open('Session').find('a'), { uid: 'u' });
  assert.equal(await open('Grant').find('a'), undefined);
  wait(9_999);
  assert.deepEqual(await open('Session').findByUid('u'), { uid: 'u' });
  wait(1);
  assert.equal(await open('Session').find('a'), undefined);
  assert.equal(await open('Session').findByUid('u'), undefined);
});

test('one that is over its time is passed by when another is looked for', async () => {
  const { open, wait } = openStore();
  await open('Session').upsert('a', { uid: 'u' }, 10);
  wait(10_000);
  await open('Session').upsert('b', { uid: 'v' }, 10);
  assert.deepEqual(await open('Session').findByUid('v'), { uid: 'v' });
});

test('a code that was used says when, and a destroyed one is gone', async () => {
  const { open } = openStore();
  const codes = open('AuthorizationCode');
  await codes.upsert('a', { grantId: 'g' }, 10);
  await codes.consume('a');
  assert.deepEqual(await codes.find('a'), { grantId: 'g', consumed: 1000 });
  await codes.destroy('a');
  assert.equal(await codes.find('a'), undefined);
  await codes.consume('a');
  assert.equal(await codes.find('a'), undefined, 'one that is gone stays gone');
});

test('a device’s code is found by what its person types', async () => {
  const { open } = openStore();
  await open('DeviceCode').upsert('a', { userCode: 'BCDF-GHJK', uid: 'other' }, 10);
  assert.deepEqual(await open('DeviceCode').findByUserCode('BCDF-GHJK'), { userCode: 'BCDF-GHJK', uid: 'other' });
  assert.equal(await open('DeviceCode').findByUserCode('other'), undefined);
  assert.equal(await open('Session').findByUserCode('BCDF-GHJK'), undefined);
});

test('revoking a grant takes its codes and tokens and leaves the others', async () => {
  const { open } = openStore();
  await open('AuthorizationCode').upsert('a', { grantId: 'g' }, 10);
  await open('AccessToken').upsert('b', { grantId: 'g' }, 10);
  await open('AccessToken').upsert('c', { grantId: 'h' }, 10);
  await open('Session').upsert('d', { grantId: 'g' }, 10);
  await open('RefreshToken').upsert('e', { grantId: 'g' }, 10);
  await open('AccessToken').revokeByGrantId('g');
  assert.equal(await open('AuthorizationCode').find('a'), undefined);
  assert.equal(await open('AccessToken').find('b'), undefined);
  assert.equal(await open('RefreshToken').find('e'), undefined);
  assert.ok(await open('AccessToken').find('c'));
  assert.ok(await open('Session').find('d'));
});

test('what has no time to live stays, and what is written again is the youngest', async () => {
  const { open, wait } = openStore();
  const sessions = open('Session');
  await (sessions.upsert as (id: string, payload: object, expiresIn?: number) => Promise<void>)('for ever', {});
  await sessions.upsert('again', {}, 1_000_000_000);
  wait(500_000_000_000);
  assert.ok(await sessions.find('for ever'));
  await sessions.upsert('for ever', { uid: 'u' }, 1_000_000_000);
  for (let index = 0; index < 9_999; index += 1) await sessions.upsert(String(index), {}, 1_000);
  assert.equal(await sessions.find('again'), undefined, 'the oldest');
  assert.ok(await sessions.find('for ever'));
});

test('it is bounded: the oldest goes first', async () => {
  const { open } = openStore();
  const sessions = open('Session');
  for (let index = 0; index <= 10_000; index += 1) await sessions.upsert(String(index), {}, 10);
  assert.equal(await sessions.find('0'), undefined);
  assert.ok(await sessions.find('1'));
  assert.ok(await sessions.find('10000'));
});
