// A secret that is in the code for when nobody sets one (CWE-798).
import type { WeaknessRule } from './weakness.ts';
import { either, where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 798,
  message: 'A secret has a default in the code: whoever reads the repository has it, wherever it was forgotten to set one.',
  fix: 'Refuse to start without it: parseConfig (app/config.ts) names what is missing.',
  match: either([
    where('$A ?? $B', { A: '(?is).{0,60}(?:secret|password|passphrase|api_?key|signing_?key|session_?keys?|private_?key|encryption_?key|access_?token)[\'"\\]\\)]*', B: '[\'"`](?!.{0,3}$).*' }),
    where('$A || $B', { A: '(?is).{0,60}(?:secret|password|passphrase|api_?key|signing_?key|session_?keys?|private_?key|encryption_?key|access_?token)[\'"\\]\\)]*', B: '[\'"`](?!.{0,3}$).*' }),
    where('$A = $B', { A: '(?i)\\w*(?:secret|password|passphrase|api_?key|signing_?key|session_?keys?|private_?key)', B: '[\'"`][^\\s\'"`$]{8,}[\'"`]' }),
    where('const {..., $A = $B, ...} = $X;', { A: '(?i)\\w*(?:secret|password|passphrase|api_?key|signing_?key|session_?keys?|private_?key)\\w*', B: '[\'"`].{4,}' }),
    where('const $A = $B;', { A: '(?i)\\w*(?:secret|passphrase|api_?key|signing_?key|session_?key|private_?key|encryption_?key|hmac_?key)', B: '[\'"`][^\\s\'"`$]{8,}[\'"`]' }),
    where('{..., $A: $B, ...}', { A: '(?i)(?:client_?)?secret|password|passphrase|api_?key|signing_?key|private_?key|encryption_?key', B: '[\'"`][^\\s\'"`$]{8,}[\'"`]' }),
  ]),
  refuses: [
    'export const f = (env) => env.SESSION_SECRET ?? "development-only";',
    'export const f = (env) => env["API_KEY"] || "0123456789";',
    'const SIGNING_KEY = "c29tZSBrZXkgaGVyZQ";\nexport const f = () => SIGNING_KEY;',
    'export const options = { clientSecret: "c29tZSBrZXkgaGVyZQ" };',
  ],
  allows: [
    'export const f = (env) => env.SESSION_SECRET ?? "";',
    'export const f = (token) => token ?? "none";',
    'export const messages = { password: "Type your password again." };',
  ],
};
