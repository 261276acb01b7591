import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import tls from 'node:tls';
import * as client from 'openid-client';
import { startHostileProvider } from '#app/attacks/hostile-provider.ts';
import { AppError } from '#app/errors.ts';
import { createProviderClient } from '#app/identity/provider-client.ts';
import { makeCertificate } from '#app/testing/certificate.ts';
import { serve as serveLocally } from '#app/testing/local-server.ts';

async function serve(t: TestContext, answer: RequestListener) {
  const { origin, asked } = await serveLocally(t, answer);
  return { origin, asked, clientOf: (path = '') => createProviderClient({ issuer: origin + path, clientId: 'stockade', clientSecret: undefined, signatures: 'legacy-rsa' }) };
}

test('the check asks for the metadata, under the issuer’s own path', async (t) => {
  const { clientOf, asked } = await serve(t, (_request, response) => response.end('{}'));
  for (const path of ['', '/', '/realms/acme', '/realms/acme/']) await clientOf(path).check(5_000);
  assert.deepEqual(asked, ['/.well-known/openid-configuration', '/.well-known/openid-configuration', '/realms/acme/.well-known/openid-configuration', '/realms/acme/.well-known/openid-configuration']);
});

test('a provider that answers with an error, or sends elsewhere, does not pass the check', async (t) => {
  const failing = await serve(t, (_request, response) => response.writeHead(502).end('x'));
  await assert.rejects(failing.clientOf().check(5_000), /the provider answered 502/);
  const { origin } = await serve(t, (_request, response) => response.end('{}'));
  const moved = await serve(t, (_request, response) => response.writeHead(302, { location: origin }).end());
  await assert.rejects(moved.clientOf().check(5_000), TypeError);
});

test('the check of a provider that says nothing ends at its deadline', async (t) => {
  const { clientOf } = await serve(t, () => undefined);
  await assert.rejects(clientOf().check(50), { name: 'TimeoutError' });
});

test('a provider is discovered once; one that was away is asked again', async (t) => {
  let isAway = true;
  const { clientOf, origin, asked } = await serve(t, (_request, response) => {
    if (isAway) response.writeHead(500).end();
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ issuer: origin, authorization_endpoint: `${origin}/authorize` }));
  });
  const provider = clientOf();
  await assert.rejects(provider.configuration(), (error) => error instanceof AppError && error.status === 503 && error.code === 'identity-provider-unavailable' && error.expose && error.headers['retry-after'] === '5' && /does not answer: try again/.test(error.message));
  isAway = false;
  const [first, second] = await Promise.all([provider.configuration(), provider.configuration()]);
  assert.equal(first, second);
  assert.equal(first.serverMetadata().authorization_endpoint, `${origin}/authorize`);
  assert.equal(asked.length, 2);
});

test('CWE-319: a provider elsewhere is not asked without TLS', async () => {
  // TEST-NET-1: nobody answers, and nobody is asked.
  await assert.rejects(createProviderClient({ issuer: 'http://192.0.2.1', clientId: 'stockade', clientSecret: undefined, signatures: 'legacy-rsa' }).configuration(), (error) => error instanceof AppError && /HTTPS/i.test((error.cause as Error).message));
});

test('CWE-319: beside an issuer over TLS no endpoint is taken without it, whichever it is', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-provider-'));
  t.after(() => rm(directory, { recursive: true }));
  const certificate = await makeCertificate(directory);
  const authorities = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...authorities, certificate.cert.toString()]);
  t.after(() => { tls.setDefaultCACertificates(authorities); });
  let metadata: Readonly<Record<string, unknown>> = {};
  const { origin } = await serveLocally(t, (_request, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(metadata)), certificate);
  const plain = origin.replace('https:', 'http:');
  const good = { issuer: origin, authorization_endpoint: `${origin}/authorize`, token_endpoint: `${origin}/token`, jwks_uri: `${origin}/keys`, end_session_endpoint: `${origin}/end`, op_tos_uri: `${plain}/terms`, jwks_uri_of_old: `${plain}/keys`, revocation_endpoint: null };
  const discover = (one: typeof metadata) => {
    metadata = one;
    // The plain origin is named, so that nothing else refuses it.
    return createProviderClient({ issuer: origin, clientId: 'c', clientSecret: undefined, signatures: 'legacy-rsa', origins: [plain] }).configuration();
  };
  assert.equal((await discover(good)).serverMetadata().jwks_uri, good.jwks_uri, 'a page for people is no endpoint, and none is none');
  for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'end_session_endpoint', 'pushed_authorization_request_endpoint']) {
    for (const address of [`${plain}/x`, 'HTTP://provider.test/x', '//provider.test/x', 7]) {
      await assert.rejects(discover({ ...good, [name]: address }), (error) => error instanceof AppError && error.status === 503 && (error.cause as Error).message === `the provider names an address without TLS as its ${name}, and its issuer has https`, `${name} ${address}`);
    }
  }
  await assert.rejects(discover({ ...good, mtls_endpoint_aliases: { token_endpoint: `${plain}/token` } }), (error) => error instanceof AppError && /as its token_endpoint/.test((error.cause as Error).message));
});

