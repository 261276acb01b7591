// What stands in a token, read without a look at its signature (CWE-347).
import { focus } from './patterns.ts';
import type { WeaknessRule } from './weakness.ts';

export const rule: WeaknessRule = {
  cwe: 347,
  message: 'A part of a token is parsed by hand: nothing has checked its signature, so whoever sends it writes what it says.',
  fix: 'Use jwtVerify with the keys, issuer, audience and algorithms, as app/identity/bearer.ts does; its payload is what the token says.',
  match: {
    mode: 'taint',
    'pattern-sources': ['$TOKEN.split(".")', '$TOKEN.split(".", ...)'].map((pattern) => ({ pattern })),
    'pattern-sinks': [focus('TEXT', ['JSON.parse($TEXT)', '$SCHEMA.parse(JSON.parse($TEXT))'])],
  },
  refuses: [
    'export const f = (token) => JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));',
    'export function f(token) { const [, payload] = token.split("."); return JSON.parse(Buffer.from(payload, "base64url").toString()); }',
    'export const f = (token) => { const parts = token.split("."); const text = atob(parts[1].replace(/-/g, "+")); return JSON.parse(text); };',
  ],
  allows: ['export const f = (text) => JSON.parse(Buffer.from(text, "base64url").toString());', 'export const f = (token) => token.split(".").length === 3;'],
};
