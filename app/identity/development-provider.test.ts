// The development provider over HTTP, by hand, as a client that trusts nothing would.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as sendRequest } from 'node:http';
import { Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { pino } from 'pino';
import { startDevelopmentProvider, type DevelopmentProvider, type DevelopmentProviderOptions } from '#app/identity/development-provider.ts';
import { DEVELOPMENT_USERS } from '#app/identity/development-users.ts';
import { obtainToken } from '#app/identity/token.ts';
import { CookieJar } from '#app/lib/cookie-jar.ts';

const AUDIENCE = 'http://127.0.0.1:3000/api';
const CALLBACK = 'http://127.0.0.1:3000/auth/callback';
const HOME = 'http://127.0.0.1:3000/';
const VERIFIER = 'a-verifier-of-at-least-forty-three-characters-in-all';
const HTML = { accept: 'text/html' };

async function start(t: TestContext, given: Partial<DevelopmentProviderOptions> = {}): Promise<DevelopmentProvider> {
  const client = { id: 'stockade', redirectUri: CALLBACK, postLogoutRedirectUri: HOME };
  const provider = await startDevelopmentProvider({ host: '127.0.0.1', port: 0, directory: undefined, client, audience: AUDIENCE, log: pino({ enabled: false }), ...given });
  t.after(() => provider.close());
  return provider;
}

function authorizeUrl(issuer: string, changes: Readonly<Record<string, string | undefined>> = {}): URL {
  const parameters: Readonly<Record<string, string | undefined>> = {
    client_id: 'stockade',
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid profile',
    state: 'a-state',
    nonce: 'a-nonce',
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  };
  const url = new URL('/auth', issuer);
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
  return url;
}

const isCallback = (url: URL): boolean => url.href.startsWith(CALLBACK);

async function signIn(issuer: string, jar: CookieJar, user: string): Promise<URL> {
  const page = await jar.follow(authorizeUrl(issuer), { headers: HTML }, isCallback);
  assert.equal(page.response.status, 200);
  const { url } = await jar.follow(page.url, { method: 'POST', headers: HTML, body: new URLSearchParams({ user }) }, isCallback);
  return url;
}

async function exchange(issuer: string, code: string, changes: Readonly<Record<string, string>> = {}): Promise<{ status: number; body: Record<string, unknown> }> {
  const form = { grant_type: 'authorization_code', client_id: 'stockade', code, code_verifier: VERIFIER, redirect_uri: CALLBACK, ...changes };
  const response = await fetch(new URL('/token', issuer), { method: 'POST', body: new URLSearchParams(form) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const text = (value: unknown): string => {
  assert.equal(typeof value, 'string');
  return String(value);
};

test('the discovery document names the issuer, code as the only response type, and S256', async (t) => {
  const { issuer } = await start(t);
  const metadata = (await (await fetch(new URL('/.well-known/openid-configuration', issuer))).json()) as Record<string, unknown>;
  assert.match(issuer, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal(metadata['issuer'], issuer);
  assert.deepEqual(metadata['response_types_supported'], ['code']);
  assert.deepEqual(metadata['code_challenge_methods_supported'], ['S256']);
  assert.equal(metadata['authorization_response_iss_parameter_supported'], true);
  assert.equal(metadata['end_session_endpoint'], `${issuer}/session/end`);
});

test('the code flow gives an ID token of the person and a JWT access token for the API', async (t) => {
  const { issuer } = await start(t);
  const callback = await signIn(issuer, new CookieJar(), 'clerk');
  assert.equal(callback.searchParams.get('state'), 'a-state');
  assert.equal(callback.searchParams.get('iss'), issuer);
  const { status, body } = await exchange(issuer, text(callback.searchParams.get('code')));
  assert.equal(status, 200);
  const keys = createRemoteJWKSet(new URL('/jwks', issuer));
  const id = await jwtVerify(text(body['id_token']), keys, { issuer, audience: 'stockade' });
  const person = { sub: 'clerk', name: 'Cleo Clerk', tenant: 'acme', roles: ['clerk'] };
  assert.equal(id.payload['nonce'], 'a-nonce');
  assert.deepEqual({ sub: id.payload.sub, name: id.payload['name'], tenant: id.payload['tenant'], roles: id.payload['roles'] }, person);
  const access = await jwtVerify(text(body['access_token']), keys, { issuer, audience: AUDIENCE, typ: 'at+jwt', algorithms: ['RS256'] });
  assert.deepEqual({ sub: access.payload.sub, name: access.payload['name'], tenant: access.payload['tenant'], roles: access.payload['roles'] }, person);
  assert.equal(Number(access.payload.exp) - Number(access.payload.iat), 3600);
});

test('a code is good once, and only with its verifier', async (t) => {
  const { issuer } = await start(t);
  const other = text((await signIn(issuer, new CookieJar(), 'clerk')).searchParams.get('code'));
  assert.equal((await exchange(issuer, other, { code_verifier: VERIFIER.toUpperCase() })).body['error'], 'invalid_grant');
  const code = text((await signIn(issuer, new CookieJar(), 'clerk')).searchParams.get('code'));
  assert.equal((await exchange(issuer, code)).status, 200);
  assert.equal((await exchange(issuer, code)).body['error'], 'invalid_grant');
});

test('a request without PKCE, or with the plain method, is refused', async (t) => {
  const { issuer } = await start(t);
  for (const changes of [{ code_challenge: undefined, code_challenge_method: undefined }, { code_challenge_method: 'plain' }]) {
    const { url } = await new CookieJar().follow(authorizeUrl(issuer, changes), { headers: HTML }, isCallback);
    assert.equal(url.searchParams.get('error'), 'invalid_request');
    assert.equal(url.searchParams.get('code'), null);
  }
});

test('a foreign redirect address gets an error page and no redirect', async (t) => {
  const { issuer } = await start(t);
  for (const redirect of ['http://127.0.0.1:3001/auth/callback', `${CALLBACK}/x`, 'https://example.com/auth/callback']) {
    const response = await new CookieJar().fetch(authorizeUrl(issuer, { redirect_uri: redirect }), { headers: HTML });
    assert.equal(response.status, 400);
    assert.equal(response.headers.get('location'), null);
    assert.match(await response.text(), /<h1>That did not work<\/h1>[^]*invalid_redirect_uri/);
  }
});

test('an unknown resource is refused', async (t) => {
  const { issuer } = await start(t);
  const { url } = await new CookieJar().follow(authorizeUrl(issuer, { resource: 'https://elsewhere.example/' }), { headers: HTML }, isCallback);
  assert.equal(url.searchParams.get('error'), 'invalid_target');
});

test('a second sign-in asks nobody, unless prompt=login or max_age=0 asks for it', async (t) => {
  const { issuer } = await start(t);
  const jar = new CookieJar();
  await signIn(issuer, jar, 'manager');
  const silent = await jar.follow(authorizeUrl(issuer), { headers: HTML }, isCallback);
  assert.ok(silent.url.searchParams.has('code'));
  for (const changes of [{ prompt: 'login' }, { max_age: '0' }]) {
    const { url } = await jar.follow(authorizeUrl(issuer, changes), { headers: HTML }, isCallback);
    assert.match(url.pathname, /^\/interaction\//);
  }
});

test('choosing another person at prompt=login changes who is signed in', async (t) => {
  const { issuer } = await start(t);
  const jar = new CookieJar();
  await signIn(issuer, jar, 'manager');
  const page = await jar.follow(authorizeUrl(issuer, { prompt: 'login' }), { headers: HTML }, isCallback);
  const { url } = await jar.follow(page.url, { method: 'POST', headers: HTML, body: new URLSearchParams({ user: 'globex-viewer' }) }, isCallback);
  const { body } = await exchange(issuer, text(url.searchParams.get('code')));
  assert.equal(decodeJwt(text(body['access_token']))['tenant'], 'globex');
});

test('an unknown or foreign interaction is a clear 400 page', async (t) => {
  const { issuer } = await start(t);
  const page = await new CookieJar().follow(authorizeUrl(issuer), { headers: HTML });
  for (const address of [new URL('/interaction/unknown', issuer), page.url]) {
    for (const init of [{}, { method: 'POST', body: new URLSearchParams({ user: 'manager' }) }]) {
      const response = await new CookieJar().fetch(address, init);
      assert.equal(response.status, 400);
      assert.match(await response.text(), /This sign-in has expired/);
    }
  }
});

test('a choice that is none of the people, or far too long, is asked again', async (t) => {
  const { issuer } = await start(t);
  const jar = new CookieJar();
  const page = await jar.follow(authorizeUrl(issuer), { headers: HTML });
  for (const user of ['<script>', 'x'.repeat(10_000)]) {
    const response = await jar.fetch(page.url, { method: 'POST', body: new URLSearchParams({ user }) });
    assert.equal(response.status, 400);
    const body = await response.text();
    assert.match(body, /Who do you want to be\?/);
    assert.ok(!body.includes('<script>'));
  }
});

test('every page carries the policy, and the style sheet comes from the provider', async (t) => {
  const { issuer } = await start(t);
  const { response } = await new CookieJar().follow(authorizeUrl(issuer), { headers: HTML });
  const failure = await fetch(authorizeUrl(issuer, { client_id: 'x' }), { headers: HTML });
  for (const page of [response, failure]) {
    const policy = page.headers.get('content-security-policy') ?? '';
    for (const directive of ["default-src 'none'", "script-src 'none'", "style-src 'self'", "form-action 'self' http://127.0.0.1:3000", "frame-ancestors 'none'", "base-uri 'none'"]) {
      assert.ok(policy.split('; ').includes(directive), `${directive} in ${policy}`);
    }
  }
  const style = await fetch(new URL('/provider.css', issuer));
  assert.match(style.headers.get('content-type') ?? '', /^text\/css/);
  assert.equal(style.headers.get('cache-control'), 'no-cache');
  assert.equal(response.headers.get('cache-control'), 'no-store');
});

test('a choice is looked at and sent, and nothing else is done to it; what has its name in another place is none', async (t) => {
  const { issuer } = await start(t);
  const jar = new CookieJar();
  const page = await jar.follow(authorizeUrl(issuer), { headers: HTML });
  assert.equal((await jar.fetch(page.url, { method: 'PUT', body: new URLSearchParams({ user: 'clerk' }) })).status, 404);
  for (const path of [`/x${page.url.pathname}`, `${page.url.pathname}/x`]) assert.equal((await jar.fetch(new URL(path, issuer))).status, 404, path);
});

test('signing out asks, ends the sign-in here and leads back to the application', async (t) => {
  const { issuer } = await start(t);
  const jar = new CookieJar();
  const code = text((await signIn(issuer, jar, 'clerk')).searchParams.get('code'));
  const { body } = await exchange(issuer, code);
  const address = new URL('/session/end', issuer);
  address.search = new URLSearchParams({ id_token_hint: text(body['id_token']), post_logout_redirect_uri: HOME }).toString();
  const page = await (await jar.fetch(address, { headers: HTML })).text();
  assert.match(page, /Cleo Clerk/);
  const action = text(/action="([^"]+)"/.exec(page)?.[1]);
  const xsrf = text(/name="xsrf" value="([^"]+)"/.exec(page)?.[1]);
  const forged = await jar.fetch(action, { method: 'POST', headers: HTML, body: new URLSearchParams({ xsrf: 'x', logout: 'yes' }) });
  assert.equal(forged.status, 400);
  const done = await jar.fetch(action, { method: 'POST', headers: HTML, body: new URLSearchParams({ xsrf, logout: 'yes' }) });
  assert.equal(done.headers.get('location'), HOME);
  const again = await jar.follow(authorizeUrl(issuer), { headers: HTML }, isCallback);
  assert.match(again.url.pathname, /^\/interaction\//);
});

test('signing out of the application only leaves the person signed in here', async (t) => {
  const { issuer } = await start(t);
  const jar = new CookieJar();
  await signIn(issuer, jar, 'clerk');
  const page = await (await jar.fetch(`${issuer}/session/end?client_id=stockade&post_logout_redirect_uri=${encodeURIComponent(HOME)}`, { headers: HTML })).text();
  const xsrf = text(/name="xsrf" value="([^"]+)"/.exec(page)?.[1]);
  const done = await jar.fetch(text(/action="([^"]+)"/.exec(page)?.[1]), { method: 'POST', headers: HTML, body: new URLSearchParams({ xsrf }) });
  assert.equal(done.headers.get('location'), HOME);
  const again = await jar.follow(authorizeUrl(issuer), { headers: HTML }, isCallback);
  assert.ok(again.url.searchParams.has('code'));
});

test('signing out without a sign-in asks nobody: the page may run its one script and no other', async (t) => {
  const { issuer } = await start(t);
  const response = await fetch(new URL('/session/end', issuer), { headers: HTML });
  assert.match(response.headers.get('content-security-policy') ?? '', /; ?script-src 'sha256-[\w+/=]+';/);
  const page = await response.text();
  assert.match(page, /<noscript>[^]*<button autofocus type="submit">/);
});

test('a foreign address to return to after signing out is refused', async (t) => {
  const { issuer } = await start(t);
  const response = await fetch(`${issuer}/session/end?client_id=stockade&post_logout_redirect_uri=${encodeURIComponent('https://example.com/')}`, { headers: HTML });
  assert.equal(response.status, 400);
});

test('every seeded person can get a token with their tenant and roles', async (t) => {
  const { issuer } = await start(t);
  for (const { id, tenantId, roles } of DEVELOPMENT_USERS) {
    const claims = decodeJwt(await obtainToken({ issuer, user: id, audience: AUDIENCE }));
    assert.deepEqual({ sub: claims.sub, tenant: claims['tenant'], roles: claims['roles'] }, { sub: id, tenant: tenantId, roles });
  }
});

test('a token outlives a restart of the provider', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-provider-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const before = await start(t, { directory });
  const token = await obtainToken({ issuer: before.issuer, user: 'auditor', audience: AUDIENCE });
  await before.close();
  const after = await start(t, { directory });
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL('/jwks', after.issuer)), { audience: AUDIENCE, typ: 'at+jwt' });
  assert.equal(payload.sub, 'auditor');
});

test('it listens on the loopback address only', async (t) => {
  await assert.rejects(start(t, { host: '0.0.0.0' }), { name: 'AppError', message: /127\.0\.0\.1 only, not on 0\.0\.0\.0/ });
});

test('an audience that is no address is refused at the start', async (t) => {
  for (const audience of ['stockade', `${AUDIENCE}#x`]) await assert.rejects(start(t, { audience }), { name: 'AppError', message: /mend OIDC_AUDIENCE/ });
});

test('a port in use is one line that says what to set', async (t) => {
  const { issuer } = await start(t);
  const port = Number(new URL(issuer).port);
  await assert.rejects(start(t, { port }), (error: Error) => error.name === 'AppError' && error.message === `Port ${port} of the development provider is in use: set PROVIDER_PORT to a free one` && (error.cause as NodeJS.ErrnoException).code === 'EADDRINUSE');
});

test('a port that may not be opened is one line too, with the reason', async (t) => {
  t.mock.method(Server.prototype, 'listen', function (this: Server) {
    process.nextTick(() => this.emit('error', Object.assign(new Error('listen EACCES: permission denied'), { code: 'EACCES' })));
    return this;
  });
  await assert.rejects(start(t, { port: 80 }), { name: 'AppError', message: 'Port 80 of the development provider cannot be opened (Error: listen EACCES: permission denied): set PROVIDER_PORT to a free one' });
});

test('a sign-in as if with a second factor says so in the ID token, by acr and amr; one without does not', async (t) => {
  const { issuer } = await start(t);
  const tell = async (form: Readonly<Record<string, string>>) => {
    const jar = new CookieJar();
    const page = await jar.follow(authorizeUrl(issuer), { headers: HTML }, isCallback);
    const { url } = await jar.follow(page.url, { method: 'POST', headers: HTML, body: new URLSearchParams(form) }, isCallback);
    const { acr, amr } = decodeJwt(text((await exchange(issuer, text(url.searchParams.get('code')))).body['id_token']));
    return { acr, amr };
  };
  assert.deepEqual(await tell({ user: 'clerk', factors: '2' }), { acr: 'aal2', amr: ['mfa'] });
  assert.deepEqual((await tell({ user: 'clerk' })).amr, undefined);
});

test('the cookie of one sign-in does not complete another', async (t) => {
  const { issuer } = await start(t);
  const begin = async () => {
    const jar = new CookieJar();
    const { url } = await jar.follow(authorizeUrl(issuer), { headers: HTML });
    return { url, cookie: jar.read(url.href) };
  };
  const [one, other] = [await begin(), await begin()];
  const post = async (cookie: string) => fetch(one.url, { method: 'POST', headers: { ...HTML, cookie }, body: new URLSearchParams({ user: 'clerk' }), redirect: 'manual' });
  const crossed = await post(other.cookie);
  assert.deepEqual([crossed.status, /This sign-in has expired/.test(await crossed.text())], [400, true]);
  assert.equal((await post(one.cookie)).status, 303);
});

test('a request for another host name is turned away', async (t) => {
  const { issuer } = await start(t);
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  sendRequest(new URL('/jwks', issuer), { headers: { host: 'rebound.example' } }, (response) => {
    response.resume();
    resolve(response.statusCode);
  }).on('error', reject).end();
  assert.equal(await promise, 421);
});

test('it writes nothing to the console, not even while it is imported', async () => {
  const program = `
    const { startDevelopmentProvider } = await import('#app/identity/development-provider.ts');
    const { obtainToken } = await import('#app/identity/token.ts');
    const client = { id: 'stockade', redirectUri: '${CALLBACK}', postLogoutRedirectUri: '${HOME}' };
    const provider = await startDevelopmentProvider({ host: '127.0.0.1', port: 0, directory: undefined, client, audience: '${AUDIENCE}', log: console });
    await obtainToken({ issuer: provider.issuer, user: 'clerk', audience: '${AUDIENCE}' });
    await fetch(provider.issuer + '/session/end', { headers: { accept: 'text/html' } });
    await provider.close();
    console.log('done');`;
  const output = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { cwd: path.join(import.meta.dirname, '../..') });
  assert.deepEqual(output, { stdout: 'done\n', stderr: '' });
});
