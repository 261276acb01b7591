// An OpenID provider over TLS, since production accepts no other. It signs in one person unasked, so that a scanner walks
// through sign-in by its redirects alone, and signs access tokens for whomever it is told to.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { CookieJar } from '#app/lib/cookie-jar.ts';
import type { Certificate } from '#app/testing/certificate.ts';

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly tenantId: string;
  readonly roles: readonly string[];
}

export interface Issuer {
  readonly origin: string;
  /** PEM, for who can't ask. */
  readonly publicKey: string;
  /** RFC 9068; with when the person signed in (`auth_time`), for what asks for a fresh sign-in. */
  accessToken(person: Person, audience: string, signedInAt?: Date): Promise<string>;
  close(): void;
}

export const CLIENT_ID = 'probe';
/** Somebody who sees and may do the most. */
export const MANAGER: Person = { id: 'manager', name: 'Mona Manager', tenantId: 'acme', roles: ['manager'] };

const KEY_ID = 'probe';
type Algorithm = 'ES256' | 'RS256';

export interface IssuerPlace {
  /** What it calls itself; else its address. */
  readonly issuer: string;
  readonly host: string;
  readonly port: number;
}

/** ES256 is what production takes without being asked; RS256 is what most providers sign with. */
export async function startIssuer(certificate: Certificate, person: Person = MANAGER, algorithm: Algorithm = 'ES256', place?: IssuerPlace): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { modulusLength: 2_048 });
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: KEY_ID, use: 'sig', alg: algorithm }] };
  const nonces = new Map<string, string>();
  let origin = '';
  const sign = (of: Person, typ: string, audience: string, lifetime: string, claims: Readonly<Record<string, string | number>>): Promise<string> =>
    new SignJWT({ ...claims, name: of.name, tenant: of.tenantId, roles: of.roles })
      .setProtectedHeader({ alg: algorithm, kid: KEY_ID, typ })
      .setIssuer(origin)
      .setAudience(audience)
      .setSubject(of.id)
      .setIssuedAt()
      .setExpirationTime(lifetime)
      .sign(privateKey);

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname: asked, searchParams } = new URL(request.url ?? '/', origin);
    const pathname = asked.slice(new URL(origin).pathname.replace(/\/$/, '').length);
    if (pathname === '/authorize') {
      const code = randomUUID();
      nonces.set(code, searchParams.get('nonce') ?? '');
      const back = new URL(searchParams.get('redirect_uri') ?? '');
      back.search = new URLSearchParams({ code, state: searchParams.get('state') ?? '', iss: origin }).toString();
      response.writeHead(303, { location: back.href }).end();
      return;
    }
    const idToken = async (): Promise<string> => sign(person, 'JWT', CLIENT_ID, '10m', { nonce: nonces.get(new URLSearchParams(await text(request)).get('code') ?? '') ?? '' });
    const body = pathname === '/token' ? { access_token: randomUUID(), token_type: 'Bearer', expires_in: 600, id_token: await idToken() } : pathname === '/jwks' ? keys : metadataOf(origin, algorithm);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const server = https.createServer(certificate, (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await once(server.listen(place?.port ?? 0, place?.host ?? '127.0.0.1'), 'listening');
  origin = place?.issuer ?? `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    publicKey: await exportSPKI(publicKey),
    accessToken: (of, audience, signedInAt) => sign(of, 'at+jwt', audience, '4h', { client_id: CLIENT_ID, ...(signedInAt === undefined ? {} : { auth_time: Math.floor(signedInAt.getTime() / 1_000) }) }),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A browser with the person's session, for requests to the service itself, behind its front. */
export async function signInBehindFront(serviceOrigin: string): Promise<CookieJar> {
  const jar = new CookieJar();
  const callback = await jar.follow(`${serviceOrigin}/auth/sign-in`, {}, ({ pathname }) => pathname === '/auth/callback');
  await jar.follow(serviceOrigin + callback.url.pathname + callback.url.search);
  return jar;
}

function metadataOf(issuer: string, algorithm: Algorithm): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [algorithm],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  };
}
