// A key that a token brings along, or says where to find: whoever makes the token signs it (CWE-347).
import { focus, where } from './patterns.ts';
import type { WeaknessRule } from './weakness.ts';

export const rule: WeaknessRule = {
  cwe: 347,
  message: 'The key that a token is verified by comes from the token itself (jku, x5u, jwk, x5c), so that every token is a good one.',
  fix: 'Take keys from where the configuration says (app/identity/published-keys.ts); of a header at most `kid` chooses among them. RFC 8725, 3.10.',
  match: {
    mode: 'taint',
    'pattern-sources': [
      where('$HEADER.$WHERE', { WHERE: 'jku|x5u|jwk|x5c' }), where('$HEADER[$WHERE]', { WHERE: '[\'"`](?:jku|x5u|jwk|x5c)[\'"`]' }), where('$NAME', { NAME: 'jku|x5u|x5c' }),
      ...['jwk', 'jwk: $Y'].map((taken) => ({ patterns: [{ pattern: `const {..., ${taken}, ...} = $HEADER;` }, { 'metavariable-regex': { metavariable: '$HEADER', regex: '(?s).*(?:[hH]eader|decodeProtectedHeader).*' } }, { 'focus-metavariable': '$HEADER' }] })),
      where('$F(...)', { F: '(?:\\w+\\.)?decodeProtectedHeader' }),
    ],
    'pattern-sanitizers': [
      // Chooses among keys of ours.
      { pattern: '$KEYS.get(...)' }, { pattern: '$KEYS.find(...)' }, { pattern: '$KEYS[$KID]' }, { pattern: '$H.alg' }, { pattern: '$H.kid' }, { pattern: '$H.typ' },
    ],
    'pattern-sinks': [
      focus('KEY', ['$F($KEY, ...)'], { F: '(?:\\w+\\.)?(?:createRemoteJWKSet|createLocalJWKSet|importJWK|importX509|importSPKI|createPublicKey|fetch|X509Certificate|ask|get|request)' }),
      focus('KEY', ['new X509Certificate($KEY)', 'new URL($KEY, ...)', 'jwtVerify($T, $KEY, ...)', '$JOSE.jwtVerify($T, $KEY, ...)', 'compactVerify($T, $KEY, ...)']),
    ],
  },
  refuses: [
    'export const f = (token) => { const { jku } = decodeProtectedHeader(token); return jwtVerify(token, createRemoteJWKSet(new URL(jku)), CLAIMS); };',
    'export const f = async (token) => { const header = decodeProtectedHeader(token); return jwtVerify(token, await importJWK(header.jwk, header.alg), CLAIMS); };',
    'export const f = (token) => jwtVerify(token, (header) => importJWK(header.jwk), CLAIMS);',
    'export const f = async (token) => { const header = jose.decodeProtectedHeader(token); const [leaf] = header.x5c; return createPublicKey(leaf); };',
    'export const keyOf = async ({ x5u }) => importX509(await (await fetch(x5u, { signal })).text(), "RS256");',
  ],
  allows: [
    'export const f = (token, keys) => { const { kid } = decodeProtectedHeader(token); return jwtVerify(token, keys.get(kid), CLAIMS); };',
    'export const f = (provider) => createRemoteJWKSet(new URL(provider.jwksUri));',
    'export const f = (keys) => Promise.all(keys.map((jwk) => importJWK(jwk, "ES256")));',
  ],
};
