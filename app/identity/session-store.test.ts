import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { after, before, describe, test } from 'node:test';
import { createSessionStore, type SessionStore } from '#app/identity/session-store.ts';
import { testDatabases, type TestedDatabase } from '#app/testing/database.ts';

const minuteMs = 60_000;
const start = new Date('2026-03-01T08:00:00Z');
const later = (ms: number) => new Date(start.getTime() + ms);
const person = { tenantId: 'acme', id: 'u-1', name: 'Cleo', roles: ['clerk'] } as const;

for (const engine of testDatabases()) {
  describe(`sessions on ${engine.name}`, () => {
    let database: TestedDatabase;
    let sessions: SessionStore;
    before(async () => {
      database = await engine.open();
      sessions = createSessionStore(database.db, { sessionIdleMs: 30 * minuteMs, sessionAbsoluteMs: 120 * minuteMs });
    });
    after(() => database.close());

    test('a token finds the session that it was made for, and another finds none', async () => {
      const token = await sessions.create(person, 'id-token', start);
      const subject = await sessions.find(token, later(1_000));
      assert.equal(subject?.id, 'u-1');
      assert.equal(subject.tenantId, 'acme');
      assert.deepEqual(subject.roles, ['clerk']);
      assert.equal(await sessions.find(`${token.slice(0, -1)}${token.endsWith('A') ? 'E' : 'A'}`, start), undefined);
      assert.equal(await sessions.find("' or true --", start), undefined);
    });

    test('ASVS 7.2.3: the database holds no token', async () => {
      const token = await sessions.create(person, 'id-token', start);
      const { rows } = await sql<{ row: string }>`select session::text as row from session`.execute(database.db);
      assert.ok(rows.length > 0);
      assert.ok(rows.every(({ row }) => !row.includes(token) && !row.includes(Buffer.from(token).toString('hex'))));
    });

    test('ASVS 7.3.1: a session that is not used ends after the idle time', async () => {
      const token = await sessions.create(person, 'id-token', start);
      assert.ok(await sessions.find(token, later(29 * minuteMs)));
      assert.ok(await sessions.find(token, later(58 * minuteMs)), 'use has moved the end');
      assert.equal(await sessions.find(token, later(89 * minuteMs)), undefined);
    });

    test('ASVS 7.3.2: a session that is used all the time ends after the absolute time', async () => {
      const token = await sessions.create(person, 'id-token', start);
      for (let minute = 20; minute < 120; minute += 20) assert.ok(await sessions.find(token, later(minute * minuteMs)));
      assert.equal(await sessions.find(token, later(120 * minuteMs)), undefined);
    });

    test('looking again whether a session is there does not keep it alive', async () => {
      const token = await sessions.create(person, 'id-token', start);
      const subject = await sessions.find(token, start);
      assert.ok(subject?.credential.kind === 'session');
      const { sessionId } = subject.credential;
      assert.ok(await sessions.read('acme', sessionId, later(29 * minuteMs)));
      assert.equal(await sessions.read('acme', sessionId, later(31 * minuteMs)), undefined);
      assert.equal(await sessions.read('globex', sessionId, start), undefined);
    });

    test('an ended session is gone at once, and ends once', async () => {
      const token = await sessions.create(person, 'id-token', start);
      assert.deepEqual(await sessions.end(token), { idToken: 'id-token' });
      assert.equal(await sessions.find(token, start), undefined);
      assert.equal(await sessions.end(token), undefined);
    });

    test('a purge removes what is idle or too old, and nothing else', async () => {
      await sql`delete from session`.execute(database.db);
      const idle = await sessions.create(person, 'id-token', start);
      const used = await sessions.create(person, 'id-token', later(40 * minuteMs));
      assert.equal(await sessions.purge(later(45 * minuteMs)), 1);
      assert.equal(await sessions.end(idle), undefined);
      assert.ok(await sessions.find(used, later(46 * minuteMs)));
    });
  });
}
