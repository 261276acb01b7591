// An identity provider in the attacker's hands: it says of people what it likes, and sends who asks it elsewhere.
// Tested by attack.proof.ts: a service is configured to believe it.
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { DEVELOPMENT_USERS } from '#app/identity/development-users.ts';

/** How the next answers go wrong. */
export type Misbehaviour = 'none' | 'redirect' | 'endless' | 'html' | 'other-issuer';

export interface HostileProvider {
  readonly issuer: string;
  readonly plan: {
    metadata: Misbehaviour;
    keys: Misbehaviour;
    /** Of the next ID token, beside what makes it valid. */
    claims: Readonly<Record<string, unknown>>;
    signature: 'good' | 'none' | 'stranger';
  };
  accessToken(user: string, audience: string): Promise<string>;
  sign(payload: JWTPayload, typ: string): Promise<string>;
  /** How often somebody followed where it must not. */
  strays(): number;
  close(): void;
}

const KEY_ID = 'hostile';
const ENDLESS_BYTES = 64 * 1024 * 1024;

export async function startHostileProvider(): Promise<HostileProvider> {
  const [own, stranger] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')]);
  const plan: HostileProvider['plan'] = { metadata: 'none', keys: 'none', claims: {}, signature: 'good' };
  const keys = { keys: [{ ...(await exportJWK(own.publicKey)), kid: KEY_ID, alg: 'RS256', use: 'sig' }] };
  let [issuer, strays] = ['', 0];
  const sign = (payload: JWTPayload, typ: string, key = own.privateKey): Promise<string> => new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ, kid: KEY_ID }).setIssuer(issuer).setIssuedAt().setExpirationTime('10m').sign(key);
  const idToken = (): Promise<string> => {
    const payload = { aud: 'attack', auth_time: Math.floor(Date.now() / 1_000), ...plan.claims };
    if (plan.signature === 'none') return Promise.resolve(new UnsecuredJWT(payload).setIssuer(issuer).setIssuedAt().setExpirationTime('10m').encode());
    return sign(payload, 'JWT', plan.signature === 'good' ? own.privateKey : stranger.privateKey);
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    request.resume();
    const { pathname } = new URL(request.url ?? '/', issuer);
    if (pathname === '/inside') strays += 1;
    const how = pathname.startsWith('/.well-known/') ? plan.metadata : pathname === '/keys' ? plan.keys : 'none';
    if (how === 'redirect') response.writeHead(302, { location: `${issuer}/inside` }).end();
    else if (how === 'html') response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Maintenance</h1>');
    else if (how === 'endless') pour(response);
    else {
      const body = pathname === '/keys' ? keys : pathname === '/token' ? { access_token: 'x', token_type: 'Bearer', expires_in: 600, id_token: await idToken() } : metadataOf(how === 'other-issuer' ? 'https://other.test' : issuer, issuer);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }
  };
  const server = http.createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    plan,
    sign,
    accessToken(user, audience) {
      const { id = user, name = user, tenantId = 'acme', roles = [] } = DEVELOPMENT_USERS.find((each) => each.id === user) ?? {};
      return sign({ aud: audience, sub: id, name, tenant: tenantId, roles: [...roles] }, 'at+jwt');
    },
    strays: () => strays,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** JSON that doesn't come to an end while the client listens. */
function pour(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const piece = Buffer.alloc(65_536, ' ');
  let sent = 0;
  const more = (): void => {
    while (!response.destroyed && sent < ENDLESS_BYTES) {
      sent += piece.length;
      if (!response.write(piece)) {
        response.once('drain', more);
        return;
      }
    }
    response.destroy();
  };
  more();
}

function metadataOf(named: string, issuer: string): object {
  return { issuer: named, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`, response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'], authorization_response_iss_parameter_supported: true };
}
