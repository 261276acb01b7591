// Access tokens that must not be taken, each with where the attack or the rule is described; and the issuer whose key is known.
// Tested by bearer.test.ts: each is refused; the probe of the same name sends them to a running service.
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { CompactEncrypt, exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';

type Claims = Readonly<Record<string, unknown>>;
type Key = Parameters<SignJWT['sign']>[0];

export interface Forgery {
  readonly name: string;
  /** Section of RFC 8725 (best practices), RFC 9068 (access tokens), RFC 7515, or a CVE. */
  readonly source: string;
  readonly make: () => Promise<string> | string;
}

export interface Forge {
  readonly issuer: string;
  readonly claims: () => JWTPayload & Claims;
  /** By the issuer's own key, unless another is given. */
  readonly sign: (payload: Claims, header?: Claims, key?: Key) => Promise<string>;
  readonly strangerKey: Key;
  readonly forgeries: readonly Forgery[];
  /** Publishes another key in place of the first; signs with it. */
  readonly rotate: () => Promise<(payload: Claims) => Promise<string>>;
  /** How often the keys were fetched. */
  readonly keyRequests: () => number;
  /** How often somebody followed an address out of a token. */
  readonly strayRequests: () => number;
  close(): void;
}

const KID = 'one';
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An issuer on loopback; `now` is what its tokens say. */
export async function startForge(audience: string, now: () => Date): Promise<Forge> {
  const [keys, stranger, curve] = await Promise.all([generateKeyPair('RS256', { extractable: true }), generateKeyPair('RS256', { extractable: true }), generateKeyPair('ES256', { extractable: true })]);
  let published: object = { ...(await exportJWK(keys.publicKey)), kid: KID, alg: 'RS256', use: 'sig' };
  let issuer = '';
  let [keyRequests, strayRequests] = [0, 0];
  const server = http.createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.url === '/keys') keyRequests += 1;
    if (request.url === '/stranger') strayRequests += 1;
    response.end(JSON.stringify(request.url === '/keys' ? { keys: [published] } : { issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`, response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'] }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const seconds = (): number => Math.floor(now().getTime() / 1_000);
  const claims = (): JWTPayload & Claims => ({ iss: issuer, aud: audience, sub: 'u-1', iat: seconds(), exp: seconds() + 300, name: 'Cleo', tenant: 'acme', roles: ['clerk'] });
  const sign = (payload: Claims, header: Claims = {}, key: Key = keys.privateKey): Promise<string> => new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: KID, ...header }).sign(key);
  const partsOf = async (): Promise<[string, string, string]> => (await sign(claims())).split('.') as [string, string, string];
  const headed = (header: Claims): string => part({ alg: 'RS256', typ: 'at+jwt', kid: KID, ...header });
  const withHmac = async (alg: 'HS256' | 'HS384' | 'HS512', secret: string | Buffer): Promise<string> => {
    const signed = `${headed({ alg })}.${part(claims())}`;
    return Promise.resolve(`${signed}.${createHmac(alg.replace('HS', 'sha'), secret).update(signed).digest('base64url')}`);
  };
  const publicPem = await exportSPKI(keys.publicKey);
  const strangerJwk = await exportJWK(stranger.publicKey);
  const unsigned = (alg: string, signature: string): string => `${headed({ alg })}.${part(claims())}.${signature}`;

  const forgeries: readonly Forgery[] = [
    ...['none', 'None', 'NONE', 'nOnE', ''].flatMap((alg) => ['', 'AAAA'].map((signature): Forgery => ({ name: `alg "${alg}", signature "${signature}"`, source: 'RFC 8725, 2.1', make: () => unsigned(alg, signature) }))),
    { name: 'unsecured, as a library writes it', source: 'RFC 8725, 2.1', make: () => new UnsecuredJWT(claims()).encode() },
    ...(['HS256', 'HS384', 'HS512'] as const).flatMap((alg): Forgery[] => [
      { name: `${alg} with the public key's PEM as its secret`, source: 'RFC 8725, 2.1', make: () => withHmac(alg, publicPem) },
      { name: `${alg} with the public key's PEM, trimmed`, source: 'RFC 8725, 2.1', make: () => withHmac(alg, publicPem.trim()) },
      { name: `${alg} with the public key's DER`, source: 'RFC 8725, 2.1', make: () => withHmac(alg, Buffer.from(publicPem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')) },
      { name: `${alg} with the published key as JSON`, source: 'RFC 8725, 2.1', make: () => withHmac(alg, JSON.stringify(published)) },
      { name: `${alg} with an empty secret`, source: 'RFC 8725, 3.5', make: () => withHmac(alg, '') },
    ]),
    { name: "a stranger's key under the issuer's kid", source: 'RFC 8725, 3.3', make: () => sign(claims(), {}, stranger.privateKey) },
    { name: "another algorithm under the issuer's kid", source: 'RFC 8725, 3.1', make: () => sign(claims(), { alg: 'ES256' }, curve.privateKey) },
    { name: 'a signature of zeros (psychic signature)', source: 'CVE-2022-21449', make: () => `${headed({ alg: 'ES256' })}.${part(claims())}.${Buffer.alloc(64).toString('base64url')}` },
    { name: 'an unknown kid', source: 'RFC 8725, 3.10', make: () => sign(claims(), { kid: 'two' }, stranger.privateKey) },
    { name: 'no kid', source: 'RFC 8725, 3.10', make: () => sign(claims(), { kid: undefined }, stranger.privateKey) },
    ...['../../../../dev/null', "' union select 'AA' --", '', '\u0000', '__proto__', 'constructor'].map((kid): Forgery => ({ name: `kid ${JSON.stringify(kid)}`, source: 'RFC 8725, 3.10', make: () => sign(claims(), { kid }, stranger.privateKey) })),
    { name: 'a kid that is a number', source: 'RFC 7515, 4.1.4', make: async () => [headed({ kid: 1 }), ...(await partsOf()).slice(1)].join('.') },
    { name: 'its own key in the header (jwk)', source: 'RFC 8725, 3.10', make: () => sign(claims(), { jwk: strangerJwk, kid: undefined }, stranger.privateKey) },
    { name: 'the address of its key in the header (jku)', source: 'RFC 8725, 3.10', make: () => sign(claims(), { jku: `${issuer}/stranger`, kid: undefined }, stranger.privateKey) },
    { name: 'the address of its certificate in the header (x5u)', source: 'RFC 8725, 3.10', make: () => sign(claims(), { x5u: `${issuer}/stranger`, kid: undefined }, stranger.privateKey) },
    { name: 'its certificate in the header (x5c)', source: 'RFC 8725, 3.10', make: () => sign(claims(), { x5c: ['AAAA'], kid: undefined }, stranger.privateKey) },
    { name: 'an ID token (typ JWT)', source: 'RFC 9068, 4', make: () => sign(claims(), { typ: 'JWT' }) },
    { name: 'a logout token', source: 'RFC 8725, 3.11', make: () => sign(claims(), { typ: 'logout+jwt' }) },
    { name: 'no typ', source: 'RFC 9068, 4', make: () => sign(claims(), { typ: undefined }) },
    { name: 'a typ that only begins so', source: 'RFC 9068, 4', make: () => sign(claims(), { typ: 'at+jwt2' }) },
    { name: 'another issuer', source: 'RFC 8725, 3.8', make: () => sign({ ...claims(), iss: 'https://evil.example' }) },
    { name: 'the issuer with a slash', source: 'RFC 8725, 3.8', make: () => sign({ ...claims(), iss: `${issuer}/` }) },
    { name: 'no issuer', source: 'RFC 8725, 3.8', make: () => sign({ ...claims(), iss: undefined }) },
    { name: 'another audience', source: 'RFC 8725, 3.9', make: () => sign({ ...claims(), aud: 'https://other.example.com' }) },
    { name: 'several audiences, none of them this one', source: 'RFC 8725, 3.9', make: () => sign({ ...claims(), aud: ['https://a.example', `${audience}/`] }) },
    { name: 'no audience', source: 'RFC 8725, 3.9', make: () => sign({ ...claims(), aud: undefined }) },
    { name: 'expired', source: 'RFC 9068, 4', make: () => sign({ ...claims(), exp: seconds() - 6 }) },
    { name: 'no expiry', source: 'RFC 9068, 2.2', make: () => sign({ ...claims(), exp: undefined }) },
    { name: 'an expiry in words', source: 'RFC 7519, 4.1.4', make: () => sign({ ...claims(), exp: String(seconds() + 300) }) },
    { name: 'an expiry of null', source: 'RFC 7519, 4.1.4', make: () => sign({ ...claims(), exp: null }) },
    { name: 'not yet valid', source: 'RFC 7519, 4.1.5', make: () => sign({ ...claims(), nbf: seconds() + 60 }) },
    { name: 'not before in words', source: 'RFC 7519, 4.1.5', make: () => sign({ ...claims(), nbf: 'now' }) },
    { name: 'no subject', source: 'RFC 9068, 2.2', make: () => sign({ ...claims(), sub: undefined }) },
    { name: 'a changed payload', source: 'RFC 7515, 5.2', make: async () => { const [header, , signature] = await partsOf(); return [header, part({ ...claims(), roles: ['manager'] }), signature].join('.'); } },
    { name: 'a changed header', source: 'RFC 7515, 5.2', make: async () => [headed({ note: 'x' }), ...(await partsOf()).slice(1)].join('.') },
    { name: 'no signature', source: 'RFC 7515, 5.2', make: async () => (await sign(claims())).replace(/[^.]*$/, '') },
    { name: 'half a signature', source: 'RFC 7515, 5.2', make: async () => (await sign(claims())).slice(0, -100) },
    { name: 'a critical header that nobody knows', source: 'RFC 7515, 4.1.11', make: async () => [headed({ crit: ['x'], x: 1 }), ...(await partsOf()).slice(1)].join('.') },
    { name: 'a payload that is not encoded (b64)', source: 'RFC 7797, 6', make: async () => [headed({ crit: ['b64'], b64: false }), ...(await partsOf()).slice(1)].join('.') },
    { name: 'a detached payload', source: 'RFC 7515, F', make: async () => { const [header, , signature] = await partsOf(); return `${header}..${signature}`; } },
    { name: 'an encrypted token', source: 'RFC 9068, 4', make: () => new CompactEncrypt(Buffer.from(JSON.stringify(claims()))).setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ: 'at+jwt', kid: KID }).encrypt(randomBytes(32)) },
    { name: 'the signature with padding', source: 'RFC 7515, 2', make: async () => `${await sign(claims())}==` },
    { name: 'the alphabet of plain base64', source: 'RFC 7515, 2', make: async () => { const [header, payload, signature] = await partsOf(); return [header, payload, signature.replaceAll('-', '+').replaceAll('_', '/')].join('.').replace(/\.([^.+/]*)$/, '.+$1'); } },
    { name: 'bits that no byte takes, at the end', source: 'Wycheproof 360 to 375', make: respellLast },
    { name: 'two parts', source: 'RFC 7515, 7.1', make: async () => (await partsOf()).slice(0, 2).join('.') },
    { name: 'four parts', source: 'RFC 7515, 7.1', make: async () => `${await sign(claims())}.AAAA` },
    { name: 'no JSON', source: 'RFC 7519, 7.2', make: () => 'AAAA.BBBB.CCCC' },
    { name: 'a payload that is a list', source: 'RFC 7519, 7.2', make: async () => { const [header, , signature] = await partsOf(); return [header, part([claims()]), signature].join('.'); } },
    { name: 'ten thousand characters', source: 'CWE-400', make: () => 'a'.repeat(10_000) },
  ];

  /** The last character of an RSA-2048 signature holds four bits of it; the two others are to be zero. */
  async function respellLast(): Promise<string> {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const token = await sign(claims());
    return token.slice(0, -1) + (alphabet[alphabet.indexOf(token.at(-1) ?? '') | 1] ?? '');
  }

  const rotate: Forge['rotate'] = async () => {
    const next = await generateKeyPair('RS256');
    published = { ...(await exportJWK(next.publicKey)), kid: 'next', alg: 'RS256', use: 'sig' };
    return (payload) => sign(payload, { kid: 'next' }, next.privateKey);
  };

  return { issuer, claims, rotate, sign, strangerKey: stranger.privateKey, forgeries, keyRequests: () => keyRequests, strayRequests: () => strayRequests, close: () => void server.close() };
}
