// A token where every script of the page can read it (CWE-922).
import type { WeaknessRule } from './weakness.ts';
import { either, where } from './patterns.ts';

/** `key` alone, or of something that is locked by it: no keyboard; `auth`, and no author. */
const SECRET = '(?:token|jwt|session(?!_?[sS]torage)|secret|auth(?!or(?!i[sz]))|password|passphrase|credential|(?:api|access|private|secret|signing|encryption|auth|master|crypto)[-_ ]?key|(?<![a-z])keys?(?![a-z])|bearer)';

export const rule: WeaknessRule = {
  cwe: 922,
  message: 'A token or a secret is kept where every script of the page reads it.',
  fix: 'The session is a cookie that scripts can not read; keep nothing else.',
  match: either([
    where('$STORE.setItem($KEY, ...)', { STORE: '(?:window\\.|globalThis\\.)?(?:localStorage|sessionStorage)', KEY: `(?is).*${SECRET}.*` }),
    where('$STORE.setItem($K, $V)', { STORE: '(?:window\\.|globalThis\\.)?(?:localStorage|sessionStorage)', V: '(?i)(?s).*(?:token|jwt|secret|password|credential).*' }),
    where('$STORE.$KEY = $V', { STORE: '(?:window\\.|globalThis\\.)?(?:localStorage|sessionStorage)', KEY: `(?i).*${SECRET}.*` }),
    where('$STORE[$KEY] = $V', { STORE: '(?:window\\.|globalThis\\.)?(?:localStorage|sessionStorage)', KEY: `(?i).*${SECRET}.*` }),
    where('$W.postMessage($M, $T)', { T: '[\'"`]\\*[\'"`]' }),
    where('$W.postMessage($M, {..., targetOrigin: $T, ...})', { T: '[\'"`]\\*[\'"`]' }),
  ]),
  refuses: [
    'export const f = (token) => { localStorage.setItem("access_token", token); };',
    'export const f = (answer) => { sessionStorage.setItem("a", answer.token); };',
    'export const f = (jwt) => { window.localStorage.jwt = jwt; };',
    'export const f = (key) => { localStorage.setItem("apiKey", key); };',
    'export const f = (key) => { localStorage.setItem("key", key); };',
    'export const f = (value) => { localStorage.setItem("authorization", value); };',
    'export const f = (frame, data) => { frame.postMessage(data, "*"); };',
  ],
  allows: [
    'export const f = () => { localStorage.setItem("theme", "dark"); };',
    'export const f = (layout, name) => { localStorage.setItem("keyboard-layout", layout); localStorage.setItem("author-filter", name); };',
  ],
};
