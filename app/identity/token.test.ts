// What the token command says of a provider that is not as it should be; with the real one, token.command.test.ts runs it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { AppError } from '#app/errors.ts';
import { obtainToken } from '#app/identity/token.ts';

const AUDIENCE = 'http://127.0.0.1:3000/api';
type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

/** A provider that signs everybody in at once, but for what a test has it answer otherwise. */
async function serve(t: TestContext, own: { readonly metadata?: Record<string, unknown>; readonly authorize?: Answer; readonly token?: Answer } = {}) {
  let issuer = '';
  const asked: URL[] = [];
  const accepted: (string | undefined)[] = [];
  const back = (url: URL, answer: Record<string, string>) => `${url.searchParams.get('redirect_uri') ?? ''}?${new URLSearchParams(answer).toString()}`;
  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '', issuer);
    asked.push(url);
    accepted.push(request.headers.accept);
    const say = (body: unknown) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (url.pathname === '/authorize') (own.authorize ?? (() => response.writeHead(303, { location: back(url, { code: 'c', state: url.searchParams.get('state') ?? '', iss: issuer }) }).end()))(request, response, url);
    else if (url.pathname === '/token') (own.token ?? (() => say({ access_token: 'a.b.c' })))(request, response, url);
    else say(own.metadata ?? { issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const obtain = () => obtainToken({ issuer, user: 'clerk', audience: AUDIENCE });
  const fails = (message: string) => assert.rejects(obtain(), (error) => error instanceof AppError && error.message === message.replaceAll('ISSUER', issuer));
  return { issuer, asked, accepted, back, obtain, fails };
}

test('the token of a sign-in with PKCE, for the API that is named', async (t) => {
  const { obtain, asked, accepted } = await serve(t);
  assert.equal(await obtain(), 'a.b.c');
  const authorize = asked.find(({ pathname }) => pathname === '/authorize')?.searchParams ?? assert.fail();
  assert.deepEqual(['response_type', 'scope', 'resource', 'code_challenge_method'].map((name) => authorize.get(name)), ['code', 'openid api', AUDIENCE, 'S256']);
  assert.equal(accepted[asked.findIndex(({ pathname }) => pathname === '/authorize')], 'text/html', 'as a browser, so that it is asked by a page');
  assert.equal(authorize.get('code_challenge')?.length, 43);
  assert.ok((authorize.get('state')?.length ?? 0) >= 43);
});

test('what is no provider, or names another, is said', async (t) => {
  for (const metadata of [{}, { issuer: 'https://evil.example', authorization_endpoint: 'http://127.0.0.1/a', token_endpoint: 'http://127.0.0.1/t' }]) {
    const { fails } = await serve(t, { metadata });
    await fails('ISSUER is not an OpenID provider: name the provider\'s origin with --issuer');
  }
});

test('a page that refuses, and a person whom it does not know, are said', async (t) => {
  const refusing = await serve(t, { authorize: (_request, response) => response.writeHead(403).end() });
  await refusing.fails('ISSUER refused to sign in (status 403): is it Stockade\'s development provider?');
  const asking = await serve(t, { authorize: (_request, response) => response.end('who?') });
  await asking.fails('ISSUER did not sign in "clerk": --user takes one of its seeded people');
});

test('an answer to another request, or of another provider, is none (CWE-352, RFC 9207)', async (t) => {
  for (const wrong of [{ state: 'other' }, { iss: 'https://evil.example' }]) {
    const { fails } = await serve(t, { authorize: (_request, response, url) => response.writeHead(303, { location: `${url.searchParams.get('redirect_uri') ?? ''}?${new URLSearchParams({ code: 'c', state: url.searchParams.get('state') ?? '', iss: url.origin, ...wrong }).toString()}` }).end() });
    await fails('The answer is not ISSUER\'s to this request (state or iss differ): try again');
  }
});

test('the reason of a refusal is said, as far as one is given', async (t) => {
  const refuse = (body: unknown, status = 400): Answer => (_request, response) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  for (const [token, reason] of [
    [refuse({ error: 'invalid_grant', error_description: 'too late' }), 'invalid_grant, too late'],
    [refuse({ error: 'invalid_grant' }), 'invalid_grant'],
    [refuse({ access_token: 'a.b.c' }), 'it gave no reason'],
    [refuse({ access_token: '' }, 200), 'it gave no reason'],
  ] as const) {
    const { fails } = await serve(t, { token });
    await fails(`ISSUER refused the token: ${reason}`);
  }
});
