import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { exportJWK, generateKeyPair, type GenerateKeyPairResult, SignJWT, UnsecuredJWT } from 'jose';
import { AppError, isRefusal } from '#app/errors.ts';
import { createLogoutReader, type LoggedOut } from '#app/identity/logout-token.ts';
import { createProviderClient } from '#app/identity/provider-client.ts';
import { createPublishedKeys } from '#app/identity/published-keys.ts';
import type { TokenProfileName } from '#app/identity/token-profiles.ts';

const now = new Date('2026-03-01T08:00:00Z');
const seconds = now.getTime() / 1_000;
const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };

describe('ASVS 10.5.5: logout tokens', () => {
  let keys: GenerateKeyPairResult;
  let provider: http.Server;
  let issuer: string;
  /** What becomes of the keys, where they are not given. */
  let spoil: ((response: http.ServerResponse) => void) | undefined;
  before(async () => {
    keys = await generateKeyPair('RS256');
    const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }] });
    provider = http.createServer((request, response) => {
      response.setHeader('content-type', 'application/json');
      if (request.url === '/keys' && spoil !== undefined) spoil(response);
      else response.end(request.url === '/keys' ? jwks : JSON.stringify({ issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`, response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'] }));
    });
    await once(provider.listen(0, '127.0.0.1'), 'listening');
    issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  });
  after(() => {
    provider.close();
    provider.closeAllConnections();
  });

  const readerOf = (from: string, profile: TokenProfileName = 'rfc9068') => createLogoutReader({ keys: createPublishedKeys(createProviderClient({ issuer: from, clientId: 'stockade', clientSecret: undefined, signatures: 'legacy-rsa' })), issuer: from, clientId: 'stockade', profile, clock: () => now });
  const claims = () => ({ iss: issuer, aud: 'stockade', iat: seconds, exp: seconds + 120, jti: 'j-1', sub: 'u-1', sid: 's-1', events: EVENTS });
  const sign = (payload: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>> = {}, key: Parameters<SignJWT['sign']>[0] = keys.privateKey) =>
    new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'one', typ: 'logout+jwt', ...header }).sign(key);

  test('a session of the provider is named by its sid, and a person without one by their sub', async () => {
    const read = readerOf(issuer);
    assert.deepEqual(await read(await sign(claims())), { sessionId: 's-1' } satisfies LoggedOut);
    assert.deepEqual(await read(await sign({ ...claims(), sub: undefined })), { sessionId: 's-1' } satisfies LoggedOut);
    assert.deepEqual(await read(await sign({ ...claims(), sid: undefined })), { subjectId: 'u-1', begunUntil: new Date((seconds + 5) * 1_000) } satisfies LoggedOut);
    assert.deepEqual(await read(await sign({ ...claims(), sid: '' })), { subjectId: 'u-1', begunUntil: new Date((seconds + 5) * 1_000) } satisfies LoggedOut, 'no text is no name');
    assert.ok(!isRefusal(await readerOf(issuer, 'keycloak')(await sign(claims(), { typ: 'JWT' }))), 'older ones of its vendor');
  });

  const forged: Readonly<Record<string, () => string | Promise<string>>> = {
    'not a token': () => 'a.b.c',
    unsigned: () => new UnsecuredJWT(claims()).encode(),
    'signed by another key': async () => sign(claims(), {}, (await generateKeyPair('RS256')).privateKey),
    'signed with the public key as a shared secret': async () => new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'one', typ: 'logout+jwt' }).sign(new TextEncoder().encode(JSON.stringify(await exportJWK(keys.publicKey)))),
    'of another issuer': () => sign({ ...claims(), iss: 'https://evil.example' }),
    'for another client': () => sign({ ...claims(), aud: 'other' }),
    'an ID token, which has no event': () => sign({ ...claims(), events: undefined }, { typ: 'JWT' }),
    'an ID token with the event put in: it has a nonce': () => sign({ ...claims(), nonce: 'n-1' }),
    'of another event': () => sign({ ...claims(), events: { 'https://schemas.openid.net/secevent/risc/event-type/account-disabled': {} } }),
    'with null as its events': () => sign({ ...claims(), events: null }),
    'an event as text': () => sign({ ...claims(), events: 'http://schemas.openid.net/event/backchannel-logout' }),
    'an access token by its type': () => sign(claims(), { typ: 'at+jwt' }),
    'of no type of its own': () => sign(claims(), { typ: 'JWT' }),
    'of no type': () => sign(claims(), { typ: undefined }),
    'of nobody': () => sign({ ...claims(), sid: undefined, sub: undefined }),
    'with a list as sid and sub': () => sign({ ...claims(), sid: ['s-1'], sub: '' }),
    'without jti': () => sign({ ...claims(), jti: undefined }),
    'without iat': () => sign({ ...claims(), iat: undefined }),
    'without exp': () => sign({ ...claims(), exp: undefined }),
    expired: () => sign({ ...claims(), exp: seconds - 10 }),
    'kept back': () => sign({ ...claims(), iat: seconds - 200, exp: seconds + 200 }),
    'of the future': () => sign({ ...claims(), iat: seconds + 60, exp: seconds + 100 }),
  };
  for (const [name, make] of Object.entries(forged)) {
    test(`refused: ${name} (OpenID Connect Back-Channel Logout 1.0, 2.6)`, async () => {
      const outcome = await readerOf(issuer)(await make());
      assert.ok(isRefusal(outcome) && outcome.status === 400 && outcome.code === 'invalid-logout-token', JSON.stringify(outcome));
    });
  }

  test('while the provider’s keys can’t be had, it is asked to try again', async () => {
    const isUnavailable = (error: unknown) => error instanceof AppError && error.status === 503;
    await assert.rejects(readerOf('http://127.0.0.1:9')(await sign(claims())), isUnavailable);
    for (spoil of [(response: http.ServerResponse) => response.destroy(), (response: http.ServerResponse) => response.end('{"keys":"none"}')]) await assert.rejects(readerOf(issuer)(await sign(claims())), isUnavailable);
    spoil = undefined;
    assert.ok(!isRefusal(await readerOf(issuer)(await sign(claims()))));
  });
});
