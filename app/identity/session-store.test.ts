import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { after, before, describe, test } from 'node:test';
import { createSessionStore, endSessions, listSessions, type NewSession, type SessionEvent, type SessionStore } from '#app/identity/session-store.ts';
import { testDatabases, type TestedDatabase } from '#app/testing/database.ts';

const minuteMs = 60_000;
const start = new Date('2026-03-01T08:00:00Z');
const later = (ms: number) => new Date(start.getTime() + ms);
const browser = 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0';
const provider = { sessionId: 'p-1', tokens: { idToken: 'id-token', refreshToken: 'refresh-token' } };
const person = { tenantId: 'acme', id: 'u-1', name: 'Cleo', roles: ['clerk'] } as const;
const newSession: NewSession = { person, assurance: { factors: 1, authenticatedAt: start }, userAgent: browser, provider };

for (const engine of testDatabases()) {
  describe(`sessions on ${engine.name}`, () => {
    let database: TestedDatabase;
    let sessions: SessionStore;
    before(async () => {
      database = await engine.open();
      sessions = createSessionStore(database.db, { sessionIdleMs: 30 * minuteMs, sessionAbsoluteMs: 120 * minuteMs, sessionsPerPerson: 10 });
    });
    after(() => database.close());

    test('ASVS 7.2.1: a token finds the session that it was made for, and another finds none', async () => {
      const token = await sessions.create(newSession, start);
      const { subject } = (await sessions.find(token, browser, later(1_000))) ?? {};
      assert.equal(subject?.id, 'u-1');
      assert.deepEqual(subject.assurance, { factors: 1, authenticatedAt: start });
      assert.equal(subject.risk, undefined);
      assert.equal(subject.tenantId, 'acme');
      assert.deepEqual(subject.roles, ['clerk']);
      assert.equal(await sessions.find(`${token.slice(0, -1)}${token.endsWith('A') ? 'E' : 'A'}`, browser, start), undefined);
      assert.equal(await sessions.find("' or true --", browser, start), undefined);
    });

    test('ASVS 7.2.2, 7.2.3: every session gets a token of its own, of 256 bits that neither a clock nor Math.random gives', async (t) => {
      t.mock.timers.enable({ apis: ['Date'] });
      t.mock.method(Math, 'random', () => 0.5);
      const tokens: string[] = [];
      for (let count = 0; count < 40; count += 1) tokens.push(await sessions.create({ ...newSession, person: { ...person, id: 'u-random' } }, start));
      assert.equal(new Set(tokens).size, tokens.length);
      for (const token of tokens) assert.equal(Buffer.from(token, 'base64url').length, 32);
      for (let byte = 0; byte < 32; byte += 1) assert.ok(new Set(tokens.map((token) => Buffer.from(token, 'base64url')[byte])).size > 15, `byte ${byte} is nearly always the same`);
    });

    test('the database holds no token, neither ours nor the provider’s', async () => {
      const token = await sessions.create(newSession, start);
      const { rows } = await sql<{ row: string }>`select session::text as row from session`.execute(database.db);
      assert.ok(rows.length > 0);
      const secrets = [token, 'id-token', 'refresh-token'];
      assert.ok(rows.every(({ row }) => secrets.every((secret) => !row.includes(secret) && !row.includes(Buffer.from(secret).toString('hex')))));
    });

    test('ASVS 11.5.1: a token is 256 random bits, each of which is one as often as not', async () => {
      const tokens: string[] = [];
      for (let n = 0; n < 200; n += 1) tokens.push(await sessions.create({ ...newSession, person: { ...person, id: `u-random-${n}` } }, start));
      const values = tokens.map((token) => Buffer.from(token, 'base64url'));
      assert.ok(values.every(({ length }) => length === 32));
      assert.equal(new Set(tokens).size, tokens.length);
      // 200 throws of a coin: fewer than 50 heads come once in 10^13.
      for (let bit = 0; bit < 256; bit += 1) {
        const ones = values.filter((value) => ((value[bit >> 3] ?? 0) >> (bit & 7)) & 1).length;
        assert.ok(ones > 50 && ones < 150, `bit ${bit}: ${ones} of 200`);
      }
    });

    test('ASVS 7.3.1: a session that is not used ends after the idle time', async () => {
      const token = await sessions.create(newSession, start);
      assert.ok(await sessions.find(token, browser, later(29 * minuteMs)));
      assert.ok(await sessions.find(token, browser, later(58 * minuteMs)), 'use has moved the end');
      assert.equal(await sessions.find(token, browser, later(89 * minuteMs)), undefined);
    });

    test('of requests within a moment the first alone writes when the session was used', async () => {
      const token = await sessions.create(newSession, start);
      const lastSeen = async () => (await sql<{ seen: Date }>`select last_seen_at as seen from session where token_hash = sha256(convert_to(${token}, 'UTF8'))`.execute(database.db)).rows[0]?.seen;
      await sessions.find(token, browser, later(minuteMs - 1));
      assert.deepEqual(await lastSeen(), start);
      await sessions.find(token, browser, later(minuteMs));
      assert.deepEqual(await lastSeen(), later(minuteMs));
    });

    test('a session whose kept tokens can’t be opened any more ends all the same, without a hint for the provider', async () => {
      const token = await sessions.create(newSession, start);
      await sql`update session set provider_tokens = 'x' where token_hash = sha256(convert_to(${token}, 'UTF8'))`.execute(database.db);
      assert.deepEqual(await sessions.end(token), { idToken: undefined });
      assert.equal(await sessions.find(token, browser, start), undefined);
    });

    test('ASVS 7.3.2: a session that is used all the time ends after the absolute time', async () => {
      const token = await sessions.create(newSession, start);
      for (let minute = 20; minute < 120; minute += 20) assert.ok(await sessions.find(token, browser, later(minute * minuteMs)));
      assert.equal(await sessions.find(token, browser, later(120 * minuteMs)), undefined);
    });

    test('looking again whether a session is there does not keep it alive', async () => {
      const token = await sessions.create(newSession, start);
      const { subject } = (await sessions.find(token, browser, start)) ?? {};
      assert.ok(subject?.credential.kind === 'session');
      const { sessionId } = subject.credential;
      assert.ok(await sessions.read('acme', sessionId, later(29 * minuteMs)));
      assert.equal(await sessions.read('acme', sessionId, later(31 * minuteMs)), undefined);
      assert.equal(await sessions.read('globex', sessionId, start), undefined);
    });

    test('ASVS 7.4.1: an ended session is gone at once, and ends once', async () => {
      const token = await sessions.create(newSession, start);
      assert.deepEqual(await sessions.end(token), { idToken: 'id-token' });
      assert.equal(await sessions.find(token, browser, start), undefined);
      assert.equal(await sessions.end(token), undefined);
    });

    const readId = async (token: string, now = start) => {
      const { credential } = (await sessions.find(token, browser, now))?.subject ?? {};
      return credential?.kind === 'session' ? credential.sessionId : undefined;
    };

    test('ASVS 8.2.4: a cookie that turns up in another browser is a risk; an update of the browser is none', async () => {
      const token = await sessions.create(newSession, start);
      const riskOf = async (userAgent: string) => (await sessions.find(token, userAgent, start))?.subject.risk;
      for (const version of ['141.2', '9.0', '1400.0']) assert.equal(await riskOf(browser.replace('140.0', version)), undefined, version);
      for (const other of ['curl/8.0', '', `${browser} Evil`, 'Mozilla/5.0 (Windows NT 10.0) Firefox/140.0']) assert.equal(await riskOf(other), 'elevated', other);
      const strange = await sessions.create({ ...newSession, userAgent: 'Zoë\u0000\u202e'.repeat(200) }, start);
      assert.equal((await sessions.find(strange, 'Zoë\u0000\u202e'.repeat(200), start))?.subject.risk, undefined);
    });

    test('ASVS 7.5.2: people see their sessions, the latest used first, and end one or all others', async () => {
      const mine = { ...newSession, person: { ...person, id: 'u-list' } };
      const [first, second, third] = [await sessions.create(mine, start), await sessions.create({ ...mine, userAgent: 'other' }, later(1_000)), await sessions.create(mine, later(2_000))];
      const list = (now: Date) => listSessions(database.db, mine.person, now, { sessionIdleMs: 30 * minuteMs });
      assert.deepEqual((await list(later(3_000))).map(({ id }) => id), [await readId(third), await readId(second), await readId(first)]);
      assert.deepEqual(await list(later(31 * minuteMs)), [], 'one that has ended is not shown');
      assert.equal(await endSessions(database.db, { ...mine.person, tenantId: 'globex' }), 0);
      assert.equal(await endSessions(database.db, { ...mine.person, id: 'u-2' }, { only: await readId(first) ?? '' }), 0, 'nobody ends another’s');
      assert.equal(await endSessions(database.db, mine.person, { only: await readId(second) ?? '' }), 1);
      assert.equal(await endSessions(database.db, mine.person, { except: await readId(third) }), 1);
      assert.equal((await list(later(3_000))).length, 1);
    });

    test('a session is listed with its browser, its times and by how many factors it was begun', async () => {
      const strong = { ...newSession, person: { ...person, id: 'u-strong' }, assurance: { factors: 2 as const } };
      const token = await sessions.create(strong, start);
      assert.deepEqual((await sessions.find(token, browser, later(minuteMs)))?.subject.assurance, { factors: 2 });
      assert.deepEqual(await listSessions(database.db, strong.person, later(minuteMs), { sessionIdleMs: 30 * minuteMs }), [{ id: await readId(token), userAgent: browser, createdAt: start, lastSeenAt: later(minuteMs), expiresAt: later(120 * minuteMs), factors: 2 }]);
    });

    test('of too many sessions of one person, the one that was begun first ends', async () => {
      const few = createSessionStore(database.db, { sessionIdleMs: 30 * minuteMs, sessionAbsoluteMs: 120 * minuteMs, sessionsPerPerson: 2 });
      const many = { ...newSession, person: { ...person, id: 'u-many' } };
      const other = await few.create({ ...many, person: { ...many.person, tenantId: 'globex' } }, start);
      const tokens = [await few.create(many, start), await few.create(many, later(1)), await few.create(many, later(2))];
      assert.deepEqual(await Promise.all(tokens.map(async (token) => (await few.find(token, browser, later(3))) !== undefined)), [false, true, true]);
      assert.ok(await few.find(other, browser, start), 'another tenant’s person of that name keeps theirs');
    });

    test('CWE-613: a person who signs in with other roles loses the sessions that hold the old ones', async () => {
      const promoted = { ...newSession, person: { ...person, id: 'u-promoted' } };
      const [before, same] = [await sessions.create(promoted, start), await sessions.create(promoted, start)];
      assert.ok(await sessions.find(before, browser, start) && await sessions.find(same, browser, start));
      const after = await sessions.create({ ...promoted, person: { ...promoted.person, roles: ['manager', 'clerk'] } }, start);
      assert.equal(await sessions.find(before, browser, start), undefined);
      const reordered = await sessions.create({ ...promoted, person: { ...promoted.person, roles: ['clerk', 'manager'] } }, start);
      assert.ok(await sessions.find(after, browser, start) && await sessions.find(reordered, browser, start), 'the order of roles says nothing');
    });

    test('the provider ends the sessions of one sign-in there, or a person’s that were begun until then', async () => {
      const byProvider = (subject: string, sid: string | undefined) => ({ ...newSession, person: { ...person, id: subject }, provider: { ...provider, sessionId: sid } });
      const [one, other, late] = [await sessions.create(byProvider('u-out', 'p-out'), start), await sessions.create(byProvider('u-out', 'p-other'), start), await sessions.create(byProvider('u-out', undefined), later(minuteMs))];
      const here = await sessions.create({ person: { ...person, id: 'u-out' }, assurance: { factors: 1 }, userAgent: browser }, start);
      assert.equal(await sessions.endOfProvider({ sessionId: 'p-out' }), 1);
      assert.equal(await sessions.find(one, browser, start), undefined);
      assert.equal(await sessions.endOfProvider({ subjectId: 'u-out', begunUntil: later(1_000) }), 1);
      assert.equal(await sessions.find(other, browser, start), undefined);
      assert.ok(await sessions.find(late, browser, later(minuteMs)));
      assert.ok(await sessions.find(here, browser, start), 'who signed in here is not the provider’s to sign out');
    });

    test('of many at once, one alone gets the tokens to renew a session with', async () => {
      const token = await sessions.create({ ...newSession, person: { ...person, id: 'u-renew' } }, start);
      const claims = await Promise.all(Array.from({ length: 8 }, () => sessions.claimRefresh(token, later(0), later(minuteMs))));
      assert.deepEqual(claims.filter((tokens) => tokens !== undefined), [provider.tokens]);
      await sessions.storeRefresh(token, { idToken: 'id-2', refreshToken: 'refresh-2' }, later(minuteMs));
      assert.deepEqual((await sessions.find(token, browser, later(minuteMs)))?.refreshedAt, later(minuteMs));
      assert.equal(await sessions.claimRefresh(token, later(0), later(2 * minuteMs)), undefined);
      assert.deepEqual(await sessions.claimRefresh(token, later(minuteMs), later(2 * minuteMs)), { idToken: 'id-2', refreshToken: 'refresh-2' });
    });

    test('that a session begins and ends is told, with whose it is and by whom, and what was not there tells nothing', async () => {
      const told: SessionEvent[] = [];
      const limits = { sessionIdleMs: 30 * minuteMs, sessionAbsoluteMs: 120 * minuteMs, sessionsPerPerson: 1 };
      const recorded = createSessionStore(database.db, limits, (_tx, event) => { told.push(event); return Promise.resolve(); });
      const mine = { ...newSession, person: { ...person, id: 'u-told' }, provider: { ...provider, sessionId: 'p-told' } };
      const whose = { tenantId: 'acme', id: 'u-told', name: 'Cleo' };
      await recorded.create({ person: mine.person, assurance: { factors: 2 }, userAgent: browser }, start);
      const token = await recorded.create(mine, later(1));
      assert.deepEqual(told.map(({ action, by, details }) => [action, by, details]), [['sessions:begin', 'person', { factors: 2, way: 'here', superseded: 0 }], ['sessions:begin', 'person', { factors: 1, way: 'provider', superseded: 1 }]]);
      assert.deepEqual(told.map(({ person: { tenantId, id, name } }) => ({ tenantId, id, name })), [whose, whose]);
      await recorded.end(token);
      assert.deepEqual(told.at(-1), { action: 'sessions:end', sessionId: told[1]?.sessionId, person: whose, by: 'person', details: {} });
      await recorded.end(token);
      await recorded.endOfProvider({ sessionId: 'p-told' });
      assert.equal(told.length, 3);
      await recorded.create(mine, later(2));
      await recorded.endOfProvider({ sessionId: 'p-told' });
      assert.deepEqual(told.at(-1), { action: 'sessions:end', sessionId: told[3]?.sessionId, person: whose, by: 'provider', details: {} });
    });

    test('ASVS 14.2.7: a purge removes what is idle or too old, and nothing else', async () => {
      await sql`delete from session`.execute(database.db);
      const idle = await sessions.create(newSession, start);
      const used = await sessions.create(newSession, later(40 * minuteMs));
      assert.equal(await sessions.purge(later(45 * minuteMs)), 1);
      assert.equal(await sessions.end(idle), undefined);
      assert.ok(await sessions.find(used, browser, later(46 * minuteMs)));
    });
  });
}
