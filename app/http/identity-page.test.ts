// What .github/IDENTITY.md says of ways in and sessions, held against routes and settings.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseConfig, settings } from '#app/config.ts';
import { createRoutes } from '#app/server.ts';
import { startSampleService } from '#app/testing/sample-service.ts';

const page = readFileSync('.github/IDENTITY.md', 'utf8');
const section = (title: string) => page.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
const rowsOf = (title: string) => [...section(title).matchAll(/^\| (.*) \|$/gm)].slice(2).map(([, row = '']) => row.split(' | '));
const pathsIn = (text: string) => [...text.matchAll(/`(\/(?:auth|sign-in)[^`]*)`/g)].map(([, path]) => path);
const identity = parseConfig({}).identity;

test('ASVS 6.1.3, 6.3.4: the platform’s ways in are the ones that it names', async (t) => {
  const service = await startSampleService({ features: [] });
  t.after(() => service.close());
  const gets = createRoutes(service.parts).stack.filter(({ methods }) => methods.includes('GET')).map(({ path }) => String(path));
  assert.deepEqual([...new Set(pathsIn(rowsOf('Ways in').map(([, path]) => path).join()))].toSorted(), gets.filter((path) => /^\/(?:auth|sign-in)/.test(path)).toSorted());
  assert.match(section('Ways in'), /Whichever way somebody came, the same policy\s+decides/);
});

test('ASVS 7.1.1: it says when a session ends, and what NIST SP 800-63B asks of that', () => {
  const figures = Object.fromEntries(rowsOf('Sessions').map(([name = '', value]) => [name.replaceAll('`', ''), Number(value)]));
  assert.deepEqual(figures, { SESSION_IDLE_MINUTES: identity.sessionIdleMs / 60_000, SESSION_ABSOLUTE_HOURS: identity.sessionAbsoluteMs / 3_600_000, SESSIONS_PER_PERSON: identity.sessionsPerPerson, SESSION_REFRESH_MINUTES: identity.sessionRefreshMs / 60_000 });
  for (const name of Object.keys(figures)) assert.ok(Object.hasOwn(settings, name), name);
  // No deviation, as it says.
  assert.ok(identity.sessionIdleMs <= 3_600_000 && identity.sessionAbsoluteMs <= 86_400_000);
  assert.match(section('Sessions'), /NIST SP 800-63B-4 recommends for AAL2/);
});

test('ASVS 7.1.2: it says how many sessions one person may have, and what happens to the one that is too many', () => {
  const row = rowsOf('Sessions').find(([name]) => name === '`SESSIONS_PER_PERSON`');
  assert.equal(Number(row?.[1]), identity.sessionsPerPerson);
  assert.match(row?.[2] ?? '', /with the next sign-in the one that was begun first ends/);
});

test('ASVS 7.1.3: it names who else keeps sessions of the same people, and what ends which', async (t) => {
  const service = await startSampleService({ features: [] });
  t.after(() => service.close());
  const rows = rowsOf('Who else keeps sessions');
  assert.deepEqual(rows.map(([who]) => who), ['this service', 'the identity provider', 'a program']);
  const mounted = new Set(createRoutes(service.parts).stack.map(({ path }) => String(path)));
  const named = pathsIn(rows.flat().join());
  assert.ok(named.length > 0);
  for (const path of named) assert.ok(path !== undefined && mounted.has(path), path ?? named.join());
  assert.match(rows.flat().join(), /max_age.*RP-initiated logout.*SESSION_REFRESH_MINUTES/);
});
