// A number that an attacker can compute, where none may be guessed (CWE-338).
import type { WeaknessRule } from './weakness.ts';
import { either, where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 338,
  message: 'Math.random, the time or a counter makes something that nobody must be able to guess.',
  fix: 'Use randomBytes(32).toString("base64url"), randomUUID() or randomInt of node:crypto.',
  match: either([
    '`...${Math.random()}...`', 'String(Math.random())', { patterns: [{ pattern: '$SEED.toString($RADIX)' }, { 'pattern-inside': 'const $SEED = <... Math.random() ...>;\n...' }] }, where('$X.$NAME = <... Date.now().toString($RADIX) ...>', { NAME: '(?i)\\w*(?:token|secret|nonce|otp|password|code|key|id)' }),
    { pattern: '<... Math.random() ...>.toString($RADIX)' }, where('$S += <... Math.random() ...>', { S: '(?i)s|text|out|result|\\w*(?:token|id|code|key|secret|nonce|state|salt)' }),
    { pattern: 'Math.random().toString(...)' },
    where('const $NAME = <... Math.random() ...>;', { NAME: '(?i)\\w*(?:token|secret|nonce|otp|password|salt|session|csrf|state|verifier|challenge|key|pin|code|id|uuid|iv)s?' }),
    where('let $NAME = <... Math.random() ...>;', { NAME: '(?i)\\w*(?:token|secret|nonce|otp|password|salt|session|csrf|state|verifier|challenge|key|pin|code|id|uuid|iv)s?' }),
    where('$X.$NAME = <... Math.random() ...>', { NAME: '(?i)\\w*(?:token|secret|nonce|otp|password|salt|session|csrf|state|verifier|challenge|key|pin|code|id|uuid|iv)s?' }),
    where('{..., $NAME: <... Math.random() ...>, ...}', { NAME: '(?i)\\w*(?:token|secret|nonce|otp|password|salt|session|csrf|state|verifier|challenge|key|pin|code|id|uuid|iv)s?' }),
    where('const $NAME = <... Date.now().toString(...) ...>;', { NAME: '(?i)\\w*(?:token|secret|nonce|otp|password|salt|session|csrf|state|verifier|challenge|key|pin|code|id|uuid|iv)s?' }),
    where('function $NAME(...) { ... return <... Math.random() ...>; }', { NAME: '(?i)\\w*(?:token|secret|nonce|otp|password|salt|session|csrf|verifier|challenge|key|pin|code|id|uuid)' }),
    where('const $NAME = (...) => { ... return <... Math.random() ...>; };', { NAME: '(?i)\\w*(?:token|secret|nonce|otp|password|salt|session|csrf|verifier|challenge|key|pin|code|id|uuid)' }),
    where('const $NAME = (...) => $BODY;', { BODY: '(?s).*Math\\.random\\(\\).*', NAME: '(?i)\\w*(?:token|secret|nonce|otp|password|salt|session|csrf|verifier|challenge|key|pin|code|id|uuid)' }),
    where('$S[Math.floor(Math.random() * $N)]', { S: '(?i)\\w*(?:alphabet|chars|characters|letters|digits)\\w*' }),
    { pattern: 'crypto.pseudoRandomBytes(...)' },
    { pattern: 'pseudoRandomBytes(...)' },
  ]),
  refuses: [
    'export const f = () => Math.random().toString(36).slice(2);',
    'export const f = () => { const code = String(Math.floor(Math.random() * 1e6)).padStart(6, "0"); return code; };',
    'export function createToken() { return `${Date.now()}-${Math.random()}`; }',
    'export const newSessionId = () => Array.from({ length: 9 }, () => Math.random()).join("");',
    'export const f = (row) => ({ ...row, resetToken: Math.random() * 2 ** 53 });',
    'export const f = (alphabet) => alphabet[Math.floor(Math.random() * alphabet.length)];',
  ],
  allows: [
    'export const f = (delayMs) => delayMs * (0.5 + Math.random() / 2);',
    'export const f = () => { const id = randomUUID(); return id; };',
  ],
};
