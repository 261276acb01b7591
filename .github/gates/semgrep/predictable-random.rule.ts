// A number that an attacker can compute, where none may be guessed (CWE-338).
import type { WeaknessRule } from './weakness.ts';

const NAMES = '(?:token|secret|nonce|otp|password|salt|session|csrf|state|verifier|challenge|key|pin|code|id|uuid|iv|seed)s?';

export const rule: WeaknessRule = {
  cwe: 338,
  message: 'Math.random, the time or a counter makes something that nobody must be able to guess.',
  fix: 'Use randomBytes(32).toString("base64url"), randomUUID() or randomInt of node:crypto.',
  // They have in them, as seeds, what they look for.
  except: /^\.github\/rules\//,
  match: {
    // By the text: what it is for stands in a name beside it, in many forms.
    'pattern-either': [
      `Math\\.random\\(\\)[^;\\n]*\\.toString\\(`,
      `String\\(\\s*Math\\.random\\(\\)`,
      '`[^`]*\\$\\{[^}]*Math\\.random\\(\\)',
      `(?i)\\b\\w*${NAMES}['"]?\\s*[:=](?!=)[^;\\n]*(?:Math\\.random\\(\\)|Date\\.now\\(\\)\\.toString\\(\\d)`,
      `(?i)\\bfunction\\s+\\w*${NAMES}\\s*\\([^)]*\\)\\s*\\{[^}]*Math\\.random\\(`,
      `(?i)\\bconst\\s+\\w*${NAMES}\\s*=\\s*(?:async\\s*)?\\([^)]*\\)[^=;]*=>\\s*\\{[^;]*;?[^}]*Math\\.random\\(`,
      `(?i)(?:alphabet|chars|characters|letters|digits|symbols)\\w*(?:\\[|\\.charAt\\(|\\.at\\()\\s*Math\\.(?:floor|trunc|round)\\(\\s*Math\\.random`,
      `(?i)\\b(?:s|text|out|result|\\w*${NAMES})\\s*\\+=[^;\\n]*Math\\.random\\(\\)`,
      `\\bpseudoRandomBytes\\(`,
    ].map((regex) => ({ 'pattern-regex': regex })),
  },
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
