import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT, type GenerateKeyPairResult, type JWTPayload } from 'jose';
import { AppError, isRefusal } from '#app/errors.ts';
import { createBearerVerifier, type VerifyBearer } from '#app/identity/bearer.ts';
import { createProviderClient } from '#app/identity/provider-client.ts';

const AUDIENCE = 'https://stock.example.com/api';
const now = new Date('2026-03-01T08:00:00Z');
const seconds = Math.floor(now.getTime() / 1_000);

describe('bearer tokens', () => {
  let keys: GenerateKeyPairResult;
  let stranger: GenerateKeyPairResult;
  let issuer: string;
  let verify: VerifyBearer;
  let provider: http.Server;
  let keyRequests = 0;

  before(async () => {
    [keys, stranger] = await Promise.all([generateKeyPair('RS256', { extractable: true }), generateKeyPair('RS256', { extractable: true })]);
    const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }] });
    provider = http.createServer((request, response) => {
      response.setHeader('content-type', 'application/json');
      if (request.url === '/keys') {
        keyRequests += 1;
        response.end(jwks);
      } else {
        response.end(JSON.stringify({ issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`, response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'] }));
      }
    });
    await once(provider.listen(0, '127.0.0.1'), 'listening');
    issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    verify = verifierOf(issuer);
  });
  after(() => provider.close());

  function verifierOf(from: string): VerifyBearer {
    const client = createProviderClient({ issuer: from, clientId: 'stockade', clientSecret: undefined });
    return createBearerVerifier({ provider: client, issuer: from, audience: AUDIENCE, claims: { rolesClaim: 'roles', tenantClaim: 'tenant' }, clock: () => now });
  }
  const claims = (): JWTPayload => ({ iss: issuer, aud: AUDIENCE, sub: 'u-1', iat: seconds, exp: seconds + 300, name: 'Cleo', tenant: 'acme', roles: ['clerk'] });
  const sign = (payload: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>> = {}, key: Parameters<SignJWT['sign']>[0] = keys.privateKey) =>
    new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: 'one', ...header }).sign(key);

  test('a good token is the subject that its claims name', async () => {
    assert.deepEqual(await verify(await sign(claims())), {
      tenantId: 'acme',
      id: 'u-1',
      name: 'Cleo',
      roles: ['clerk'],
      credential: { kind: 'bearer', expiresAt: new Date((seconds + 300) * 1_000) },
    });
  });

  const forgeries: Readonly<Record<string, () => string | Promise<string>>> = {
    'alg none': () => new UnsecuredJWT(claims()).encode(),
    'HS256 with the public key as its secret': async () => sign(claims(), { alg: 'HS256' }, new TextEncoder().encode(await exportSPKI(keys.publicKey))),
    "a stranger's key under a known kid": () => sign(claims(), {}, stranger.privateKey),
    'an unknown kid': () => sign(claims(), { kid: 'two' }, stranger.privateKey),
    'an embedded key': async () => sign(claims(), { jwk: await exportJWK(stranger.publicKey) }, stranger.privateKey),
    'a changed payload': async () => {
      const [header = '', , signature = ''] = (await sign(claims())).split('.');
      return [header, Buffer.from(JSON.stringify({ ...claims(), roles: ['manager'] })).toString('base64url'), signature].join('.');
    },
    'an ID token': () => sign(claims(), { typ: 'JWT' }),
    'no typ': () => sign(claims(), { typ: undefined }),
    'another audience': () => sign({ ...claims(), aud: 'https://other.example.com' }),
    'another issuer': () => sign({ ...claims(), iss: 'https://evil.example' }),
    expired: () => sign({ ...claims(), exp: seconds - 6 }),
    'not yet valid': () => sign({ ...claims(), nbf: seconds + 60 }),
    'no expiry': () => sign({ ...claims(), exp: undefined }),
    'no subject': () => sign({ ...claims(), sub: undefined }),
    garbage: () => 'not.a.token',
    'one that is far too long': () => 'a'.repeat(10_000),
  };
  for (const [name, forge] of Object.entries(forgeries)) {
    test(`refused: ${name}`, async () => {
      const outcome = await verify(await forge());
      assert.ok(isRefusal(outcome));
      assert.deepEqual([outcome.status, outcome.code], [401, 'invalid-token']);
    });
  }

  test('a token without a tenant says what is missing', async () => {
    const outcome = await verify(await sign({ ...claims(), tenant: undefined }));
    assert.ok(isRefusal(outcome));
    assert.equal(outcome.code, 'tenant-missing');
  });

  test('tokens with unknown key ids can not make the service ask the provider again and again', async () => {
    const before = keyRequests;
    for (let attempt = 0; attempt < 20; attempt += 1) await verify(await sign(claims(), { kid: `unknown-${attempt}` }, stranger.privateKey));
    assert.ok(keyRequests - before <= 1, `${keyRequests - before} requests`);
  });

  test('a provider that is away is 503, not a refusal of the token', async () => {
    await assert.rejects(verifierOf('http://127.0.0.1:1')(await sign(claims())), (error) => error instanceof AppError && error.status === 503 && error.headers['retry-after'] !== undefined);
  });
});
