// What a provider may answer when it renews a session: the same person, or the session ends. provider-session.test.ts has the real one.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { pino } from 'pino';
import type { Role, Subject } from '#app/feature.ts';
import { createProviderClient } from '#app/identity/provider-client.ts';
import { createSessionRefresh } from '#app/identity/session-refresh.ts';
import type { SessionStore } from '#app/identity/session-store.ts';

interface Failure {
  readonly error: 'invalid_grant' | 'server_error';
}
interface Said {
  readonly sub: string;
  readonly roles: readonly string[];
}

/** What becomes of a session of the clerk `clerk` when its provider answers its renewals so, in turn. */
async function renew(t: TestContext, { roles, answers, held = { idToken: 'i', refreshToken: 'r' } }: { readonly roles: readonly Role[]; readonly answers: readonly (Said | Failure)[]; readonly held?: { readonly idToken: string; readonly refreshToken?: string } | 'nothing' }): Promise<{ readonly done: readonly string[]; readonly lines: readonly string[] }> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }] });
  let issuer = '';
  let said: Said | Failure = { error: 'server_error' };
  const answer = async (url: string | undefined) => {
    if (url === '/keys') return jwks;
    if (url !== '/token') return JSON.stringify({ issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`, response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'] });
    if ('error' in said) return JSON.stringify(said);
    const idToken = await new SignJWT({ ...said, tenant: 'acme', name: 'Cleo' }).setProtectedHeader({ alg: 'RS256', kid: 'one' }).setIssuer(issuer).setAudience('stockade').setIssuedAt().setExpirationTime('5m').sign(privateKey);
    return JSON.stringify({ access_token: 'a', token_type: 'Bearer', id_token: idToken, refresh_token: `next of ${said.sub}` });
  };
  const server = http.createServer((request, response) => void answer(request.url).then((body) => response.writeHead(body.includes('"error"') ? 400 : 200, { 'content-type': 'application/json' }).end(body)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => { server.close(); server.closeAllConnections(); });
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const done: string[] = [];
  const sessions = {
    claimRefresh: () => Promise.resolve(held === 'nothing' ? undefined : held),
    storeRefresh: (_token: string, tokens: { readonly refreshToken?: string } | undefined) => Promise.resolve(void done.push(`kept: ${tokens?.refreshToken ?? 'nothing'}`)),
    end: () => Promise.resolve(void done.push('ended')),
  } as unknown as SessionStore;
  const lines: string[] = [];
  const now = new Date();
  const refresh = createSessionRefresh({ provider: createProviderClient({ issuer, clientId: 'stockade', clientSecret: undefined, signatures: 'legacy-rsa' }), sessions, claims: { rolesClaim: 'roles', tenantClaim: 'tenant' }, refreshMs: 0, onSessionEnd: () => { done.push('told'); }, log: pino({}, { write: (line: string) => { lines.push((JSON.parse(line) as { readonly msg: string }).msg); } }), clock: () => now });
  const subject: Subject = { tenantId: 'acme', id: 'clerk', name: 'Cleo', roles, credential: { kind: 'session', sessionId: 's', expiresAt: now } };
  for (said of answers) {
    refresh.request('token', { subject, refreshedAt: now });
    await refresh.stop();
  }
  return { done, lines };
}

test('CWE-613: a renewal that names another person ends the session, however alike their rights are', async (t) => {
  const { done, lines } = await renew(t, { roles: ['clerk'], answers: [{ sub: 'clerk', roles: ['clerk'] }, { sub: 'clerk-2', roles: ['clerk'] }] });
  assert.deepEqual(done, ['kept: next of clerk', 'ended', 'told']);
  assert.deepEqual(lines, ['a session ends: the provider says other things of the person now']);
});

test('CWE-613: who has lost one role of several, or has got another, is asked to sign in anew; their order does not matter', async (t) => {
  const { done } = await renew(t, { roles: ['clerk', 'viewer'], answers: [{ sub: 'clerk', roles: ['viewer', 'clerk'] }, { sub: 'clerk', roles: ['clerk'] }, { sub: 'clerk', roles: ['clerk', 'viewer', 'manager'] }] });
  assert.deepEqual(done, ['kept: next of clerk', 'ended', 'told', 'ended', 'told']);
});

test('a provider that renews no more ends the session, one that fails lets it be; the log tells them apart', async (t) => {
  const { done, lines } = await renew(t, { roles: ['clerk'], answers: [{ error: 'invalid_grant' }, { error: 'server_error' }] });
  assert.deepEqual(done, ['ended', 'told', 'kept: nothing']);
  assert.deepEqual(lines, ['a session ends: the provider renews it no more', 'the provider could not be asked about a session']);
});

test('a session whose tokens another request has, or that has none, is let be, and nothing is said of it', async (t) => {
  for (const held of ['nothing', { idToken: 'i' }] as const) assert.deepEqual(await renew(t, { roles: ['clerk'], answers: [{ error: 'invalid_grant' }], held }), { done: [], lines: [] });
});
