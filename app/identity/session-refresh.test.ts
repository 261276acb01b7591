// What a provider may answer when it renews a session: the same person, or the session ends. provider-session.test.ts has the real one.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { pino } from 'pino';
import type { Subject } from '#app/feature.ts';
import { createProviderClient } from '#app/identity/provider-client.ts';
import { createSessionRefresh } from '#app/identity/session-refresh.ts';
import type { SessionStore } from '#app/identity/session-store.ts';

test('CWE-613: a renewal that names another person ends the session, however alike their rights are', async (t) => {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }] });
  let [issuer, sub] = ['', ''];
  const answer = async (url: string | undefined) => {
    if (url === '/keys') return jwks;
    if (url !== '/token') return JSON.stringify({ issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`, response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'] });
    const idToken = await new SignJWT({ sub, tenant: 'acme', roles: ['clerk'], name: 'Cleo' }).setProtectedHeader({ alg: 'RS256', kid: 'one' }).setIssuer(issuer).setAudience('stockade').setIssuedAt().setExpirationTime('5m').sign(privateKey);
    return JSON.stringify({ access_token: 'a', token_type: 'Bearer', id_token: idToken, refresh_token: `next of ${sub}` });
  };
  const server = http.createServer((request, response) => void answer(request.url).then((body) => response.setHeader('content-type', 'application/json').end(body)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => { server.close(); server.closeAllConnections(); });
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const done: string[] = [];
  const sessions = {
    claimRefresh: () => Promise.resolve({ idToken: 'i', refreshToken: 'r' }),
    storeRefresh: (_token: string, tokens: { readonly refreshToken?: string } | undefined) => Promise.resolve(void done.push(`kept: ${tokens?.refreshToken ?? 'nothing'}`)),
    end: () => Promise.resolve(void done.push('ended')),
  } as unknown as SessionStore;
  const now = new Date();
  const refresh = createSessionRefresh({ provider: createProviderClient({ issuer, clientId: 'stockade', clientSecret: undefined, signatures: 'legacy-rsa' }), sessions, claims: { rolesClaim: 'roles', tenantClaim: 'tenant' }, refreshMs: 0, onSessionEnd: () => { done.push('told'); }, log: pino({ level: 'silent' }), clock: () => now });
  const subject: Subject = { tenantId: 'acme', id: 'clerk', name: 'Cleo', roles: ['clerk'], credential: { kind: 'session', sessionId: 's', expiresAt: now } };
  for (sub of ['clerk', 'clerk-2']) {
    refresh.request('token', { subject, refreshedAt: now });
    await refresh.stop();
  }
  assert.deepEqual(done, ['kept: next of clerk', 'ended', 'told']);
});