const OLD = 'the-old-secret-of-the-client';
const YOUNG = 'the/new+secret:of the client';

/** Of a provider, what a client authenticates to; it takes the secrets that are valid now. */
async function startProvider(t: TestContext, valid: Set<string>) {
  const { origin: issuer } = await serveLocally(t, (request, response) => {
    const answer = (status: number, body: object) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.url === '/.well-known/openid-configuration') {
      answer(200, { issuer, token_endpoint: `${issuer}/token`, authorization_endpoint: `${issuer}/auth`, jwks_uri: `${issuer}/jwks`, response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'] });
      return;
    }
    // RFC 6749, 2.3.1: both halves are form-encoded.
    const [id = '', secret = ''] = Buffer.from(request.headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString().split(':').map((half) => new URLSearchParams(`half=${half}`).get('half') ?? '');
    if (id === 'stockade' && valid.has(secret)) answer(200, { access_token: 'token', token_type: 'bearer', expires_in: 60 });
    else answer(401, { error: 'invalid_client' });
  });
  return issuer;
}

test('the secret is rotated while the provider takes both: no request fails, and the new one is used from when the file has it', async (t) => {
  const valid = new Set([OLD]);
  const issuer = await startProvider(t, valid);
  const said: unknown[] = [];
  const words: unknown[] = [];
  let secret = OLD;
  const provider = createProviderClient({ signatures: 'legacy-rsa', issuer, clientId: 'stockade', clientSecret: OLD, currentClientSecret: (onProblem) => { onProblem('OIDC_CLIENT_SECRET_FILE is empty'); return secret; }, log: { warn: (...told: readonly unknown[]) => { said.push(told[0]); words.push(told[1]); } } });
  const ask = async () => client.refreshTokenGrant(await provider.configuration(), 'refresh-token');
  assert.equal((await ask()).access_token, 'token');
  valid.add(YOUNG);
  await ask();
  secret = YOUNG;
  await ask();
  valid.delete(OLD);
  await ask();
  valid.delete(YOUNG);
  await assert.rejects(ask(), { error: 'invalid_client' });
  assert.deepEqual(said[0], { problem: 'OIDC_CLIENT_SECRET_FILE is empty' });
  assert.equal(words[0], 'the file of a secret is of no use: its last good value stays in force');
});

test('a secret that was given as it is stays as it is', async (t) => {
  const issuer = await startProvider(t, new Set([YOUNG]));
  const provider = createProviderClient({ signatures: 'legacy-rsa', issuer, clientId: 'stockade', clientSecret: YOUNG });
  assert.equal((await client.refreshTokenGrant(await provider.configuration(), 'refresh-token')).access_token, 'token');
});

test('CWE-347: an ID token is taken only with the provider’s own signature, though it comes from its token endpoint', async (t) => {
  const hostile = await startHostileProvider();
  t.after(() => {
    hostile.close();
  });
  const provider = createProviderClient({ issuer: hostile.issuer, clientId: 'attack', clientSecret: undefined, signatures: 'legacy-rsa' });
  const exchange = async (signature: typeof hostile.plan.signature) => {
    hostile.plan.signature = signature;
    const callback = new URL(`http://service.test/auth/callback?code=x&state=s&iss=${encodeURIComponent(hostile.issuer)}`);
    return client.authorizationCodeGrant(await provider.configuration(), callback, { expectedState: 's', idTokenExpected: true });
  };
  hostile.plan.claims = { sub: 'somebody' };
  assert.equal((await exchange('good')).claims()?.sub, 'somebody');
  await assert.rejects(exchange('stranger'), client.ClientError);
  await assert.rejects(exchange('none'), client.ClientError);
});

test('a provider that redirects, answers with a page or names another issuer is a 503, and is asked again', async (t) => {
  const hostile = await startHostileProvider();
  t.after(() => {
    hostile.close();
  });
  const provider = createProviderClient({ issuer: hostile.issuer, clientId: 'attack', clientSecret: undefined, signatures: 'legacy-rsa' });
  for (const how of ['redirect', 'html', 'other-issuer'] as const) {
    hostile.plan.metadata = how;
    await assert.rejects(provider.configuration(), { status: 503, code: 'identity-provider-unavailable' }, how);
  }
  assert.equal(hostile.strays(), 0);
  hostile.plan.metadata = 'none';
  assert.equal((await provider.configuration()).serverMetadata().issuer, hostile.issuer);
});
