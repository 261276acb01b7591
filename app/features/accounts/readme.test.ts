// The README's word for how people are let in, held against the code.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { Feature } from '#app/feature.ts';
import { openTestDatabase, type TestedDatabase } from '#app/testing/database.ts';
import { feature } from './feature.ts';
import { findPasswordProblem, SERVICE_WORDS, SHORTEST_ALONE } from './password-policy.ts';
import { SLOWNESS } from './throttle.ts';

const readme = readFileSync(`${import.meta.dirname}/README.md`, 'utf8');
const section = (title: string) => readme.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
const rowsOf = (title: string) => [...section(title).matchAll(/^\| (.*) \|$/gm)].slice(2).map(([, row = '']) => row.split(' | '));

describe('the README', () => {
  let database: TestedDatabase;
  let own: Feature;
  before(async () => {
    database = await openTestDatabase();
    const settings = { ACCOUNTS_KEYS: `a:${'k'.repeat(43)}`, ACCOUNTS_SMTP_URL: 'smtps://mail.test', ACCOUNTS_MAIL_FROM: 'us@x.test' };
    own = feature.create({ database: database.db, settings, production: true, signInFactors: 1, publicUrl: 'https://stockade.test', log: pino({ level: 'silent' }), metrics: new Registry(), countSignIns: () => () => undefined, clock: () => new Date() });
  });
  after(async () => {
    await own.stop?.();
    await database.close();
  });

  test('ASVS 6.1.1: it says how guesses are counted and delayed, with the figures of the code, and why that locks nobody out', () => {
    const figures = rowsOf('How guessing is slowed down').map(([kind = '', free, longest]) => [kind.replaceAll('`', ''), { free: Number(free), longestS: Number(longest) }]);
    assert.deepEqual(Object.fromEntries(figures), SLOWNESS);
    assert.match(section('How guessing is slowed down'), /Nobody can lock a person out: a browser that has signed in to the account before is counted by itself/);
  });

  test('ASVS 6.1.2: it lists the service’s words, and each of them makes no password', async () => {
    const listed = /the service's own words: ((?:`[^`]+`(?:, )?)+)/.exec(section('Words that make no password'))?.[1] ?? '';
    assert.deepEqual([...listed.matchAll(/`([^`]+)`/g)].map(([, word]) => word), SERVICE_WORDS);
    for (const word of SERVICE_WORDS) assert.equal(await findPasswordProblem(`${word}!!${word}!!1`, { secondFactor: false, known: [] }), 'too-personal', word);
  });

  test('ASVS 6.1.3, 6.3.4: it names each way in, and there is no other', () => {
    const named = new Set([...section('Ways in, and what each takes').matchAll(/`(\/accounts?\/[^`]+)`/g)].map(([, path]) => path));
    const forms = (own.publicPages ?? []).filter(({ kind }) => kind === 'public-form').map(({ path }) => path);
    // Of the pages for who is signed in, the change of a password alone begins a session; the tests of security.ts hold the others.
    assert.deepEqual([...named].toSorted(), [...new Set([...forms, '/account/security/password'])].toSorted());
    assert.deepEqual(own.waysIn?.map(({ path }) => path), ['/accounts/sign-in']);
    assert.match(section('Ways in, and what each takes'), new RegExp(`${SHORTEST_ALONE} characters or more`));
  });
});
