import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { clearCookie, readCookies, writeCookie } from '#app/identity/cookies.ts';

function requestWith(cookie: string | undefined): Pick<IncomingMessage, 'headers'> {
  return { headers: cookie === undefined ? {} : { cookie } };
}

test('ASVS 3.3.1 and 3.3.3: with TLS the cookie is Secure and bound to the host', () => {
  assert.equal(writeCookie('session', 'abc', 60, { secure: true }), '__Host-session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure');
});

test('without TLS it keeps HttpOnly and SameSite', () => {
  assert.equal(writeCookie('session', 'abc', 60, { secure: false }), 'session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax');
});

test('a cookie is cleared under the name that it was set with', () => {
  assert.match(clearCookie('session', { secure: true }), /^__Host-session=; Path=\/; Max-Age=0;/);
});

test('cookies are read by their full name, the first of two', () => {
  assert.deepEqual([...readCookies(requestWith('a=1; b=x=y; a=2;c ; =z'))], [['a', '1'], ['b', 'x=y']]);
  assert.equal(readCookies(requestWith(undefined)).size, 0);
});
