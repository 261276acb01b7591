// A token with a good signature that was made for somebody else, by somebody else, or for last year (CWE-345).
import type { WeaknessRule } from './weakness.ts';
import { either } from './patterns.ts';

const verify = ['jwtVerify(...)', '$JOSE.jwtVerify(...)', 'jwtDecrypt(...)'];
const without = (name: string): readonly Readonly<Record<string, unknown>>[] => [
  { 'pattern-not': `$F($T, $K, {..., ${name}: $V, ...})` }, { 'pattern-not': `$F($T, $K, {..., ${name}, ...})` }, { 'pattern-not': `$J.jwtVerify($T, $K, {..., ${name}: $V, ...})` },
];

export const rule: WeaknessRule = {
  cwe: 345,
  message: 'A token is verified without saying who must have made it (issuer), for whom (audience), by which algorithms, or that it must end (exp).',
  fix: 'Give jwtVerify issuer, audience, algorithms and requiredClaims: ["exp", …]: jose checks only what it is told to.',
  match: {
    'pattern-either': [
      { patterns: [either(verify), ...without('issuer')] },
      { patterns: [either(verify), ...without('audience'), { 'pattern-not': '$F($T, $K, {..., ...$OPTIONS, ...})' }] },
      { patterns: [either(verify), ...without('algorithms')] },
      { patterns: [either(verify), ...without('requiredClaims'), ...without('maxTokenAge')] },
      { patterns: [either(['jwt.verify($T, $K)', 'jwt.verify($T, $K, {...})']), { 'pattern-not': 'jwt.verify($T, $K, {..., audience: $A, ...})' }] },
    ],
  },
  refuses: ['export const f = (t, k) => jwtVerify(t, k);', 'export const f = (t, k) => jwtVerify(t, k, { issuer: "https://a.example", algorithms: ["ES256"], requiredClaims: ["exp"] });', 'export const f = (t, k, audience) => jwtVerify(t, k, { issuer: "https://a.example", audience, algorithms: ["ES256"] });', 'export const f = (t, k, audience) => jose.jwtVerify(t, k, { audience, issuer: "https://a.example", requiredClaims: ["exp"] });'],
  allows: ['export const f = (t, k, issuer, audience) => jwtVerify(t, k, { issuer, audience, algorithms: ["ES256"], requiredClaims: ["exp", "sub"] });', 'export const f = (t, k, issuer, named) => jwtVerify(t, k, { issuer, algorithms: ["ES256"], requiredClaims: ["exp"], ...(named ? { audience: "a" } : {}) });'],
};
