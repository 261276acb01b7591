import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '#app/errors.ts';
import { createKeyRing } from './keys.ts';
import { createPasswords } from './passwords.ts';

const key = (id: string, byte: number) => ({ id, secret: Buffer.alloc(32, byte) });
const quick = { memoryKib: 1_024, passes: 2 };
const create = (keys = [key('a', 1)], argon2 = quick, hashesAtOnce = 1) => createPasswords({ keys: createKeyRing(keys), argon2, hashesAtOnce });

test('ASVS 11.4.2: what is kept is argon2id with the parameters of the settings, the pepper’s id, and a salt of its own', async () => {
  const passwords = create();
  const [one, other] = [await passwords.hash('correct horse'), await passwords.hash('correct horse')];
  assert.match(one, /^a:\$argon2id\$v=19\$m=1024,p=1,t=2\$/);
  assert.notEqual(one, other);
  assert.deepEqual(await passwords.verify(one, 'correct horse'), { good: true, stale: false });
  assert.deepEqual(await passwords.verify(one, 'Correct horse'), { good: false, stale: false });
});

test('one Unicode form: as composed and as decomposed letters it is the same password', async () => {
  const passwords = create();
  assert.ok((await passwords.verify(await passwords.hash('é'.normalize('NFD')), 'é'.normalize('NFC'))).good);
});

test('ASVS 11.2.2: with the next pepper, or other parameters, a good password is stale; a wrong one is not', async () => {
  const kept = await create().hash('correct horse');
  const rotated = create([key('b', 2), key('a', 1)]);
  assert.deepEqual(await rotated.verify(kept, 'correct horse'), { good: true, stale: true });
  assert.deepEqual(await rotated.verify(kept, 'wrong'), { good: false, stale: false });
  assert.match(await rotated.hash('correct horse'), /^b:/);
  assert.deepEqual(await create(undefined, { ...quick, passes: 3 }).verify(kept, 'correct horse'), { good: true, stale: true });
});

test('without the pepper a digest opens to nobody: not with another, not with none of its name', async () => {
  const kept = await create().hash('correct horse');
  assert.equal((await create([key('a', 9)]).verify(kept, 'correct horse')).good, false);
  assert.equal((await create([key('b', 2)]).verify(kept, 'correct horse')).good, false);
});

test('for nobody, and for somebody without a password, nothing is good', async () => {
  const passwords = create();
  for (const kept of [undefined, null]) assert.deepEqual(await passwords.verify(kept, 'anything'), { good: false, stale: false });
});

test('ASVS 15.2.2: so many may wait; the next is told to come back, and nobody who waits is lost', async () => {
  const passwords = create();
  const waiting = Array.from({ length: 51 }, () => passwords.hash('x'));
  const isBusy = (error: unknown) => error instanceof AppError && error.status === 503 && error.headers['Retry-After'] === '2';
  assert.throws(() => { passwords.requireRoom(); }, isBusy);
  await assert.rejects(passwords.hash('x'), isBusy);
  await assert.rejects(passwords.verify(undefined, 'x'), isBusy);
  assert.equal((await Promise.all(waiting)).length, 51);
  passwords.requireRoom();
  await passwords.hash('x');
});
