// What a token says, believed without its signature (CWE-347).
import type { WeaknessRule } from './weakness.ts';
import { either, where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 347,
  message: 'This reads a token without checking its signature: whoever sends one writes what it says.',
  fix: 'Use jwtVerify with the keys, issuer, audience and algorithms, as app/identity/bearer.ts does; a token that can not be verified tells nothing.',
  match: either([
    'createDecoder(...)',
    'decodeJwt(...)', '$JOSE.decodeJwt(...)', 'jwtDecode(...)', 'jwt_decode(...)', 'UnsecuredJWT.decode(...)', '$JOSE.UnsecuredJWT.decode(...)', 'new UnsecuredJWT(...)',
    where('$JWT.decode(...)', { JWT: '(?i)jwt|jsonwebtoken|token|jws' }),
    // Any algorithm, or none.
    where('{..., algorithms: $LIST, ...}', { LIST: '(?is).*[\'"`]none[\'"`].*' }), where('{..., alg: $ALG, ...}', { ALG: '(?i)[\'"`]none[\'"`]' }), where('{..., algorithm: $ALG, ...}', { ALG: '(?i)[\'"`]none[\'"`]' }),
    '{..., ignoreExpiration: true, ...}', '{..., complete: true, verify: false, ...}', '{..., verify_signature: false, ...}',
  ]),
  refuses: [
    'import { decodeJwt } from "jose";\nexport const f = (token) => decodeJwt(token).sub;',
    'import * as jose from "jose";\nexport const f = (token) => jose.decodeJwt(token);',
    'import jwt from "jsonwebtoken";\nexport const f = (token) => jwt.decode(token);',
    'export const f = (token, key) => jwtVerify(token, key, { algorithms: ["RS256", "none"] });',
  ],
  allows: ['export const f = (token, keys) => jwtVerify(token, keys, { issuer, audience, algorithms: ["ES256"], requiredClaims: ["exp"] });', 'export const f = (text) => JSON.parse(Buffer.from(text, "base64url").toString());', 'export const f = (token) => token.split(".").length === 3;'],
};
