import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
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
  assert.equal(settings?.hashesAtOnce, Math.max(1, Math.min(3, availableParallelism() - 1)), 'a core is left to the event loop');
  assert.equal(settings.mailFrom, 'Stockade <no-reply@stockade.test>');
  assert.deepEqual(settings.keys[0]?.secret, createHash('sha256').update('local accounts in development').digest());
  const given = parseAccountSettings({ ...complete, ACCOUNTS_ARGON2_MEMORY_KIB: '1048576', ACCOUNTS_ARGON2_PASSES: '20', ACCOUNTS_HASHES_AT_ONCE: '64' }, true);
  assert.deepEqual([given?.argon2, given?.hashesAtOnce, given?.mailFrom], [{ memoryKib: 1_048_576, passes: 20 }, 64, 'us@example.com']);
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
  assert.match(problem, /^The settings of local accounts have problems: /);
  for (const said of ['ACCOUNTS_KEYS must be "<id>:<32 random bytes as base64url>"', 'ACCOUNTS_MAIL_FROM must be an address', 'ACCOUNTS_ARGON2_PASSES must be a whole number from 1 to 20', '; ACCOUNTS_TYPO is no setting']) assert.ok(problem.includes(said), said);
  for (const value of ['0', '65', '1.5', '-1', '1e1', ' 1', '1 ', '1234567890']) assert.match(problemOf({ ACCOUNTS_HASHES_AT_ONCE: value }), /ACCOUNTS_HASHES_AT_ONCE must be a whole number from 1 to 64/, value);
  for (const from of ['a@', `${'a'.repeat(250)}@x.test`]) assert.match(problemOf({ ACCOUNTS_MAIL_FROM: from }), /ACCOUNTS_MAIL_FROM/, from);
});

test('CWE-319: a mail server’s address has no options, which could turn TLS off; one that is none is refused without its password', () => {
  for (const url of ['smtp://mail.test?requireTLS=false', 'smtps://mail.test/?tls.rejectUnauthorized=false', 'smtp://us:canary#1@mail.test', 'smtp://us:canary@mail.test:port', 'smtp://', 'smtps:///x']) {
    const problem = problemOf({ ...complete, ACCOUNTS_SMTP_URL: url }, true);
    assert.match(problem, /ACCOUNTS_SMTP_URL must be/, url);
    assert.doesNotMatch(problem, /canary/);
  }
  for (const url of ['xsmtp://mail.test', 'smtpss://mail.test', 'mail.test', 'smtp://mail.test x']) assert.match(problemOf({ ...complete, ACCOUNTS_SMTP_URL: url }, true), /must be a URL that starts with smtp:\/\/ or smtps:\/\/, without a query/, url);
  for (const url of ['smtps://us:p%23ss@mail.test:465', 'smtp://mail.test']) assert.equal(parseAccountSettings({ ...complete, ACCOUNTS_SMTP_URL: url }, true)?.smtpUrl, url);
});

test('nothing weaker than OWASP’s parameters is taken (ASVS 11.4.2)', () => {
  assert.match(problemOf({ ACCOUNTS_ARGON2_MEMORY_KIB: '19455' }), /from 19456/);
  assert.match(problemOf({ ACCOUNTS_ARGON2_PASSES: '1' }), /47104/);
  assert.match(problemOf({ ACCOUNTS_ARGON2_PASSES: '1', ACCOUNTS_ARGON2_MEMORY_KIB: '47103' }), /ACCOUNTS_ARGON2_PASSES may be 1 from ACCOUNTS_ARGON2_MEMORY_KIB=47104 on/);
  assert.equal(problemOf({ ACCOUNTS_ARGON2_PASSES: '2', ACCOUNTS_ARGON2_MEMORY_KIB: '19456' }), '');
  assert.equal(problemOf({ ACCOUNTS_ARGON2_PASSES: '1', ACCOUNTS_ARGON2_MEMORY_KIB: '47104' }), '');
});
