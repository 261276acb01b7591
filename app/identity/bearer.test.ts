import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { AppError, isRefusal } from '#app/errors.ts';
import { createBearerVerifier, type TokenFault, type VerifyBearer } from '#app/identity/bearer.ts';
import { createProviderClient } from '#app/identity/provider-client.ts';
import { createPublishedKeys } from '#app/identity/published-keys.ts';
import type { TokenProfileName } from '#app/identity/token-profiles.ts';
import { type Forge, startForge } from '#app/testing/forged-tokens.ts';

const AUDIENCE = 'https://stock.example.com/api';
const now = new Date('2026-03-01T08:00:00Z');
const seconds = Math.floor(now.getTime() / 1_000);

describe('bearer tokens', () => {
  let forge: Forge;
  let issuer: string;
  let verify: VerifyBearer;
  before(async () => {
    forge = await startForge(AUDIENCE, () => now);
    ({ issuer } = forge);
    verify = verifierOf(issuer);
  });
  after(() => {
    forge.close();
  });

  const refused: TokenFault[] = [];
  function verifierOf(from: string, profile: TokenProfileName = 'rfc9068'): VerifyBearer {
    const client = createProviderClient({ issuer: from, clientId: 'stockade', clientSecret: undefined, signatures: 'legacy-rsa' });
    return createBearerVerifier({ keys: createPublishedKeys(client), issuer: from, audience: AUDIENCE, profile, multiFactorAcr: ['aal2'], claims: { rolesClaim: 'roles', tenantClaim: 'tenant' }, clock: () => now, onRefused: (reason) => refused.push(reason) });
  }
  const claims: Forge['claims'] = () => forge.claims();
  const sign: Forge['sign'] = (...parameters) => forge.sign(...parameters);

  test('ASVS 10.3.3: a good token is the subject that its claims name', async () => {
    assert.deepEqual(await verify(await sign(claims())), {
      tenantId: 'acme',
      id: 'u-1',
      name: 'Cleo',
      roles: ['clerk'],
      credential: { kind: 'bearer', expiresAt: new Date((seconds + 300) * 1_000) },
      assurance: { factors: 1 },
    });
  });

  test('ASVS 10.3.2, 10.3.4: scopes and assurance are read where the token names them; what is no text of scopes allows nothing', async () => {
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
      others: { 'an ID token': { aud: AUDIENCE, token_use: 'id' }, 'an ID token without aud': { aud: undefined, token_use: 'id', client_id: AUDIENCE }, 'of another client': { aud: undefined, token_use: 'access', client_id: 'other' }, 'of no client': { aud: undefined, token_use: 'access' }, 'with an audience': { aud: AUDIENCE, token_use: 'access', client_id: AUDIENCE } },
      scopes: ['openid', 'items:read'],
    },
    entra: {
      typ: 'JWT',
      access: { ver: '2.0', azp: 'a-client', azpacr: '1', tid: 't', scp: 'items:read items:move' },
      others: { 'an ID token of the same application': { ver: '2.0', nonce: 'n', tid: 't' }, 'an ID token without nonce': { ver: '2.0', tid: 't' }, 'of version 1': { ver: '1.0', appid: 'a-client' }, 'of version 1 with an azp': { ver: '1.0', azp: 'a-client' }, 'with a nonce, as an ID token has it': { ver: '2.0', azp: 'a-client', nonce: 'n' }, 'whose azp is no text': { ver: '2.0', azp: 1 }, 'for another API': { ver: '2.0', azp: 'a-client', aud: 'other' } },
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

  test('profile cognito: a token may write its type; what is no text of scopes allows nothing', async () => {
    const verifyAs = verifierOf(issuer, 'cognito');
    const { access } = shapes.cognito;
    for (const scope of [7, ['items:read']]) {
      const outcome = await verifyAs(await sign({ ...claims(), ...access, scope }, { typ: 'JWT' }));
      assert.ok(!isRefusal(outcome), JSON.stringify(scope));
      assert.deepEqual(outcome.credential.kind === 'bearer' && outcome.credential.scopes, []);
    }
  });

  test('ASVS 9.1.1, 9.1.2, 9.1.3, 9.2.1, 9.2.2, 9.2.3, 10.3.1: every forged token is refused, in the same words', async () => {
    assert.ok(forge.forgeries.length > 50);
    for (const { name, source, make } of forge.forgeries) {
      const before = refused.length;
      const outcome = await verify(await make());
      assert.equal(refused.length, before + 1, `${name} (${source}) is counted once`);
      assert.ok(isRefusal(outcome), `${name} (${source}) is taken`);
      assert.deepEqual([outcome.status, outcome.code, outcome.detail], [401, 'invalid-token', 'The access token is not valid here, or no longer.'], `${name} (${source})`);
    }
    assert.equal(forge.strayRequests(), 0, 'no address out of a token is followed (CWE-918)');
  });

  test('a refused token is counted by what was wrong with it; a good one is not', async () => {
    const reasonOf = async (token: string) => {
      const before = refused.length;
      await verify(token);
      return refused.slice(before).join();
    };
    const [head = '', payload = '', signature = ''] = (await sign(claims())).split('.');
    const cases: readonly (readonly [string, string])[] = [
      [await sign(claims()), ''],
      ['no token', 'malformed'],
      [`${head}.${payload}.${Buffer.from(signature, 'base64url').reverse().toString('base64url')}`, 'signature'],
      [await sign(claims(), { kid: 'unknown' }, forge.strangerKey), 'key'],
      [`${Buffer.from('{"alg":"HS256","typ":"at+jwt"}').toString('base64url')}.${payload}.AAAA`, 'algorithm'],
      [await sign({ ...claims(), exp: seconds - 60 }), 'expired'],
      [await sign({ ...claims(), aud: 'another' }), 'claim'],
      [await sign(claims(), { typ: 'JWT' }), 'type'],
      [await sign({ ...claims(), tenant: undefined }), 'person'],
    ];
    for (const [token, reason] of cases) assert.equal(await reasonOf(token), reason);
  });

  test('a token without a tenant says what is missing', async () => {
    const outcome = await verify(await sign({ ...claims(), tenant: undefined }));
    assert.ok(isRefusal(outcome));
    assert.equal(outcome.code, 'tenant-missing');
  });

  test('tokens with unknown key ids can not make the service ask the provider again and again', async () => {
    const before = forge.keyRequests();
    for (let attempt = 0; attempt < 20; attempt += 1) await verify(await sign(claims(), { kid: `unknown-${attempt}` }, forge.strangerKey));
    assert.ok(forge.keyRequests() - before <= 1, `${forge.keyRequests() - before} requests`);
  });

  test('keys that the provider has changed count within half a minute of the first token that names them, and the old ones no more', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const own = await startForge(AUDIENCE, () => now);
    t.after(() => {
      own.close();
    });
    const verifyOwn = verifierOf(own.issuer);
    const old = await own.sign(own.claims());
    assert.ok(!isRefusal(await verifyOwn(old)));
    const signNext = await own.rotate();
    assert.ok(isRefusal(await verifyOwn(await signNext(own.claims()))), 'not asked again so soon: a flood of made-up names must not become one of requests');
    assert.equal(own.keyRequests(), 1);
    t.mock.timers.tick(30_001);
    assert.ok(!isRefusal(await verifyOwn(await signNext(own.claims()))));
    assert.ok(isRefusal(await verifyOwn(old)), 'withdrawn');
    assert.equal(own.keyRequests(), 2);
  });

  test('many first tokens at once fetch the keys once', async (t) => {
    const own = await startForge(AUDIENCE, () => now);
    t.after(() => {
      own.close();
    });
    const [verifyOwn, token] = [verifierOf(own.issuer), await own.sign(own.claims())];
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => verifyOwn(token)));
    assert.ok(outcomes.every((outcome) => !isRefusal(outcome)));
    assert.equal(own.keyRequests(), 1);
  });

  test('a provider that is away is 503, not a refusal of the token', async () => {
    await assert.rejects(verifierOf('http://127.0.0.1:1')(await sign(claims())), (error) => error instanceof AppError && error.status === 503 && error.headers['retry-after'] !== undefined);
  });
});
