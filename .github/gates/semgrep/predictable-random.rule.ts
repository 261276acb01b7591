// A number that an attacker can compute, where none may be guessed (CWE-338).
import type { WeaknessRule } from './weakness.ts';

const WORDS = 'token|secret|nonce|otp|password|salt|session|csrf|state|verifier|challenge|key|pin|code|id|uuid|iv|seed';
/** One of the words alone, or at the end of a name: `resetToken`, `RESET_TOKEN`, and no `grid`. What is to be spread is not to be secret. */
const NAMES = `(?!(?i:jitter|sample|sampling|shuffle|noise|backoff|delay|test|animation))(?:(?:\\w*_)?(?i:${WORDS})|\\w*(?:${WORDS.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase())}|UUID|ID|OTP|CSRF|IV|PIN))s?`;

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
      `\\b${NAMES}['"]?\\s*[:=](?!=)[^;\\n]*(?:Math\\.random\\(\\)(?!\\s*[<>]=?\\s*[\\w.]+\\s*\\?)|Date\\.now\\(\\)\\.toString\\(\\d)`,
      `\\bfunction\\s+${NAMES}\\s*\\([^)]*\\)\\s*\\{[^}]*Math\\.random\\(`,
      `\\bconst\\s+${NAMES}\\s*=\\s*(?:async\\s*)?\\([^)]*\\)[^=;]*=>\\s*\\{[^;]*;?[^}]*Math\\.random\\(`,
      `(?i)(?:alphabet|chars|characters|letters|digits|symbols)\\w*(?:\\[|\\.charAt\\(|\\.at\\()\\s*Math\\.(?:floor|trunc|round)\\(\\s*Math\\.random`,
      `\\b(?:s|text|out|result|${NAMES})\\s*\\+=[^;\\n]*Math\\.random\\(\\)`,
      `\\bpseudoRandomBytes\\(`,
    ].map((regex) => ({ 'pattern-regex': regex })),
  },
  refuses: [
    'export const f = () => Math.random().toString(36).slice(2);',
    'export const f = () => { const code = String(Math.floor(Math.random() * 1e6)).padStart(6, "0"); return code; };',
    'export function createToken() { return `${Date.now()}-${Math.random()}`; }',
    'export const newSessionId = () => Array.from({ length: 9 }, () => Math.random()).join("");',
    'export const f = () => { const seed = Math.random(); return seed; };',
    'export const f = () => { const SESSION_ID = Math.random(); const userIds = [Math.random()]; return [SESSION_ID, userIds]; };',
    'export const f = (row) => ({ ...row, resetToken: Math.random() * 2 ** 53 });',
    'export const f = (alphabet) => alphabet[Math.floor(Math.random() * alphabet.length)];',
  ],
  allows: [
    'export const f = (delayMs) => delayMs * (0.5 + Math.random() / 2);',
    'export const f = () => { const id = randomUUID(); return id; };',
    'export const f = () => { const state = Math.random() < 0.01 ? "sampled" : "left"; return state; };',
    'export const f = () => { const grid = Math.random(); const jitterSeed = Math.random(); return grid + jitterSeed; };',
  ],
};
