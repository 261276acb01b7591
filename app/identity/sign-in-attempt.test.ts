import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCookies } from '#app/identity/cookies.ts';
import { clearAttempt, readAttempt, type SignInAttempt, writeAttempt } from '#app/identity/sign-in-attempt.ts';

const scheme = { secure: true };
const attemptOf = (state: string): SignInAttempt => ({ state, nonce: `nonce-${state}`, codeVerifier: 'verifier', returnTo: '/' });

/** What a browser keeps of the `Set-Cookie` values. */
function browserAfter(present: ReadonlyMap<string, string>, setCookies: readonly string[]): ReadonlyMap<string, string> {
  const kept = new Map(present);
  for (const cookie of setCookies) {
    const [pair = ''] = cookie.split(';');
    const [name = '', value = ''] = pair.split('=');
    if (cookie.includes('Max-Age=0')) kept.delete(name);
    else kept.set(name, value);
  }
  const header = [...kept].map(([name, value]) => `${name}=${value}`).join('; ');
  return readCookies({ headers: { cookie: header } });
}

test('an attempt comes back by its state, and another state finds none', () => {
  const present = browserAfter(new Map(), writeAttempt(attemptOf('one'), new Map(), scheme));
  assert.deepEqual(readAttempt('one', present, scheme), attemptOf('one'));
  assert.equal(readAttempt('two', present, scheme), undefined);
});

test('several tabs sign in at once, and the cookies stay few', () => {
  let present: ReadonlyMap<string, string> = new Map();
  for (let tab = 0; tab < 20; tab += 1) {
    present = browserAfter(present, writeAttempt(attemptOf(`tab-${tab}`), present, scheme));
    assert.ok(present.size <= 4);
    assert.deepEqual(readAttempt(`tab-${tab}`, present, scheme), attemptOf(`tab-${tab}`));
    if (tab > 0 && tab < 4) assert.deepEqual(readAttempt('tab-0', present, scheme), attemptOf('tab-0'));
  }
});

test('of too many attempts the oldest go: the tab that was just opened comes back', () => {
  let present: ReadonlyMap<string, string> = new Map();
  for (let tab = 0; tab < 6; tab += 1) present = browserAfter(present, writeAttempt(attemptOf(`tab-${tab}`), present, scheme));
  const left = Array.from({ length: 6 }, (_, tab) => tab).filter((tab) => readAttempt(`tab-${tab}`, present, scheme) !== undefined);
  assert.deepEqual(left, [2, 3, 4, 5]);
});

test('of a browser’s other cookies none is cleared', () => {
  const others = ['__Host-session', 'theme', '__Host-sign', 'sign-in-without-host', 'x'].map((name) => [name, 'x'] as const);
  const [only, ...more] = writeAttempt(attemptOf('one'), new Map(others), scheme);
  assert.match(only ?? '', /^__Host-sign-in-.*Max-Age=[1-9]/);
  assert.deepEqual(more, []);
});

test('CWE-407: a thousand cookies that look like attempts are not answered with a thousand', () => {
  const present = new Map(Array.from({ length: 1_000 }, (_, index) => [`__Host-sign-in-${index}`, 'x']));
  assert.ok(writeAttempt(attemptOf('one'), present, scheme).length <= 20);
});

test('a cleared attempt is gone', () => {
  const present = browserAfter(new Map(), writeAttempt(attemptOf('one'), new Map(), scheme));
  assert.equal(readAttempt('one', browserAfter(present, [clearAttempt('one', scheme)]), scheme), undefined);
});

test('ASVS 10.1.2: a cookie that is no attempt is none', () => {
  const [cookie = ''] = writeAttempt(attemptOf('one'), new Map(), scheme);
  const name = cookie.slice(0, cookie.indexOf('='));
  for (const value of ['', 'garbage', Buffer.from('{}').toString('base64url'), Buffer.from(JSON.stringify({ ...attemptOf('one'), state: 'two' })).toString('base64url')]) {
    assert.equal(readAttempt('one', new Map([[name, value]]), scheme), undefined);
  }
});
