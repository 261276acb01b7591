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

test('ASVS 3.3.2 and 3.3.4: without TLS it keeps HttpOnly and SameSite', () => {
  assert.equal(writeCookie('session', 'abc', 60, { secure: false }), 'session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax');
});

test('a cookie is cleared under the name that it was set with', () => {
  assert.match(clearCookie('session', { secure: true }), /^__Host-session=; Path=\/; Max-Age=0;/);
});

test('cookies are read by their full name, the first of two', () => {
  assert.deepEqual([...readCookies(requestWith('a=1; b=x=y; a=2;c ; =z'))], [['a', '1'], ['b', 'x=y']]);
  assert.equal(readCookies(requestWith(undefined)).size, 0);
});

test('CWE-384: only blanks surround a name: a neighbour’s cookie whose name begins with another space is not the host-bound one', () => {
  // As Node reads the bytes that a browser sends for a cookie that a sibling host has set for the whole domain.
  for (const space of ['\u00a0', '\u0085', '\u000b', '\u000c', '\ufeff', '\u2000']) {
    const cookies = readCookies(requestWith(`${space}__Host-session=evil; __Host-session${space}=evil; \t__Host-session \t= good \t; b=1`));
    assert.equal(cookies.get('__Host-session'), 'good', JSON.stringify(space));
  }
  assert.equal(readCookies(requestWith('\u00a0session=evil')).get('session'), undefined);
});

test('ASVS 1.3.12 (CWE-1333): a name of blanks alone is read in linear time', () => {
  const started = performance.now();
  assert.equal(readCookies(requestWith(`a${' '.repeat(100_000)}b=1;${' '.repeat(100_000)}`)).size, 1);
  assert.ok(performance.now() - started < 1_000);
});
