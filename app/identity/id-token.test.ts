// ID tokens that must not be taken, by a provider that says whatever a test wants; each in a whole sign-in.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { exportJWK, generateKeyPair, type GenerateKeyPairResult, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { AppError } from '#app/errors.ts';
import { createProviderClient } from '#app/identity/provider-client.ts';
import { CookieJar } from '#app/lib/cookie-jar.ts';
import { expectProblem } from '#app/testing/problem.ts';
import { startTestService, type TestService } from '#app/testing/service.ts';

const CLIENT_ID = 'stockade';
type Make = (claims: JWTPayload) => Promise<string> | string;

describe('ID tokens', () => {
  let keys: GenerateKeyPairResult;
  let provider: http.Server;
  let issuer: string;
  let service: TestService;
  let idToken: string | undefined = '';
  /** What the token endpoint does, where it does not answer. */
  let silence: 'hangs up' | 'says nothing' | undefined;
  let metadata: Record<string, unknown> = {};
  before(async () => {
    keys = await generateKeyPair('RS256', { extractable: true });
    const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }] };
    provider = http.createServer((request, response) => {
      if (request.url === '/token' && silence === 'hangs up') request.destroy();
      if (request.url === '/token' && silence !== undefined) return;
      const answers: Readonly<Record<string, unknown>> = { '/jwks': jwks, '/token': { access_token: randomUUID(), token_type: 'Bearer', expires_in: 600, id_token: idToken } };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answers[request.url ?? ''] ?? metadata));
    });
    await once(provider.listen(0, '127.0.0.1'), 'listening');
    issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    metadata = { issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks`, response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'], authorization_response_iss_parameter_supported: true };
    service = await startTestService({ environment: { OIDC_ISSUER: issuer, OIDC_SIGNATURES: 'legacy-rsa', OIDC_CLIENT_ID: CLIENT_ID } });
  });
  after(async () => {
    provider.close();
    provider.closeAllConnections();
    await service.close();
  });

  const sign = (claims: JWTPayload, key = keys.privateKey) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(key);

  /** Signs in with the ID token that `make` makes of a good one's claims. */
  async function complete(make: (claims: JWTPayload) => ReturnType<Make> | undefined, changes: Readonly<Record<string, string>> = {}, query = '', origin = service.url): Promise<Response> {
    const jar = new CookieJar();
    const asked = new URL((await jar.fetch(`${origin}/auth/sign-in${query}`)).headers.get('location') ?? '').searchParams;
    const seconds = Math.floor(Date.now() / 1_000);
    idToken = await make({ iss: issuer, aud: CLIENT_ID, sub: 'u-1', iat: seconds, exp: seconds + 300, auth_time: seconds, nonce: asked.get('nonce') ?? '', name: 'Cleo', tenant: 'acme', roles: ['clerk'] });
    const callback = new URL('/auth/callback', origin);
    callback.search = new URLSearchParams({ code: randomUUID(), state: asked.get('state') ?? '', iss: issuer, ...changes }).toString();
    return jar.fetch(callback, { headers: { accept: 'application/json' } });
  }
  const signsIn = (response: Response) => response.headers.getSetCookie().some((cookie) => cookie.startsWith('session='));
  const isRefused = async (make: Make) => {
    const response = await complete(make);
    assert.deepEqual([response.status, signsIn(response)], [400, false]);
  };

  test('a good one signs its person in', async () => {
    assert.ok(signsIn(await complete((claims) => sign(claims))));
  });

  test('ASVS 6.8.2: one that is unsigned, changed, or signed by another key is refused', async () => {
    await isRefused((claims) => new UnsecuredJWT(claims).encode());
    const stranger = await generateKeyPair('RS256');
    await isRefused((claims) => sign(claims, stranger.privateKey));
    await isRefused(async (claims) => {
      const [header, , signature] = (await sign(claims)).split('.');
      return [header, Buffer.from(JSON.stringify({ ...claims, roles: ['manager'] })).toString('base64url'), signature].join('.');
    });
    await isRefused(async (claims) => (await sign(claims)).replace(/[^.]*$/, ''));
  });

  test('ASVS 10.5.1: one of another sign-in is refused: its nonce is another, or it has none', async () => {
    await isRefused((claims) => sign({ ...claims, nonce: 'another' }));
    await isRefused(({ nonce: _, ...claims }) => sign(claims));
  });

  test('ASVS 10.5.4: one that was made for another client is refused', async () => {
    await isRefused((claims) => sign({ ...claims, aud: 'another-client' }));
    await isRefused(({ aud: _, ...claims }) => sign(claims));
    await isRefused((claims) => sign({ ...claims, aud: ['another-client', 'a-third'] }));
  });

  test('ASVS 7.6.1: one that tells of an older sign-in than was asked for is refused, and one that does not tell', async () => {
    const made = (age: number | undefined): Make => ({ auth_time: _, ...claims }) => sign({ ...claims, ...(age === undefined ? {} : { auth_time: Math.floor(Date.now() / 1_000) - age }) });
    assert.ok(signsIn(await complete(made(10), {}, '?max_age=900')));
    for (const age of [1_000, undefined]) {
      const response = await complete(made(age), {}, '?max_age=900');
      assert.deepEqual([response.status, signsIn(response)], [400, false], String(age));
    }
  });

  test('ASVS 6.3.3: where two factors are asked for, one that tells of one signs nobody in', async (t) => {
    const strict = await startTestService({ environment: { OIDC_ISSUER: issuer, OIDC_SIGNATURES: 'legacy-rsa', OIDC_CLIENT_ID: CLIENT_ID, SIGN_IN_FACTORS: '2', OIDC_MULTI_FACTOR_ACR: 'aal2' } });
    t.after(() => strict.close());
    const asked = new URL((await new CookieJar().fetch(`${strict.url}/auth/sign-in`)).headers.get('location') ?? '').searchParams;
    assert.equal(asked.get('acr_values'), 'aal2');
    const enter = async (more: JWTPayload) => complete((claims) => sign({ ...claims, ...more }), {}, '', strict.url);
    for (const more of [{}, { acr: 'aal1' }, { amr: ['pwd'] }]) {
      const response = await enter(more);
      assert.deepEqual([response.status, signsIn(response)], [403, false]);
      assert.equal(((await response.json()) as { detail: string }).detail, 'This service takes two factors, and the identity provider tells of one.');
    }
    for (const more of [{ acr: 'aal2' }, { amr: ['pwd', 'otp'] }]) assert.ok(signsIn(await enter(more)));
  });

  test('who is refused for what the provider says of them is told why, and the log has it', async () => {
    const from = service.logLines.length;
    const response = await complete(({ tenant: _, ...claims }) => sign(claims));
    assert.ok(!signsIn(response));
    await expectProblem(response, 403, 'tenant-missing');
    const line = service.logLines.slice(from).map((text) => JSON.parse(text) as Readonly<Record<string, unknown>>).find(({ msg }) => msg === 'sign-in refused');
    assert.deepEqual(line?.['signIn'], { outcome: 'refused', method: 'provider', reason: 'tenant-missing' });
  });

  test('ASVS 3.3.1: behind TLS the cookies of a sign-in are bound to the host', async (t) => {
    const encrypted = await startTestService({ environment: { OIDC_ISSUER: issuer, OIDC_SIGNATURES: 'legacy-rsa', OIDC_CLIENT_ID: CLIENT_ID, PUBLIC_URL: 'https://stock.example' } });
    t.after(() => encrypted.close());
    const response = await fetch(`http://127.0.0.1:${encrypted.config.port}/auth/sign-in`, { redirect: 'manual' });
    assert.equal(response.status, 303);
    assert.match(response.headers.getSetCookie().join('\n'), /^__Host-sign-in-[^=]+=[^;]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/);
  });

  test('an answer without one signs nobody in', async () => {
    const response = await complete(() => undefined);
    assert.deepEqual([response.status, signsIn(response)], [400, false]);
  });

  test('a provider that is away when the code is exchanged is a 503, whether it hangs up or says nothing', async (t) => {
    const within = AbortSignal.timeout.bind(AbortSignal);
    t.mock.method(AbortSignal, 'timeout', (ms: number) => within(Math.min(ms, 100)));
    t.after(() => (silence = undefined));
    for (silence of ['hangs up', 'says nothing'] as const) {
      const response = await complete((claims) => sign(claims));
      assert.ok(!signsIn(response), silence);
      await expectProblem(response, 503, 'identity-provider-unavailable');
    }
  });

  test('the provider’s name of the session is kept where it is a text of some length, and nothing else', async () => {
    const kept = async (sid: unknown) => {
      assert.ok(signsIn(await complete((claims) => sign({ ...claims, sid }))), String(sid).slice(0, 20));
      const { rows } = await sql<{ provider_session_id: string | null }>`select provider_session_id from session order by created_at desc limit 1`.execute(service.database.db);
      return rows[0]?.provider_session_id;
    };
    assert.equal(await kept('s-1'), 's-1');
    for (const other of [['s-1'], 7, 'x'.repeat(10_000)]) assert.equal(await kept(other), null);
  });

  test('one of another issuer, or that has expired, is refused', async () => {
    await isRefused((claims) => sign({ ...claims, iss: 'https://evil.example' }));
    await isRefused((claims) => sign({ ...claims, exp: Math.floor(Date.now() / 1_000) - 60 }));
  });

  test('ASVS 10.2.2: an answer in the name of another authorization server, or of none, is refused (RFC 9207)', async () => {
    for (const iss of ['https://evil.example', `${issuer}/`, '']) {
      const response = await complete((claims) => sign(claims), { iss });
      assert.deepEqual([response.status, signsIn(response)], [400, false], iss);
    }
  });

  test('ASVS 10.5.3: metadata that names another issuer is not this provider’s', async (t) => {
    const good = metadata;
    t.after(() => (metadata = good));
    for (const other of ['https://evil.example', `${issuer}/`, `${issuer}/tenant`]) {
      metadata = { ...good, issuer: other };
      const client = createProviderClient({ issuer, clientId: CLIENT_ID, clientSecret: undefined, signatures: 'legacy-rsa' });
      await assert.rejects(client.configuration(), (error) => error instanceof AppError && error.status === 503, other);
    }
  });
});
