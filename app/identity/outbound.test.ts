import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import tls from 'node:tls';
import { AppError } from '#app/errors.ts';
import { createOutboundFetch } from '#app/identity/outbound.ts';
import { createProviderClient } from '#app/identity/provider-client.ts';
import { createPublishedKeys } from '#app/identity/published-keys.ts';
import { makeCertificate } from '#app/testing/certificate.ts';
import { serve } from '#app/testing/local-server.ts';

const metadataOf = (issuer: string, elsewhere: string) => ({ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${elsewhere}/token`, jwks_uri: `${elsewhere}/keys`, response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'] });
const causeOf = (error: unknown): string => (error instanceof Error ? `${error.message} ${causeOf(error.cause)}` : '');

test('ASVS 13.2.4, 13.2.5: it reaches the origins that were named, and no other, however alike', async (t) => {
  const { origin, asked } = await serve(t, (_request, response) => response.end('here'));
  const outbound = createOutboundFetch([origin]);
  assert.equal(await (await outbound(`${origin}/a`)).text(), 'here');
  const port = new URL(origin).port;
  for (const url of [`http://localhost:${port}/`, `http://127.0.0.1:${port}@other.example/`, `http://127.0.0.2:${port}/`, `https://127.0.0.1:${port}/`, 'http://169.254.169.254/latest/meta-data/', 'file:///etc/passwd', 'data:text/plain,x']) {
    await assert.rejects(outbound(url), (error) => error instanceof TypeError && error.message === 'fetch failed' && causeOf(error).includes('OIDC_ORIGINS'), url);
  }
  assert.deepEqual(asked, ['/a']);
});

test('ASVS 13.2.4, 13.2.5: metadata that names another host has neither its keys nor its tokens fetched there, unless it is named', async (t) => {
  const other = await serve(t, (_request, response) => response.setHeader('content-type', 'application/json').end('{"keys":[]}'));
  const provider = await serve(t, (_request, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(metadataOf(provider.origin, other.origin))));
  const keysWith = (origins?: readonly string[]) => createPublishedKeys(createProviderClient({ issuer: provider.origin, clientId: 'c', clientSecret: undefined, signatures: 'legacy-rsa', ...(origins && { origins }) }));
  const ask = async (find: ReturnType<typeof createPublishedKeys>) => (await find())({ alg: 'RS256', kid: 'k' }, { payload: '', signature: '' });
  await assert.rejects(ask(keysWith()), (error) => causeOf(error).includes('OIDC_ORIGINS'));
  assert.deepEqual(other.asked, []);
  await assert.rejects(ask(keysWith([other.origin])), (error) => !causeOf(error).includes('OIDC_ORIGINS'));
  assert.deepEqual(other.asked, ['/keys']);
});

test('ASVS 15.3.2: an answer that leads elsewhere is not followed', async (t) => {
  const target = await serve(t, (_request, response) => response.end('secret'));
  const provider = await serve(t, (_request, response) => response.writeHead(302, { location: `${target.origin}/inner` }).end());
  await assert.rejects(createOutboundFetch([provider.origin, target.origin])(provider.origin), TypeError);
  const client = createProviderClient({ issuer: provider.origin, clientId: 'c', clientSecret: undefined, signatures: 'legacy-rsa', origins: [target.origin] });
  await assert.rejects(client.configuration(), (error) => error instanceof AppError && error.status === 503);
  await assert.rejects(client.check(1_000), TypeError);
  assert.deepEqual(target.asked, []);
});

test('ASVS 12.3.2, 12.3.4: a provider whose certificate nobody vouches for is none; one authority more is trusted by name', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-outbound-'));
  t.after(() => rm(directory, { recursive: true }));
  const certificate = await makeCertificate(directory);
  let origin = '';
  const server = https.createServer(certificate, (_request, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(metadataOf(origin, origin))));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const discover = (issuer = origin) => createProviderClient({ issuer, clientId: 'c', clientSecret: undefined, signatures: 'legacy-rsa' }).configuration();
  await assert.rejects(discover(), (error) => error instanceof AppError && error.status === 503 && causeOf(error).includes('self-signed certificate'));
  const authorities = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...authorities, certificate.cert.toString()]);
  t.after(() => { tls.setDefaultCACertificates(authorities); });
  assert.equal((await discover()).serverMetadata().issuer, origin);
});

test('ASVS 1.3.6 (CWE-918): whatever metadata or an answer names, only the origins of the configuration are asked', async (t) => {
  const inner = await serve(t, (_request, response) => response.end('secret'));
  const named = await serve(t, (_request, response) => response.writeHead(307, { location: `${inner.origin}/latest/meta-data/` }).end());
  const outbound = createOutboundFetch([named.origin]);
  for (const url of [`${inner.origin}/keys`, `${named.origin}/leads-on`]) await assert.rejects(outbound(url), TypeError, url);
  assert.deepEqual([named.asked, inner.asked], [['/leads-on'], []]);
});
