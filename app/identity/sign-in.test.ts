import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import Koa from 'koa';
import { pino } from 'pino';
import { openTokens } from '#app/identity/sealed-tokens.ts';
import { signOut } from '#app/identity/sign-in.ts';
import { obtainToken } from '#app/identity/token.ts';
import { CookieJar } from '#app/lib/cookie-jar.ts';
import { expectProblem } from '#app/testing/problem.ts';
import { startTestService, type TestService } from '#app/testing/service.ts';

const minuteMs = 60_000;

describe('sign-in through the development provider', () => {
  let service: TestService;
  let clockOffsetMs = 0;
  before(async () => {
    service = await startTestService({ clock: () => new Date(Date.now() + clockOffsetMs) });
  });
  after(() => service.close());

  /** The URL of the callback that the provider sends this browser to, not yet followed. */
  async function reachCallback(jar: CookieJar, user = 'clerk'): Promise<URL> {
    const isCallback = ({ origin, pathname }: URL) => origin === service.url && pathname === '/auth/callback';
    const chooser = await jar.follow(`${service.url}/auth/sign-in?return_to=%2Fdocs`, {}, isCallback);
    // The provider knows this browser already.
    if (isCallback(chooser.url)) return chooser.url;
    const form = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ user }) };
    const { url } = await jar.follow(chooser.url, form, isCallback);
    assert.ok(isCallback(url));
    return url;
  }
  const sessionOf = (response: Response) => response.headers.getSetCookie().find((cookie) => cookie.startsWith('session='));

  test('a person comes back to the page that they asked for, with a session', async () => {
    const jar = new CookieJar();
    const response = await jar.fetch(await reachCallback(jar));
    assert.equal(response.status, 303);
    assert.equal(response.headers.get('location'), '/docs');
    assert.match(sessionOf(response) ?? '', /^session=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax$/);
    const items = await jar.fetch(`${service.url}/api/v1/stream`, { method: 'HEAD', headers: { accept: 'text/event-stream' } });
    assert.equal(items.status, 200);
  });

  test('ASVS 10.1.2, 10.2.1: the authorization request carries PKCE, state and nonce, each of this attempt alone (RFC 9700, 2.1.1)', async (t) => {
    t.mock.method(Math, 'random', () => 0.5);
    const ask = async () => new URL((await new CookieJar().fetch(`${service.url}/auth/sign-in`)).headers.get('location') ?? '');
    const [{ searchParams }, other] = [await ask(), await ask()];
    assert.equal(searchParams.get('response_type'), 'code');
    assert.equal(searchParams.get('code_challenge_method'), 'S256');
    for (const name of ['code_challenge', 'state', 'nonce']) {
      assert.ok((searchParams.get(name) ?? '').length >= 43, name);
      assert.notEqual(searchParams.get(name), other.searchParams.get(name), name);
    }
  });

  test('ASVS 10.2.3: it asks for the scopes of a sign-in, and for no more', async () => {
    const response = await new CookieJar().fetch(`${service.url}/auth/sign-in?scope=email`);
    const { searchParams } = new URL(response.headers.get('location') ?? '');
    assert.equal(searchParams.get('scope'), 'openid profile');
    assert.deepEqual([...searchParams.keys()].toSorted(), ['client_id', 'code_challenge', 'code_challenge_method', 'max_age', 'nonce', 'redirect_uri', 'response_type', 'scope', 'state']);
  });

  test('ASVS 10.1.1: no token of the provider reaches the browser', async () => {
    const jar = new CookieJar();
    const response = await jar.fetch(await reachCallback(jar));
    const token = sessionOf(response)?.slice('session='.length, 'session='.length + 43) ?? '';
    const { rows } = await sql<{ provider_tokens: Buffer }>`select provider_tokens from session where token_hash = ${createHash('sha256').update(token).digest()}`.execute(service.database.db);
    const tokens = openTokens(Buffer.from(rows[0]?.provider_tokens ?? []), token);
    assert.ok(tokens?.refreshToken !== undefined && tokens.idToken !== '');
    const shown = [...response.headers].join('\n') + (await response.text()) + (await (await jar.fetch(`${service.url}/account/sessions`)).text()) + (await (await jar.fetch(`${service.url}/api/v1/sessions`)).text());
    for (const secret of [tokens.refreshToken, tokens.idToken]) assert.ok(!shown.includes(secret));
    assert.doesNotMatch(shown, /eyJ[\w-]{10,}/, 'nothing that looks like a JWT');
    assert.deepEqual(response.headers.getSetCookie().map((cookie) => cookie.replace(/=.*/, '').replace(/^sign-in-.*/, 'sign-in')).toSorted(), ['session', 'sign-in']);
  });

  test('ASVS 7.2.4: a new sign-in gives a new token, and ends the session before it', async () => {
    const jar = new CookieJar();
    const first = sessionOf(await jar.fetch(await reachCallback(jar)))?.split(';')[0] ?? '';
    // The provider still knows this browser, so it may answer at once, without asking who it is.
    const { response } = await jar.follow(`${service.url}/auth/sign-in`, {}, (next) => next.pathname === '/docs' || next.pathname === '/');
    await response.body?.cancel();
    const stale = await fetch(`${service.url}/api/v1/sessions`, { headers: { cookie: first } });
    await expectProblem(stale, 401, 'session-ended');
    assert.equal((await jar.fetch(`${service.url}/api/v1/stream`, { method: 'HEAD', headers: { accept: 'text/event-stream' } })).status, 200);
  });

  test('ASVS 10.1.2: another browser can not use the callback: the state is bound to the one that began (CWE-352)', async () => {
    const callback = await reachCallback(new CookieJar());
    await expectProblem(await new CookieJar().fetch(callback, { headers: { accept: 'application/json' } }), 400, 'sign-in-expired');
  });

  test('ASVS 10.1.2: a callback works once', async () => {
    const jar = new CookieJar();
    const callback = await reachCallback(jar);
    assert.equal((await jar.fetch(callback)).status, 303);
    await expectProblem(await jar.fetch(callback, { headers: { accept: 'application/json' } }), 400, 'sign-in-expired');
  });

  test('a code that the provider does not know, or that was issued for another attempt, is refused', async () => {
    const jar = new CookieJar();
    const [mine, other] = [await reachCallback(jar), await reachCallback(new CookieJar(), 'manager')];
    mine.searchParams.set('code', other.searchParams.get('code') ?? '');
    const response = await jar.fetch(mine, { headers: { accept: 'application/json' } });
    assert.equal(sessionOf(response), undefined);
    await expectProblem(response, 400, 'sign-in-failed');
  });

  test('an answer in the name of another issuer is refused (RFC 9207)', async () => {
    const jar = new CookieJar();
    const callback = await reachCallback(jar);
    callback.searchParams.set('iss', 'https://evil.example');
    await expectProblem(await jar.fetch(callback, { headers: { accept: 'application/json' } }), 400, 'sign-in-failed');
  });

  test('a refusal by the provider is said as such', async () => {
    const jar = new CookieJar();
    const callback = await reachCallback(jar);
    callback.searchParams.delete('code');
    callback.searchParams.set('error', 'access_denied');
    await expectProblem(await jar.fetch(callback, { headers: { accept: 'application/json' } }), 403, 'sign-in-denied');
  });

  test('a failure of the provider is not taken for its refusal', async () => {
    const jar = new CookieJar();
    const callback = await reachCallback(jar);
    callback.searchParams.delete('code');
    callback.searchParams.set('error', 'server_error');
    await expectProblem(await jar.fetch(callback, { headers: { accept: 'application/json' } }), 400, 'sign-in-failed');
  });

  test('two tabs sign in at once', async () => {
    const jar = new CookieJar();
    const [one, two] = [await reachCallback(jar), await reachCallback(jar)];
    assert.equal((await jar.fetch(two)).status, 303);
    assert.equal((await jar.fetch(one)).status, 303);
  });

  test('ASVS 7.4.1: sign-out ends the session here and at the provider', async () => {
    const visitor = await service.as('viewer');
    const cookie = visitor.jar.read(service.url);
    const response = await visitor.fetch('/auth/sign-out', { method: 'POST' });
    assert.equal(response.status, 303);
    await expectProblem(await fetch(`${service.url}/api/v1/sessions`, { headers: { cookie } }), 401, 'session-ended');
    const logout = new URL(response.headers.get('location') ?? '');
    assert.equal(logout.origin, service.config.identity.issuer);
    assert.ok(logout.searchParams.has('id_token_hint'));
    assert.equal(logout.searchParams.get('post_logout_redirect_uri'), `${service.url}/`);
    await expectProblem(await visitor.fetch('/api/v1/stream', { headers: { accept: 'text/event-stream' } }), 401, 'authentication-required');
  });

  test('attempts are counted by how they end', async () => {
    const counts = async () => {
      const text = await (await fetch(`${service.adminUrl}/metrics`)).text();
      return Object.fromEntries([...text.matchAll(/^stockade_sign_ins_total\{way="provider",outcome="([\w-]+)"\} (\d+)$/gm)].map(([, outcome = '', count]) => [outcome, Number(count)]));
    };
    const before = await counts();
    const jar = new CookieJar();
    const passed = await reachCallback(jar);
    await jar.fetch(passed);
    await jar.fetch(passed);
    const spoil = async (change: (query: URLSearchParams) => void) => {
      const callback = await reachCallback(jar);
      change(callback.searchParams);
      await jar.fetch(callback);
    };
    await spoil((query) => { query.set('code', 'made-up'); });
    await spoil((query) => { query.set('iss', 'https://evil.example'); });
    await spoil((query) => { query.delete('code'); query.set('error', 'access_denied'); });
    const after = await counts();
    const more = Object.fromEntries(Object.entries(after).map(([outcome, count]) => [outcome, count - (before[outcome] ?? 0)]));
    assert.deepEqual(more, { passed: 1, failed: 2, denied: 1, refused: 0, expired: 1, delayed: 0, unavailable: 0 });
  });

  test('ASVS 16.3.1: signing in, failing to, and signing out are logged: who, how, by how many factors, in which request', async () => {
    const from = service.logLines.length;
    const lines = (message: string) => service.logLines.slice(from).map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === message);
    const visitor = await service.as('viewer');
    const [signedIn] = lines('signed in');
    assert.deepEqual(signedIn?.['signIn'], { outcome: 'passed', method: 'provider', factors: 1, tenant: 'acme', subject: 'viewer' });
    assert.match(String(signedIn['requestId']), /^[\w-]{8,64}$/);
    await visitor.fetch('/auth/sign-out', { method: 'POST' });
    assert.equal(lines('signed out').length, 1);
    await visitor.fetch('/auth/sign-out', { method: 'POST' });
    assert.equal(lines('signed out').length, 1, 'nobody was signed in');

    const jar = new CookieJar();
    const callback = await reachCallback(jar);
    callback.searchParams.set('code', 'made-up');
    await jar.fetch(callback);
    const [failed] = lines('sign-in failed');
    assert.deepEqual([failed?.['signIn'], typeof failed?.['requestId']], [{ outcome: 'failed', method: 'provider' }, 'string']);
  });

  test('ASVS 14.2.1: a token counts as a header alone: in the query or the body it is nobody’s', async () => {
    const token = await obtainToken({ ...service.config.identity, user: 'clerk' });
    const asked = `${service.url}/api/v1/sessions`;
    assert.equal((await fetch(asked, { headers: { authorization: `Bearer ${token}` } })).status, 200);
    for (const name of ['access_token', 'token', 'bearer', 'authorization', 'session']) await expectProblem(await fetch(`${asked}?${name}=${token}`), 401, 'authentication-required');
    const form = { method: 'DELETE', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `access_token=${token}` };
    await expectProblem(await fetch(asked, form), 401, 'authentication-required');
  });

  test('ASVS 14.3.1: signing out tells the browser to forget what it keeps of us', async () => {
    const visitor = await service.as('viewer');
    const response = await visitor.fetch('/auth/sign-out', { method: 'POST' });
    assert.equal(response.headers.get('clear-site-data'), '"cache", "storage"');
    assert.ok(response.headers.getSetCookie().some((cookie) => cookie.startsWith('session=;') && cookie.includes('Max-Age=0')));
  });

  test('CWE-352: a page of another origin can not sign a person out', async () => {
    const visitor = await service.as('viewer');
    const response = await visitor.fetch('/auth/sign-out', { method: 'POST', headers: { origin: 'https://evil.example', accept: 'application/json' } });
    assert.equal(response.status, 403);
    assert.equal((await visitor.fetch('/api/v1/stream', { method: 'HEAD', headers: { accept: 'text/event-stream' } })).status, 200);
  });

  test('an idle session is answered as ended', async (t) => {
    const visitor = await service.as('viewer');
    clockOffsetMs = 31 * minuteMs;
    t.after(() => (clockOffsetMs = 0));
    await expectProblem(await visitor.fetch('/api/v1/stream', { headers: { accept: 'text/event-stream' } }), 401, 'session-ended');
  });

  test('a stranger who begins to sign in writes no row', async () => {
    const count = async () => (await sql<{ n: number }>`select count(*)::integer as n from session`.execute(service.database.db)).rows[0]?.n;
    const before = await count();
    for (let visit = 0; visit < 5; visit += 1) await new CookieJar().fetch(`${service.url}/auth/sign-in`);
    assert.equal(await count(), before);
  });

  test('ASVS 2.3.1: the second step of a sign-in counts once, and only after the first', async () => {
    const jar = new CookieJar();
    const callback = await reachCallback(jar);
    for (const browser of [new CookieJar(), jar, jar]) {
      const response = await browser.fetch(callback, { headers: { accept: 'application/json' } });
      if (browser === jar && response.status === 303) continue;
      assert.equal(sessionOf(response), undefined);
      await expectProblem(response, 400, 'sign-in-expired');
    }
    // The browser that began has its session; it is asked for by no answer but the first.
    assert.equal((await jar.fetch(`${service.url}/api/v1/stream`, { method: 'HEAD', headers: { accept: 'text/event-stream' } })).status, 200);
  });

  test('no log line holds a token, a code or a cookie', async () => {
    const jar = new CookieJar();
    const callback = await reachCallback(jar);
    const session = (sessionOf(await jar.fetch(callback)) ?? '').slice('session='.length).split(';')[0] ?? '';
    const log = service.logLines.join('\n');
    assert.ok(log.includes('signed in'));
    for (const secret of [callback.searchParams.get('code') ?? '', callback.searchParams.get('state') ?? '', session]) {
      assert.ok(secret.length > 20 && !log.includes(secret));
    }
  });
});

test('of a provider that offers no sign-out, signing out here leads to the front page', async (t) => {
  const parts = {
    cookies: { secure: false },
    sessions: { end: () => Promise.resolve({ idToken: 'an-id-token' }) },
    provider: { configuration: () => Promise.resolve({ serverMetadata: () => ({}) }) },
    publicUrl: 'http://127.0.0.1',
    onSessionEnd: () => undefined,
    log: pino({ enabled: false }),
  } as unknown as Parameters<typeof signOut>[0];
  const app = new Koa().use(signOut(parts));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => { server.close(); server.closeAllConnections(); });
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { method: 'POST', headers: { cookie: `session=${'a'.repeat(43)}` }, redirect: 'manual' });
  assert.deepEqual([response.status, response.headers.get('location')], [303, '/']);
});
