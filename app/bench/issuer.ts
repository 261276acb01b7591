// An issuer that production trusts: TLS, discovery, keys, and tokens for as many subjects as the limits of one ask for.
// Tested by bench.proof.ts: the service refuses whom it does not know.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { TENANT } from './bench-database.ts';

export interface Issuer {
  readonly origin: string;
  readonly audience: string;
  /** PEM, for who can't ask. */
  readonly publicKey: string;
  /** For NODE_EXTRA_CA_CERTS. */
  readonly certificateFile: string;
  /** Access tokens of so many clerks. */
  tokens(count: number): Promise<readonly string[]>;
  close(): void;
}

const AUDIENCE = 'https://bench.invalid/api';

export async function startIssuer(directory: string): Promise<Issuer> {
  const { makeCertificate } = (await import(new URL('./stacks/certificate.js', import.meta.url).href)) as { makeCertificate: () => Promise<{ key: string; cert: string }> };
  const certificate = await makeCertificate();
  const certificateFile = path.join(directory, 'issuer.pem');
  await writeFile(certificateFile, certificate.cert);
  const { publicKey, privateKey } = await generateKeyPair('RS256', { modulusLength: 2_048 });
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'bench', use: 'sig', alg: 'RS256' }] };
  let origin = '';
  const server = https.createServer(certificate, (request, response) => {
    const answer = request.url === '/jwks' ? keys : metadataOf(origin);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sign = (index: number) =>
    new SignJWT({ tenant: TENANT, roles: ['clerk'], name: `Bench clerk ${index}`, client_id: 'bench' })
      .setProtectedHeader({ alg: 'RS256', kid: 'bench', typ: 'at+jwt' })
      .setIssuer(origin)
      .setAudience(AUDIENCE)
      .setSubject(`bench-clerk-${index}`)
      .setIssuedAt()
      .setExpirationTime('4h')
      .sign(privateKey);
  return {
    origin,
    audience: AUDIENCE,
    publicKey: await exportSPKI(publicKey),
    certificateFile,
    tokens: (count) => Promise.all(Array.from({ length: count }, (_, index) => sign(index))),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function metadataOf(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
  };
}
