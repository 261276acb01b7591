// What features and the server ask of identity, in a server of its own whose provider is away.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import Koa from 'koa';
import { Registry } from 'prom-client';
import type { IdentityConfig } from '#app/config.ts';
import { isRefusal } from '#app/errors.ts';
import type { Subject } from '#app/feature.ts';
import { createIdentity, type Identity } from '#app/identity/identity.ts';
import { createIdentityMeasures } from '#app/identity/measures.ts';
import { createSessionStore } from '#app/identity/session-store.ts';
import { CookieJar } from '#app/lib/cookie-jar.ts';
import { createLog } from '#app/telemetry/log.ts';
import { openTestDatabase, type TestedDatabase } from '#app/testing/database.ts';
import { createTestPrivacy } from '#app/testing/privacy.ts';

const minuteMs = 60_000;
const config: IdentityConfig = {
  provider: { kind: 'server' },
  issuer: 'http://127.0.0.1:1/realms/acme',
  clientId: 'stockade',
  clientSecret: undefined,
  audience: 'http://stockade.test/api',
  tokenProfile: 'rfc9068',
  rolesClaim: 'roles',
  tenantClaim: 'tenant',
  scope: 'openid',
  multiFactorAcr: [],
  signInFactors: 1,
  signatures: 'approved',
  sessionIdleMs: 30 * minuteMs,
  sessionAbsoluteMs: 120 * minuteMs,
  sessionRefreshMs: 10 * minuteMs,
  sessionsPerPerson: 10,
};
const person = { tenantId: 'acme', id: 'account:1', name: 'Cleo', roles: ['clerk'] } as const;

