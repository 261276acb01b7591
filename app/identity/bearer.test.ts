import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT, type GenerateKeyPairResult, type JWTPayload } from 'jose';
import { AppError, isRefusal } from '#app/errors.ts';
import { createBearerVerifier, type VerifyBearer } from '#app/identity/bearer.ts';
import { createProviderClient } from '#app/identity/provider-client.ts';
import type { TokenProfileName } from '#app/identity/token-profiles.ts';

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

  function verifierOf(from: string, profile: TokenProfileName = 'rfc9068'): VerifyBearer {
    const client = createProviderClient({ issuer: from, clientId: 'stockade', clientSecret: undefined });
    return createBearerVerifier({ provider: client, issuer: from, audience: AUDIENCE, profile, multiFactorAcr: ['aal2'], claims: { rolesClaim: 'roles', tenantClaim: 'tenant' }, clock: () => now });
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
      assurance: { factors: 1 },
    });
  });

  test('scopes and assurance are read where the token names them; what is no text of scopes allows nothing', async () => {
    const read = async (more: Record<string, unknown>) => {
      const subject = await verify(await sign({ ...claims(), ...more }));
      assert.ok(!isRefusal(subject));
      return [subject.credential.kind === 'bearer' && subject.credential.scopes, subject.assurance?.factors, subject.assurance?.authenticatedAt?.getTime()];
    };
    assert.deepEqual(await read({ scope: 'api  items:read', auth_time: seconds - 60, acr: 'aal2' }), [['api', 'items:read'], 2, (seconds - 60) * 1_000]);
    for (const scope of ['', ['api'], { api: true }, 1, null]) assert.deepEqual(await read({ scope }), [[], 1, undefined], JSON.stringify(scope));
  });

  test('RFC 7515, 3.1: a token has one spelling', async () => {
    const token = await sign(claims());
    assert.ok(!isRefusal(await verify(token)));
    const last = token.at(-1) ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=';
    const accepted: string[] = [];
    for (const other of alphabet) if (other !== last && !isRefusal(await verify(token.slice(0, -1) + other))) accepted.push(other);
    assert.deepEqual(accepted, []);
    for (const spelling of [`${token}=`, `${token}==`, ` ${token}`, `${token}\n`, `${token}.`, `.${token}`, token.replace('.', '=.'), token.replaceAll('-', '+').replaceAll('_', '/') + '+']) {
      assert.ok(isRefusal(await verify(spelling)), JSON.stringify(spelling));
    }
  });

  /** Tokens as the vendors' pages show them, cut to what matters here. */
  const shapes: Readonly<Record<Exclude<TokenProfileName, 'rfc9068'>, { readonly typ: string | undefined; readonly access: Record<string, unknown>; readonly others: Readonly<Record<string, Record<string, unknown>>>; readonly scopes: readonly string[] }>> = {
    cognito: {
      typ: undefined,
      access: { aud: undefined, token_use: 'access', client_id: AUDIENCE, scope: 'openid stock/items:read', username: 'u', 'cognito:groups': ['g'] },
      others: { 'an ID token': { aud: AUDIENCE, token_use: 'id' }, 'an ID token without aud': { aud: undefined, token_use: 'id', client_id: AUDIENCE }, 'of another client': { aud: undefined, token_use: 'access', client_id: 'other' }, 'of no client': { aud: undefined, token_use: 'access' } },
      scopes: ['openid', 'items:read'],
    },
    entra: {
      typ: 'JWT',
      access: { ver: '2.0', azp: 'a-client', azpacr: '1', tid: 't', scp: 'items:read items:move' },
      others: { 'an ID token of the same application': { ver: '2.0', nonce: 'n', tid: 't' }, 'an ID token without nonce': { ver: '2.0', tid: 't' }, 'of version 1': { ver: '1.0', appid: 'a-client' }, 'for another API': { ver: '2.0', azp: 'a-client', aud: 'other' } },
      scopes: ['items:read', 'items:move'],
    },
    keycloak: {
      typ: 'JWT',
      access: { typ: 'Bearer', azp: 'a-client', scope: 'openid items:read' },
      others: { 'an ID token': { typ: 'ID', azp: 'a-client' }, 'a refresh token': { typ: 'Refresh' }, 'of no kind': {}, 'for another API': { typ: 'Bearer', aud: 'account' } },
      scopes: ['openid', 'items:read'],
    },
  };
  for (const [name, { typ, access, others, scopes }] of Object.entries(shapes)) {
    test(`profile ${name}: its access tokens are taken, and no other token of the same issuer`, async () => {
      const verifyAs = verifierOf(issuer, name as TokenProfileName);
      const outcome = await verifyAs(await sign({ ...claims(), ...access }, { typ }));
      assert.ok(!isRefusal(outcome), JSON.stringify(outcome));
      assert.deepEqual(outcome.credential.kind === 'bearer' && outcome.credential.scopes, scopes);
      for (const [what, payload] of Object.entries(others)) assert.ok(isRefusal(await verifyAs(await sign({ ...claims(), ...payload }, { typ }))), what);
      assert.ok(isRefusal(await verifyAs(await sign({ ...claims(), ...access }, { typ: 'at+jwt' }))), 'a profile is a choice, not a relaxation');
      assert.ok(isRefusal(await verify(await sign({ ...claims(), ...access }, { typ }))), 'the strict profile takes none of them');
    });
  }

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
    'a type that only begins so': () => sign(claims(), { typ: 'at+jwt2' }),
    'a critical header that nobody knows': async () => {
      const [, payload = '', signature = ''] = (await sign(claims())).split('.');
      return [Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'at+jwt', kid: 'one', crit: ['x'], x: 1 })).toString('base64url'), payload, signature].join('.');
    },
    'an audience among others that is not this one': () => sign({ ...claims(), aud: ['https://a.example', 'https://b.example'] }),
    'an expiry in words': () => sign({ ...claims(), exp: String(seconds + 300) }),
    'a kid that is a path': () => sign(claims(), { kid: '../../../../dev/null' }, stranger.privateKey),
    'a key’s address in the header': () => sign(claims(), { jku: 'http://127.0.0.1:1/keys', kid: undefined }, stranger.privateKey),
    'five parts': async () => `${await sign(claims())}.a.b`,
    'no signature': async () => (await sign(claims())).replace(/[^.]*$/, ''),
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
