// A session here and the one at the provider: sign-out there, renewal, and the ask for a fresh or stronger sign-in.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { after, before, describe, test } from 'node:test';
import * as client from 'openid-client';
import { pino } from 'pino';
import { AppError } from '#app/errors.ts';
import { DEVELOPMENT_USERS, type DevelopmentUser } from '#app/identity/development-users.ts';
import { openTokens } from '#app/identity/sealed-tokens.ts';
import { createSessionRefresh } from '#app/identity/session-refresh.ts';
import { createSessionStore } from '#app/identity/session-store.ts';
import { CookieJar } from '#app/lib/cookie-jar.ts';
import { until } from '#app/testing/condition.ts';
import { createLog } from '#app/telemetry/log.ts';
import { expectProblem } from '#app/testing/problem.ts';
import { startTestService, type TestService, type Visitor } from '#app/testing/service.ts';

const minuteMs = 60_000;
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe('a session and the provider', () => {
  let service: TestService;
  let clockOffsetMs = 0;
  before(async () => {
    service = await startTestService({ clock: () => new Date(Date.now() + clockOffsetMs) });
  });
  after(() => service.close());

  const tokenOf = (jar: CookieJar) => /session=([\w-]{43})/.exec(jar.read(service.url))?.[1] ?? '';
  const statusOf = async (visitor: Pick<Visitor, 'fetch'>) => {
    const response = await visitor.fetch('/api/v1/stream', { method: 'HEAD', headers: { accept: 'text/event-stream' } });
    return response.status;
  };
  const rowOf = async (jar: CookieJar) => {
    const { rows } = await sql<{ refreshed_at: Date; provider_tokens: Buffer; factors: number; authenticated_at: Date }>`select * from session where token_hash = ${createHash('sha256').update(tokenOf(jar)).digest()}`.execute(service.database.db);
    return rows[0];
  };

  test('ASVS 7.6.1: who signs out at the provider is signed out here at once, live streams included', async () => {
    const [visitor, other] = [await service.as('clerk'), await service.as('manager')];
    const stream = await visitor.fetch('/api/v1/stream', { headers: { accept: 'text/event-stream' } });
    const page = await visitor.jar.follow(`${service.config.identity.issuer}/session/end`);
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(await page.response.text())?.[1] ?? '';
    const confirmed = await visitor.jar.follow(`${service.config.identity.issuer}/session/end/confirm`, { method: 'POST', headers: FORM, body: new URLSearchParams({ xsrf, logout: 'yes' }) });
    assert.equal(confirmed.response.status, 200);
    await expectProblem(await visitor.fetch('/api/v1/sessions', { headers: { accept: 'application/json' } }), 401, 'session-ended');
    assert.match(await stream.text(), /signed-out/);
    assert.equal(await statusOf(other), 200, 'nobody else');
    assert.ok(service.logLines.some((line) => line.includes('signed out by the provider')));
    const { rows } = await sql<{ action: string; actor: string | null; by: string; person: string | null; request_id: string }>`select action, actor, request_id, details::jsonb ->> 'by' as by, details::jsonb ->> 'person' as person from audit_entry where action like 'sessions:%' order by sequence`.execute(service.database.owner);
    const [begun, ended] = [rows[0], rows.at(-1)];
    assert.deepEqual([begun?.action, begun?.by, begun?.person, ended?.action, ended?.by, ended?.actor], ['sessions:begin', 'person', null, 'sessions:end', 'provider', null]);
    assert.equal(rows[0]?.request_id, '', 'no request of the API began it');
    assert.ok(begun?.actor && begun.actor === ended?.person, 'the trail says whose session it was, and that the provider ended it');
  });

  test('a logout token that is none is a 400, and no cookie or origin is asked for', async () => {
    const response = await fetch(`${service.url}/auth/back-channel-logout`, { method: 'POST', headers: FORM, body: new URLSearchParams({ logout_token: 'a.b.c' }) });
    await expectProblem(response, 400, 'invalid-logout-token');
    assert.equal((await fetch(`${service.url}/auth/back-channel-logout`, { method: 'POST', headers: FORM, body: '' })).status, 400);
  });

  test('a session is renewed at the provider now and then, with a new refresh token each time (RFC 9700, 4.14.2)', async (t) => {
    t.after(() => (clockOffsetMs = 0));
    const visitor = await service.as('clerk');
    const seen = new Set<string>();
    for (const minutes of [11, 22]) {
      seen.add(openTokens((await rowOf(visitor.jar))?.provider_tokens ?? Buffer.alloc(0), tokenOf(visitor.jar))?.refreshToken ?? '');
      clockOffsetMs = minutes * minuteMs;
      assert.equal(await statusOf(visitor), 200);
      const due = Date.now() + clockOffsetMs - minuteMs;
      await until('the session is renewed', async () => {
        const row = await rowOf(visitor.jar);
        return row !== undefined && row.refreshed_at.getTime() > due && !seen.has(openTokens(row.provider_tokens, tokenOf(visitor.jar))?.refreshToken ?? '');
      });
    }
    assert.equal(seen.size, 2);
    assert.equal(await statusOf(visitor), 200);
  });

  test('CWE-384: a refresh token that somebody else has used ends the session', async (t) => {
    t.after(() => (clockOffsetMs = 0));
    const visitor = await service.as('clerk');
    const tokens = openTokens((await rowOf(visitor.jar))?.provider_tokens ?? Buffer.alloc(0), tokenOf(visitor.jar));
    const { issuer, clientId } = service.config.identity;
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the provider of the test listens on loopback
    const provider = await client.discovery(new URL(issuer), clientId, undefined, client.None(), { execute: [client.allowInsecureRequests] });
    await client.refreshTokenGrant(provider, tokens?.refreshToken ?? '');
    clockOffsetMs = 11 * minuteMs;
    assert.equal(await statusOf(visitor), 200);
    await until('the session has ended', async () => (await statusOf(visitor)) === 401);
  });

  for (const [what, change] of [
    ['other roles', { roles: ['manager'] }],
    ['more roles', { roles: ['viewer', 'clerk'] }],
    ['another tenant', { tenantId: 'globex' }],
    ['no tenant any more', { tenantId: '' }],
  ] as const) {
    test(`CWE-613: who has ${what} at the provider by now is asked to sign in anew`, async (t) => {
      const user = DEVELOPMENT_USERS.find(({ id }) => id === 'viewer') ?? assert.fail();
      const before = { ...user };
      t.after(() => {
        Object.assign(user, before);
        clockOffsetMs = 0;
      });
      const visitor = await service.as('viewer');
      const stream = await visitor.fetch('/api/v1/stream', { headers: { accept: 'text/event-stream' } });
      Object.assign(user, change);
      clockOffsetMs = 11 * minuteMs;
      assert.equal(await statusOf(visitor), 200);
      await until('the session has ended', async () => (await statusOf(visitor)) === 401);
      assert.match(await stream.text(), /signed-out/);
      assert.ok(service.logLines.some((line) => line.includes('"msg":"a session ends: the provider says other things of the person now"') && line.includes('"tenant":"acme"')));
    });
  }

  test('another name alone ends nothing', async (t) => {
    const user = DEVELOPMENT_USERS.find(({ id }) => id === 'viewer') ?? assert.fail();
    const { name } = user;
    t.after(() => {
      Object.assign(user, { name });
      clockOffsetMs = 0;
    });
    const visitor = await service.as('viewer');
    Object.assign(user, { name: 'Vera Renamed' });
    clockOffsetMs = 11 * minuteMs;
    assert.equal(await statusOf(visitor), 200);
    await until('the session is renewed', async () => ((await rowOf(visitor.jar))?.refreshed_at.getTime() ?? 0) > Date.now() + 10 * minuteMs);
    assert.equal(await statusOf(visitor), 200);
  });

  for (const [code, change] of [['tenant-missing', { tenantId: '' }], ['role-missing', { roles: [] }]] as const) {
    test(`whom the provider sends with ${code.replace('-missing', '')} missing does not get in, and is told so`, async (t) => {
      const user = DEVELOPMENT_USERS.find(({ id }) => id === 'auditor') ?? assert.fail();
      const before = { ...user };
      t.after(() => Object.assign(user, before));
      Object.assign(user, change);
      const jar = new CookieJar();
      const isCallback = ({ pathname }: URL) => pathname === '/auth/callback';
      const chooser = await jar.follow(`${service.url}/auth/sign-in`);
      const { url } = await jar.follow(chooser.url, { method: 'POST', headers: FORM, body: new URLSearchParams({ user: 'auditor' }) }, isCallback);
      const response = await jar.fetch(url, { headers: { accept: 'application/json' } });
      assert.ok(!response.headers.getSetCookie().some((cookie) => cookie.startsWith('session=')));
      await expectProblem(response, 403, code);
    });
  }

  test('ASVS 7.4.2: who is no more at the provider is out when it is next asked', async (t) => {
    const people = DEVELOPMENT_USERS as DevelopmentUser[];
    const at = people.findIndex(({ id }) => id === 'auditor');
    const visitor = await service.as('auditor');
    const [gone] = people.splice(at, 1);
    assert.ok(gone);
    t.after(() => {
      people.splice(at, 0, gone);
      clockOffsetMs = 0;
    });
    clockOffsetMs = 11 * minuteMs;
    assert.equal(await statusOf(visitor), 200);
    await until('the session has ended', async () => (await statusOf(visitor)) === 401);
  });

  test('a provider that does not answer ends nothing: it is asked again a minute later', async () => {
    const now = new Date('2026-03-01T08:00:00Z');
    const sessions = createSessionStore(service.database.db, { sessionIdleMs: 60 * minuteMs, sessionAbsoluteMs: 600 * minuteMs, sessionsPerPerson: 10 });
    const token = await sessions.create({ person: { tenantId: 'acme', id: 'away', name: 'A', roles: ['clerk'] }, assurance: { factors: 1 }, userAgent: 'x', provider: { sessionId: undefined, tokens: { idToken: 'i', refreshToken: 'r' } } }, now);
    const clock = { now: new Date(now.getTime() + 11 * minuteMs) };
    const asked = { count: 0 };
    const provider = { configuration: () => { asked.count += 1; return Promise.reject(new AppError('away', { status: 503 })); }, check: () => Promise.resolve() };
    const lines: string[] = [];
    const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } });
    const parts = { provider, sessions, claims: { rolesClaim: 'roles', tenantClaim: 'tenant' }, refreshMs: 10 * minuteMs, onSessionEnd: () => assert.fail('ended'), log, clock: () => clock.now };
    const refresh = createSessionRefresh(parts);
    const look = async () => {
      const found = await sessions.find(token, 'x', clock.now);
      assert.ok(found);
      refresh.request(token, found);
      await refresh.stop();
      return asked.count;
    };
    assert.equal(await look(), 1);
    assert.equal(await look(), 1, 'not with every request');
    clock.now = new Date(clock.now.getTime() + minuteMs);
    assert.equal(await look(), 2);
    assert.equal(lines.filter((line) => line.includes('"level":"warn"') && line.includes('"msg":"the provider could not be asked about a session"') && line.includes('"message":"away"')).length, 2);

    const broken = createSessionRefresh({ ...parts, sessions: { ...sessions, claimRefresh: () => Promise.reject(new Error('no database')) } });
    const found = (await sessions.find(token, 'x', clock.now)) ?? assert.fail();
    clock.now = new Date(clock.now.getTime() + 11 * minuteMs);
    broken.request(token, found);
    await broken.stop();
    assert.match(lines.at(-1) ?? '', /"level":"warn".*"message":"no database".*"msg":"a session could not be renewed; its next request tries again"/);
  });

  test('not more than so many sessions are renewed at once; who is left out comes with their next request', async () => {
    const now = new Date('2026-03-01T08:00:00Z');
    const waiting = Promise.withResolvers<undefined>();
    const claimed: string[] = [];
    const sessions = { ...createSessionStore(service.database.db, service.config.identity), claimRefresh: (token: string) => { claimed.push(token); return waiting.promise; } };
    const provider = { configuration: () => assert.fail('asked'), check: () => Promise.resolve() };
    const refresh = createSessionRefresh({ provider, sessions, claims: service.config.identity, refreshMs: minuteMs, onSessionEnd: () => assert.fail('ended'), log: pino({ level: 'silent' }), clock: () => now });
    const subject = { tenantId: 'acme', id: 'x', name: 'X', roles: ['clerk' as const], credential: { kind: 'bearer' as const, expiresAt: now } };
    refresh.request('never', { subject, refreshedAt: undefined });
    refresh.request('not due', { subject, refreshedAt: new Date(now.getTime() - minuteMs + 1) });
    for (let index = 0; index < 60; index += 1) refresh.request(`due-${index}`, { subject, refreshedAt: new Date(now.getTime() - minuteMs) });
    assert.equal(claimed.length, 50);
    assert.equal(claimed[0], 'due-0');
    waiting.resolve(undefined);
    await refresh.stop();
    refresh.request('next', { subject, refreshedAt: new Date(now.getTime() - minuteMs) });
    assert.equal(claimed.at(-1), 'next');
    await refresh.stop();
  });

  test('ASVS 7.6.1: a sign-in can be asked for that is no older than so many seconds (max_age), and says when it was', async () => {
    const visitor = await service.as('clerk');
    const isChooser = ({ origin, pathname }: URL) => origin === service.config.identity.issuer && pathname.startsWith('/interaction/');
    const asked = await visitor.jar.fetch(`${service.url}/auth/sign-in?return_to=%2Fdocs&max_age=0`);
    assert.equal(new URL(asked.headers.get('location') ?? '').searchParams.get('max_age'), '0');
    const again = await visitor.jar.follow(asked.headers.get('location') ?? '', {}, isChooser);
    assert.ok(isChooser(again.url), 'the provider asks, though it knows the person');
    const before = await rowOf(visitor.jar);
    const { response } = await visitor.jar.follow(again.url, { method: 'POST', headers: FORM, body: new URLSearchParams({ user: 'clerk', factors: '2' }) });
    await response.body?.cancel();
    const row = await rowOf(visitor.jar);
    assert.ok(row !== undefined && before !== undefined && row.authenticated_at >= before.authenticated_at);
    assert.deepEqual([before.factors, row.factors], [1, 2]);
  });

  test('ASVS 7.6.1: a max_age that is no number, or longer than a session, is the session’s own length', async () => {
    for (const [given, sent] of [['', '43200'], ['-1', '43200'], ['1e3', '43200'], ['999999999', '43200'], ['60', '60']] as const) {
      const response = await fetch(`${service.url}/auth/sign-in?max_age=${given}`, { redirect: 'manual' });
      assert.equal(new URL(response.headers.get('location') ?? '').searchParams.get('max_age'), sent, given);
    }
  });

  test('where it has several names for two factors, each is named, parted by blanks (OpenID Connect Core 1.0, 3.1.2.1)', async (t) => {
    const several = await startTestService({ environment: { OIDC_MULTI_FACTOR_ACR: 'phr  phrh' } });
    t.after(() => several.close());
    const response = await fetch(`${several.url}/auth/sign-in?factors=2`, { redirect: 'manual' });
    assert.equal(new URL(response.headers.get('location') ?? '').searchParams.get('acr_values'), 'phr phrh');
  });

  test('two factors are asked of the provider by its own name for them', async () => {
    const response = await fetch(`${service.url}/auth/sign-in?factors=2`, { redirect: 'manual' });
    assert.equal(new URL(response.headers.get('location') ?? '').searchParams.get('acr_values'), 'aal2');
    const plain = await fetch(`${service.url}/auth/sign-in`, { redirect: 'manual' });
    assert.equal(new URL(plain.headers.get('location') ?? '').searchParams.get('acr_values'), null);
  });
});