describe('identity, while the provider is away', () => {
  let database: TestedDatabase;
  let identity: Identity;
  let server: Server;
  let origin: string;
  let now = new Date('2026-03-01T08:00:00Z');
  let ended = 0;
  let lines: string[] = [];
  const metrics = new Registry();

  before(async () => {
    database = await openTestDatabase();
    const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } });
    identity = createIdentity({ config, publicUrl: 'http://stockade.test', database, ...createTestPrivacy({ clock: () => now }), onSessionEnd: () => (ended += 1), measures: createIdentityMeasures(metrics), log, clock: () => now });
    const app = new Koa();
    app.use(async (ctx) => {
      const [, step = '', given = ''] = ctx.path.split('/');
      if (step === 'begin') await identity.browser.begin(ctx, { person, factors: 2 });
      else if (step === 'keep') identity.browser.keep(ctx, 'accounts', { value: given, maxAgeS: 60 });
      else if (step === 'kept') ctx.body = identity.browser.kept(ctx.req, 'accounts') ?? 'nothing';
      else if (step === 'sign-out') await identity.routes.signOut(ctx, () => Promise.resolve());
      else ctx.body = (await identity.authenticate(ctx.req)) ?? { nobody: true };
      ctx.status = ctx.status === 404 ? 200 : ctx.status;
    });
    app.silent = true;
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    await identity.stop();
    server.close();
    server.closeAllConnections();
    await database.close();
  });
  beforeEach(() => {
    [ended, lines] = [0, []];
  });

  const who = async (jar: CookieJar, headers: Readonly<Record<string, string>> = {}) => (await (await jar.fetch(`${origin}/who`, { headers })).json()) as Record<string, unknown>;
  const requestWith = (headers: IncomingMessage['headers']) => Object.assign(new IncomingMessage(new Socket()), { headers });
  const enter = async () => {
    const jar = new CookieJar();
    assert.equal((await jar.fetch(`${origin}/begin`)).status, 200);
    return jar;
  };

  test('whom a feature signs in has a session from now on, with the factors that it found', async () => {
    const jar = await enter();
    const subject = await who(jar);
    assert.equal(subject['id'], 'account:1');
    assert.deepEqual(subject['assurance'], { factors: 2, authenticatedAt: now.toISOString() });
    assert.equal(ended, 1, 'sessions that it superseded have ended');
    assert.ok(lines.some((line) => line.includes('"msg":"signed in"') && line.includes('"tenant":"acme"')));
  });

  test('a feature signs in nobody by an id that the provider may give', async () => {
    const ctx = {} as Parameters<typeof identity.browser.begin>[0];
    await assert.rejects(identity.browser.begin(ctx, { person: { ...person, id: 'clerk' }, factors: 2 }), { name: 'TypeError', message: 'A feature signs in subjects that begin with "account:".' });
  });

  test('a feature ends the sessions of a person, but for the one that it names', async () => {
    const [one, other] = [await enter(), await enter()];
    const { credential } = (await who(one)) as { readonly credential?: { readonly sessionId: string } };
    await identity.browser.endSessions(database.owner, person, credential?.sessionId);
    assert.deepEqual([(await who(one))['id'], (await who(other))['code']], ['account:1', 'session-ended']);
    await identity.browser.endSessions(database.owner, { ...person, tenantId: 'globex' });
    assert.equal((await who(one))['id'], 'account:1');
    await identity.browser.endSessions(database.owner, person);
    assert.equal((await who(one))['code'], 'session-ended');
  });

  test('what a feature keeps in the browser comes back to it, and is base64url, at most 256 characters (CWE-113)', async () => {
    const jar = new CookieJar();
    const response = await jar.fetch(`${origin}/keep/${'aZ09_-'.repeat(10)}`);
    assert.deepEqual(response.headers.getSetCookie(), [`accounts=${'aZ09_-'.repeat(10)}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax`]);
    assert.equal(await (await jar.fetch(`${origin}/kept`)).text(), 'aZ09_-'.repeat(10));
    assert.equal(await (await new CookieJar().fetch(`${origin}/kept`)).text(), 'nothing');
    assert.equal((await jar.fetch(`${origin}/keep/${'a'.repeat(256)}`)).status, 200);
    const ctx = { append: () => assert.fail('a cookie was set') } as unknown as Koa.Context;
    for (const value of ['a'.repeat(257), 'a b', 'a;b', 'a\r\nSet-Cookie: x=y', '=a', 'a=']) {
      assert.throws(() => { identity.browser.keep(ctx, 'accounts', { value, maxAgeS: 60 }); }, { name: 'TypeError', message: 'A browser keeps base64url, at most 256 characters.' }, JSON.stringify(value));
    }
  });

  test('a way back is a path of this origin (CWE-601)', () => {
    assert.deepEqual(['/docs?a=b', 'https://evil.example/', undefined].map((target) => identity.browser.localPath(target)), ['/docs?a=b', '/', '/']);
  });

  test('an Authorization header that carries no bearer token is a 401 that says how it is written, and no cookie makes up for it', async () => {
    const jar = await enter();
    for (const authorization of ['Basic YTpi', 'Bearer', 'Bearer a b', 'Bearer a;b', 'x Bearer abc']) {
      const refusal = await who(jar, { authorization });
      assert.deepEqual([refusal['status'], refusal['code'], refusal['detail']], [401, 'invalid-authorization', 'Write the header as "Authorization: Bearer <access token>".'], authorization);
    }
    assert.match(await metrics.metrics(), /^stockade_access_tokens_refused_total\{reason="malformed"\} 5$/m);
    for (const authorization of ['Bearer a.b.c', 'bearer   a.b.c']) assert.notEqual((await who(jar, { authorization }))['code'], 'invalid-authorization', authorization);
    assert.deepEqual(await who(new CookieJar()), { nobody: true });
  });

  test('a cookie that comes without the name of a browser is one that turned up elsewhere; it stays so when it is looked at again', async () => {
    const jar = await enter();
    assert.equal((await who(jar))['risk'], undefined);
    const subject = await identity.authenticate(requestWith({ cookie: jar.read(origin) }));
    assert.ok(subject !== undefined && !isRefusal(subject));
    assert.equal(subject.risk, 'elevated');
    assert.equal((await identity.revalidate(subject))?.risk, 'elevated');
    assert.equal((await identity.revalidate({ ...subject, risk: undefined } as unknown as Subject))?.risk, undefined);
  });

  test('looked at again, a session is what it is now, and a token lasts until it expires', async (t) => {
    const start = now;
    t.after(() => (now = start));
    const jar = await enter();
    const subject = await identity.authenticate(requestWith({ cookie: jar.read(origin), 'user-agent': 'node' }));
    assert.ok(subject !== undefined && !isRefusal(subject));
    assert.equal((await identity.revalidate(subject))?.id, 'account:1');
    const bearer = { ...subject, credential: { kind: 'bearer' as const, expiresAt: new Date(now.getTime() + minuteMs) } };
    assert.equal(await identity.revalidate(bearer), bearer);
    now = new Date(start.getTime() + minuteMs);
    assert.equal(await identity.revalidate(bearer), undefined, 'at that moment it has expired');
    now = new Date(start.getTime() + 31 * minuteMs);
    assert.equal(await identity.revalidate(subject), undefined, 'idle for too long');
    now = new Date(start.getTime() + 121 * minuteMs);
    assert.ok((await identity.purge(now)) >= 1, 'what has expired is removed');
    assert.equal(await identity.purge(now), 0);
  });

  test('sign-out ends the session here; with nothing to say to the provider it leads home, and tells the browser to forget', async () => {
    const jar = await enter();
    const cookie = jar.read(origin);
    ended = 0;
    const response = await jar.fetch(`${origin}/sign-out`, { method: 'POST' });
    assert.deepEqual([response.status, response.headers.get('location')], [303, '/']);
    assert.equal(response.headers.get('clear-site-data'), '"cache", "storage"');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.deepEqual(response.headers.getSetCookie(), ['session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax']);
    assert.equal(ended, 1);
    assert.equal((await (await fetch(`${origin}/who`, { headers: { cookie } })).json() as { code?: string }).code, 'session-ended');
    assert.equal((await jar.fetch(`${origin}/sign-out`, { method: 'POST' })).status, 303);
    assert.equal(ended, 1, 'nobody’s session has ended');
  });

  test('with the provider away sign-out still ends the session here, and says so in the log', async () => {
    // As the provider would have signed them in.
    const token = await createSessionStore(database.db, config).create({ person, assurance: { factors: 1 }, userAgent: 'node', provider: { sessionId: undefined, tokens: { idToken: 'an-id-token', refreshToken: undefined } } }, now);
    const response = await fetch(`${origin}/sign-out`, { method: 'POST', headers: { cookie: `session=${token}` }, redirect: 'manual' });
    assert.deepEqual([response.status, response.headers.get('location')], [303, '/']);
    const line = lines.find((each) => each.includes('"msg":"signed out here, not at the provider"')) ?? '';
    assert.match(line, /"level":"warn".*"err":\{.*does not answer/);
    assert.equal((await (await fetch(`${origin}/who`, { headers: { cookie: `session=${token}` } })).json() as { code?: string }).code, 'session-ended');
  });

  test('the provider’s origin is told, its check fails, and that sessions ended elsewhere is handed on', async () => {
    assert.equal(identity.issuerOrigin, 'http://127.0.0.1:1');
    await assert.rejects(identity.check(1_000));
    identity.sessionsEnded();
    assert.equal(ended, 1);
  });
});
