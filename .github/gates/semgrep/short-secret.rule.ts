// A secret of so few random bytes that it is found by trying (CWE-334).
import { either, type Pattern } from './patterns.ts';
import type { WeaknessRule } from './weakness.ts';

const NAMES = '(?i)(?!.*(?:prefix|suffix|salt|trace|span|label|display|hint))\\w*(?:token|secret|password|session|session_?id|csrf|verifier|challenge|otp|oauth_?state|state|(?:recovery|invitation|invite|reset|verification|access|auth\\w*|confirmation|backup|login|magic|gift)_?(?:code|link|key)|code|api_?key|(?:signing|encryption|private|hmac)_?key)s?(?:text|value|string)?';
/** Below 128 bits. */
const FEW = '(?:[0-9]|1[0-5])';
const SHORT: readonly string[] = ['randomBytes($N)', '$C.randomBytes($N)', 'randomBytes($N, ...)', '$C.getRandomValues(new Uint8Array($N))', 'getRandomValues(new Uint8Array($N))', '$C.getRandomValues(Buffer.alloc($N))'];
/** A part of a UUID. */
const CUT: readonly string[] = ['randomUUID()', '$C.randomUUID()'].flatMap((uuid) => [`${uuid}.slice(...)`, `${uuid}.substring(...)`, `${uuid}.substr(...)`, `${uuid}.split(...)[$I]`, `${uuid}.split(...).at(...)`, `${uuid}.replaceAll(...).slice(...)`]);

function named(made: string): readonly string[] {
  return [`const $NAME = <... ${made} ...>;`, `let $NAME = <... ${made} ...>;`, `$NAME = <... ${made} ...>`, `$O.$NAME = <... ${made} ...>`, `({..., $NAME: <... ${made} ...>, ...})`, `function $NAME(...) { ... return <... ${made} ...>; }`, `function $NAME(...) { ... const $BYTES = <... ${made} ...>; ... }`, `const $NAME = (...) => <... ${made} ...>`];
}

const called: Pattern = { 'metavariable-regex': { metavariable: '$NAME', regex: `^(?:${NAMES})$` } };

export const rule: WeaknessRule = {
  cwe: 334,
  message: 'A secret is made of less than 16 random bytes: who tries often enough, or stores what was seen, finds one.',
  fix: 'Use randomBytes(32).toString("base64url"). A code that people type may be shorter where it ends soon and few tries are counted: say so in a waiver.',
  match: either([
    { patterns: [either(SHORT.flatMap(named)), called, { 'metavariable-comparison': { metavariable: '$N', comparison: '$N < 16' } }] },
    { patterns: [either(CUT.flatMap(named)), called] },
    // A nonce as text is not that of a cipher, which takes twelve bytes.
    { 'pattern-regex': `\\b(?i:\\w*nonce)\\s*[:=]\\s*(?:\\w+\\.)?randomBytes\\(\\s*${FEW}\\s*\\)\\s*\\.toString\\(` },
  ]),
  refuses: [
    'export const f = () => { const token = randomBytes(8).toString("hex"); return token; };',
    'const BYTES = 6;\nexport const f = () => { const resetToken = crypto.randomBytes(BYTES).toString("base64url"); return resetToken; };',
    'export const f = (row) => ({ ...row, apiKey: `sk_${randomBytes(10).toString("hex")}` });',
    'export const f = () => { const invitationCode = randomUUID().slice(0, 8); return invitationCode; };',
    'export function createSessionId() { return randomBytes(12).toString("hex"); }',
    'export const f = () => { const secret = crypto.getRandomValues(new Uint8Array(8)); return secret; };',
    'export const f = () => { const nonce = randomBytes(6).toString("base64"); return nonce; };',
  ],
  allows: [
    'export const f = () => { const token = randomBytes(32).toString("base64url"); return token; };',
    'export const f = (key) => { const iv = randomBytes(12); return createCipheriv("aes-256-gcm", key, iv, { authTagLength: 16 }); };',
    'export const f = (key) => { const nonce = randomBytes(12); return createCipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 }); };',
    'export const f = () => { const requestId = randomBytes(8).toString("hex"); return requestId; };',
    'export const f = () => { const sessionId = randomUUID(); return sessionId; };',
  ],
};
