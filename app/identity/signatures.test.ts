import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { exportJWK, generateKeyPair, type GenerateKeyPairOptions, jwtVerify, SignJWT } from 'jose';
import { AppError } from '#app/errors.ts';
import { createProviderClient } from '#app/identity/provider-client.ts';
import { ALGORITHMS, createPublishedKeys } from '#app/identity/published-keys.ts';
import { isTaken, type Signatures } from '#app/identity/signatures.ts';

/** A provider with one key, which signs with it, and says which algorithms its ID tokens may have. */
async function startProvider(t: TestContext, algorithm: string, { named = [algorithm], ...options }: GenerateKeyPairOptions & { readonly named?: readonly string[] } = {}) {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true, ...options });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: algorithm, use: 'sig' };
  let issuer = '';
  const server = http.createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/keys' ? { keys: [jwk] } : { issuer, authorization_endpoint: `${issuer}/a`, token_endpoint: `${issuer}/t`, jwks_uri: `${issuer}/keys`, response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: named }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const token = await new SignJWT({}).setProtectedHeader({ alg: algorithm, kid: 'one' }).setIssuer(issuer).setExpirationTime('5m').sign(privateKey);
  const client = (signatures: Signatures) => createProviderClient({ issuer, clientId: 'c', clientSecret: undefined, signatures });
  return { client, verify: async (signatures: Signatures) => jwtVerify(token, await createPublishedKeys(client(signatures))(), { issuer, algorithms: ALGORITHMS }) };
}

const causeOf = (error: unknown): string => (error instanceof Error ? `${error.message} ${causeOf(error.cause)}` : '');

test('ASVS 11.6.1: signatures by curves and RSA-PSS are taken; RSASSA-PKCS1-v1_5 only where it is asked for, and no other ever', async (t) => {
  for (const algorithm of ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']) await (await startProvider(t, algorithm)).verify('approved');
  for (const algorithm of ['RS384', 'RS512', 'PS384', 'PS512']) await (await startProvider(t, algorithm, { modulusLength: 2_048 })).verify('legacy-rsa');
  const pkcs1 = await startProvider(t, 'RS256', { named: ['RS256', 'ES256'], modulusLength: 3_072 });
  await assert.rejects(pkcs1.verify('approved'), /signs with RS256: .*OIDC_SIGNATURES=legacy-rsa/);
  await pkcs1.verify('legacy-rsa');
  for (const algorithm of ['none', 'HS256', 'HS512', 'RSA1_5', 'RSA-OAEP', 'ES256K', 'dir', '']) for (const signatures of ['approved', 'legacy-rsa'] as const) assert.equal(isTaken(algorithm, signatures), false, algorithm);
});

test('ASVS 11.2.3: an RSA key of the provider has 3072 bits, which is 128 of strength, unless less is asked for', async (t) => {
  const [weak, strong] = [await startProvider(t, 'PS256', { modulusLength: 2_048 }), await startProvider(t, 'PS256', { modulusLength: 3_072 })];
  await assert.rejects(weak.verify('approved'), /an RSA key of 2048 bits/);
  await weak.verify('legacy-rsa');
  await strong.verify('approved');
});

test('ASVS 11.6.1: of the algorithms that the provider names for ID tokens the approved ones are left; where there is none, the error says what to do', async (t) => {
  const mixed = await startProvider(t, 'ES256', { named: ['RS256', 'ES256', 'HS256', 'none'] });
  const namedBy = async (signatures: Signatures) => (await mixed.client(signatures).configuration()).serverMetadata().id_token_signing_alg_values_supported;
  assert.deepEqual([await namedBy('approved'), await namedBy('legacy-rsa')], [['ES256'], ['RS256', 'ES256']]);
  const old = await startProvider(t, 'RS256');
  await assert.rejects(old.client('approved').configuration(), (error) => error instanceof AppError && error.status === 503 && causeOf(error).includes('OIDC_SIGNATURES=legacy-rsa'));
  await old.client('legacy-rsa').configuration();
});
