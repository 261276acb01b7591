// An OpenID provider over TLS that signs in one person unasked, so that a scanner walks through sign-in by its redirects alone.
// Tested by observatory.proof.ts: a scan that ends without the session's cookie is a violation.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { CookieJar } from '#app/lib/cookie-jar.ts';
import type { Certificate } from './tls-front.ts';

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly tenantId: string;
  readonly roles: readonly string[];
}

export interface Issuer {
  readonly origin: string;
  close(): void;
}

export const CLIENT_ID = 'probe';
/** Somebody who sees and may do the most. */
export const MANAGER: Person = { id: 'manager', name: 'Mona Manager', tenantId: 'acme', roles: ['manager'] };

export async function startIssuer(port: number, certificate: Certificate, person: Person): Promise<Issuer> {
  const origin = `https://127.0.0.1:${port}`;
  const { publicKey, privateKey } = await generateKeyPair('RS256', { modulusLength: 2_048 });
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'probe', use: 'sig', alg: 'RS256' }] };
  const nonces = new Map<string, string>();
  const sign = (nonce: string): Promise<string> =>
    new SignJWT({ nonce, name: person.name, tenant: person.tenantId, roles: person.roles })
      .setProtectedHeader({ alg: 'RS256', kid: 'probe' })
      .setIssuer(origin)
      .setAudience(CLIENT_ID)
      .setSubject(person.id)
      .setIssuedAt()
      .setExpirationTime('10m')
      .sign(privateKey);

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', origin);
    if (pathname === '/authorize') {
      const code = randomUUID();
      nonces.set(code, searchParams.get('nonce') ?? '');
      const back = new URL(searchParams.get('redirect_uri') ?? '');
      back.search = new URLSearchParams({ code, state: searchParams.get('state') ?? '', iss: origin }).toString();
      response.writeHead(303, { location: back.href }).end();
      return;
    }
    const body = pathname === '/token' ? { access_token: randomUUID(), token_type: 'Bearer', expires_in: 600, id_token: await sign(nonces.get(new URLSearchParams(await text(request)).get('code') ?? '') ?? '') } : pathname === '/jwks' ? keys : metadataOf(origin);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const server = https.createServer(certificate, (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return {
    origin,
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
    authorization_response_iss_parameter_supported: true,
  };
}
