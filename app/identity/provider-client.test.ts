import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { AppError } from '#app/errors.ts';
import { createProviderClient } from '#app/identity/provider-client.ts';

async function serve(t: TestContext, answer: http.RequestListener) {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, asked, clientOf: (path = '') => createProviderClient({ issuer: origin + path, clientId: 'stockade', clientSecret: undefined }) };
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
  const client = clientOf();
  await assert.rejects(client.configuration(), (error) => error instanceof AppError && error.status === 503 && error.code === 'identity-provider-unavailable' && error.expose && error.headers['retry-after'] === '5' && /does not answer: try again/.test(error.message));
  isAway = false;
  const [first, second] = await Promise.all([client.configuration(), client.configuration()]);
  assert.equal(first, second);
  assert.equal(first.serverMetadata().authorization_endpoint, `${origin}/authorize`);
  assert.equal(asked.length, 2);
});

test('CWE-319: a provider elsewhere is not asked without TLS', async () => {
  // TEST-NET-1: nobody answers, and nobody is asked.
  await assert.rejects(createProviderClient({ issuer: 'http://192.0.2.1', clientId: 'stockade', clientSecret: undefined }).configuration(), (error) => error instanceof AppError && /HTTPS/i.test((error.cause as Error).message));
});
