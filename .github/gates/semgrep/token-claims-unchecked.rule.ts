// A token with a good signature that was made for somebody else, by somebody else, or for last year (CWE-345).
import type { WeaknessRule } from './weakness.ts';
import { either } from './patterns.ts';

const verify = ['jwtVerify(...)', '$JOSE.jwtVerify(...)', 'jwtDecrypt(...)'];
/** These know of signatures and of no claim. */
const SIGNATURE_ONLY = ['compactVerify(...)', 'flattenedVerify(...)', 'generalVerify(...)'].flatMap((call) => [call, `$JOSE.${call}`]);
const without = (name: string): readonly Readonly<Record<string, unknown>>[] => [
  { 'pattern-not': `$F($T, $K, {..., ${name}: $V, ...})` }, { 'pattern-not': `$F($T, $K, {..., ${name}, ...})` }, { 'pattern-not': `$J.jwtVerify($T, $K, {..., ${name}: $V, ...})` },
];

export const rule: WeaknessRule = {
  cwe: 345,
  message: 'A token is verified without saying who must have made it (issuer), for whom (audience), by which algorithms, or that it must end (exp).',
  fix: 'Give jwtVerify (compactVerify and its like know no claims) issuer, audience, algorithms and requiredClaims: ["exp", …]: jose checks only what it is told to.',
  match: {
    'pattern-either': [
      { patterns: [either(verify), ...without('issuer')] },
      { patterns: [either(verify), ...without('audience'), { 'pattern-not': '$F($T, $K, {..., ...$OPTIONS, ...})' }] },
      { patterns: [either(verify), ...without('algorithms')] },
      { patterns: [either(verify), ...without('requiredClaims'), ...without('maxTokenAge')] },
      ...SIGNATURE_ONLY.flatMap((call) => [`const {..., payload, ...} = await ${call};`, `const {..., payload: $P, ...} = await ${call};`, `(await ${call}).payload`, `const $V = await ${call};\n...\n<... $V.payload ...>`, `${call}.then(({..., payload, ...}) => $DO)`, `${call}.then(($R) => <... $R.payload ...>)`]).map((pattern) => ({ pattern })),
      { patterns: [either(['jwt.verify($T, $K)', 'jwt.verify($T, $K, {...})']), { 'pattern-not': 'jwt.verify($T, $K, {..., audience: $A, ...})' }] },
    ],
  },
  refuses: ['export const f = (t, k) => jwtVerify(t, k);', 'export const f = (t, k) => jwtVerify(t, k, { issuer: "https://a.example", algorithms: ["ES256"], requiredClaims: ["exp"] });', 'export const f = (t, k, audience) => jwtVerify(t, k, { issuer: "https://a.example", audience, algorithms: ["ES256"] });', 'export const f = (t, k, audience) => jose.jwtVerify(t, k, { audience, issuer: "https://a.example", requiredClaims: ["exp"] });',
    'export const f = async (t, k) => { const { payload } = await compactVerify(t, k); return JSON.parse(new TextDecoder().decode(payload)); };',
    'export async function f(t, k) { const verified = await jose.flattenedVerify(t, k, { algorithms: ["ES256"] }); const claims = JSON.parse(decoder.decode(verified.payload)); return claims.sub; }',
    'export const f = async (t, k) => JSON.parse((await generalVerify(t, k)).payload.toString());',
  ],
  allows: ['export const f = async (jws, k) => { await flattenedVerify(jws, k, { algorithms: ["ES256"] }); };', 'export const f = (t, k, issuer, audience) => jwtVerify(t, k, { issuer, audience, algorithms: ["ES256"], requiredClaims: ["exp", "sub"] });', 'export const f = (t, k, issuer, named) => jwtVerify(t, k, { issuer, algorithms: ["ES256"], requiredClaims: ["exp"], ...(named ? { audience: "a" } : {}) });'],
};
