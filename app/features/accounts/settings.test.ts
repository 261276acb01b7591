import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '#app/errors.ts';
import { parseAccountSettings } from './settings.ts';

const KEYS = `2026:${'k'.repeat(43)}`;
const complete = { ACCOUNTS_KEYS: KEYS, ACCOUNTS_SMTP_URL: 'smtps://mail.example', ACCOUNTS_MAIL_FROM: 'us@example.com' };

function problemOf(given: Record<string, string>, production = false): string {
  try {
    parseAccountSettings(given, production);
  } catch (error) {
    assert.ok(error instanceof AppError);
    return error.message;
  }
  return '';
}

test('development needs nothing; the parameters are OWASP’s', () => {
  const settings = parseAccountSettings({}, false);
  assert.deepEqual([settings?.argon2, settings?.smtpUrl, settings?.keys[0]?.id], [{ memoryKib: 19_456, passes: 2 }, undefined, 'development']);
  assert.ok((settings?.hashesAtOnce ?? 0) >= 1);
});

test('production without any of them has no local accounts; with one it needs them all, and has no default key (CWE-321)', () => {
  assert.equal(parseAccountSettings({}, true), undefined);
  assert.equal(parseAccountSettings({ ACCOUNTS_KEYS: '' }, true), undefined);
  assert.deepEqual(parseAccountSettings(complete, true)?.keys.map(({ id }) => id), ['2026']);
  for (const name of Object.keys(complete)) {
    const given: Record<string, string> = { ...complete };
    Reflect.deleteProperty(given, name);
    assert.match(problemOf(given, true), new RegExp(`${name} is required`));
  }
});

test('ASVS 6.2.12: production asks about breached passwords unless that is switched off, and over TLS', () => {
  const urlOf = (given: string | undefined, production: boolean) => parseAccountSettings({ ...complete, ...(given === undefined ? {} : { ACCOUNTS_BREACHED_PASSWORDS_URL: given }) }, production)?.breachedPasswordsUrl;
  assert.equal(urlOf(undefined, true), 'https://api.pwnedpasswords.com/range/');
  assert.equal(urlOf('https://breached.example/range/', true), 'https://breached.example/range/');
  assert.equal(urlOf('off', true), undefined);
  assert.equal(urlOf(undefined, false), undefined, 'development needs no network');
  for (const bad of ['http://breached.example/range/', 'https://breached.example/range', 'on', 'ftp://127.0.0.1/']) assert.match(problemOf({ ...complete, ACCOUNTS_BREACHED_PASSWORDS_URL: bad }, true), /ACCOUNTS_BREACHED_PASSWORDS_URL must be/);
});

test('every problem is said, and no value', () => {
  const problem = problemOf({ ACCOUNTS_KEYS: 'canary-key', ACCOUNTS_SMTP_URL: 'canary://mail', ACCOUNTS_MAIL_FROM: 'canary', ACCOUNTS_ARGON2_PASSES: 'canary', ACCOUNTS_TYPO: 'canary' });
  for (const name of ['ACCOUNTS_KEYS', 'ACCOUNTS_SMTP_URL', 'ACCOUNTS_MAIL_FROM', 'ACCOUNTS_ARGON2_PASSES', 'ACCOUNTS_TYPO']) assert.ok(problem.includes(name), name);
  assert.doesNotMatch(problem, /canary/);
});

test('CWE-319: a mail server’s address has no options, which could turn TLS off; one that is none is refused without its password', () => {
  for (const url of ['smtp://mail.test?requireTLS=false', 'smtps://mail.test/?tls.rejectUnauthorized=false', 'smtp://us:canary#1@mail.test', 'smtp://us:canary@mail.test:port', 'smtp://', 'smtps:///x']) {
    const problem = problemOf({ ...complete, ACCOUNTS_SMTP_URL: url }, true);
    assert.match(problem, /ACCOUNTS_SMTP_URL must be/, url);
    assert.doesNotMatch(problem, /canary/);
  }
  assert.equal(problemOf({ ...complete, ACCOUNTS_SMTP_URL: 'smtps://us:p%23ss@mail.test:465' }, true), '');
});

test('nothing weaker than OWASP’s parameters is taken (ASVS 11.4.2)', () => {
  assert.match(problemOf({ ACCOUNTS_ARGON2_MEMORY_KIB: '19455' }), /from 19456/);
  assert.match(problemOf({ ACCOUNTS_ARGON2_PASSES: '1' }), /47104/);
  assert.equal(problemOf({ ACCOUNTS_ARGON2_PASSES: '1', ACCOUNTS_ARGON2_MEMORY_KIB: '47104' }), '');
});
