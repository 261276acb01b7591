// A cookie that scripts can read, that goes out without TLS, or that other sites send along (CWE-614, 1004, 1275).
import type { WeaknessRule } from './weakness.ts';
import { where } from './patterns.ts';

const has = (name: string, value = '$V'): readonly Readonly<Record<string, unknown>>[] => [{ 'pattern-not': `$C.cookies.set($NAME, $VALUE, {..., ${name}: ${value}, ...})` }];
const cookieText = '(?is)[\'"`](?!(?=.*httponly)(?=.*samesite=(?:lax|strict))(?=.*(?:secure|\\$\\{)))[^=]+=.*';

export const rule: WeaknessRule = {
  cwe: 614,
  message: 'This cookie lacks HttpOnly, Secure or SameSite: scripts may read it, it goes out in the clear, or other sites send it along.',
  fix: 'Write it by writeCookie (app/identity/cookies.ts); a feature returns keep: { value, maxAgeS }. By hand: HttpOnly; Secure; SameSite=Lax; Path=/ and the prefix __Host-.',
  match: {
    'pattern-either': [
      { patterns: [{ pattern: '$C.cookies.set($NAME, $VALUE, ...)' }, ...has('httpOnly', 'true')] },
      { patterns: [{ pattern: '$C.cookies.set($NAME, $VALUE, {...})' }, ...has('sameSite')] },
      { patterns: [{ pattern: '$C.cookies.set($NAME, $VALUE, {...})' }, ...has('secure')] },
      ...['httpOnly: false', 'secure: false', "sameSite: 'none'", "sameSite: 'None'", 'sameSite: false'].flatMap((option) => [{ pattern: `$C.cookies.set(..., {..., ${option}, ...})` }, { pattern: `$R.cookie(..., {..., ${option}, ...})` }, { pattern: `serialize(..., {..., ${option}, ...})` }, { pattern: `{..., cookie: {..., ${option}, ...}, ...}` }]),
      where('$C.$SET($HEADER, $TEXT)', { SET: 'set|append|setHeader|appendHeader', HEADER: '[\'"`](?i:set-cookie)[\'"`]', TEXT: cookieText }),
      where('$C.$SET($HEADER, [..., $TEXT, ...])', { SET: 'set|append|setHeader|appendHeader', HEADER: '[\'"`](?i:set-cookie)[\'"`]', TEXT: cookieText }),
      where('$C.$SET($HEADER, $A + $B)', { SET: 'set|append|setHeader|appendHeader', HEADER: '[\'"`](?i:set-cookie)[\'"`]', B: '(?is)(?!.*httponly).*' }),
      { patterns: [{ pattern: '{..., "Set-Cookie": $TEXT, ...}' }, { 'metavariable-regex': { metavariable: '$TEXT', regex: cookieText } }] },
      // The text of a cookie, wherever it is put together.
      { 'pattern-regex': '(?is)[\'"`](?=[^`\'"\\n;]{1,80}=[^`\\n]{0,200}; ?(?:path=/|max-age=|expires=|httponly|samesite=|secure))(?!(?=[^\\n]*httponly)(?=[^\\n]*samesite=(?:lax|strict))(?=[^\\n]*secure))[^`\\n]*; ?(?:path=/|max-age=|expires=|httponly|samesite=|secure)' },
      { 'pattern-regex': '(?i)\\[(?![^\\]\\n]*httponly[^\\]\\n]*samesite)[^\\]\\n]*=[^\\]\\n]*[\'"`](?:path=/|httponly|secure)[\'"`][^\\]\\n]*\\]' },
      { pattern: 'document.cookie = $X' },
    ],
  },
  refuses: ['export const f = (ctx, v) => { ctx.cookies.set("session", v); };', 'export const f = (ctx, v) => { ctx.cookies.set("session", v, { httpOnly: true, secure: true, sameSite: "none" }); };', 'export const f = (ctx, v) => { ctx.cookies.set("theme", v, { httpOnly: true, sameSite: "lax" }); };', 'export const f = (ctx, v) => { ctx.append("Set-Cookie", `session=${v}; Path=/`); };', 'export const f = (res, v) => { res.setHeader("set-cookie", ["session=" + v, `id=${v}; HttpOnly`]); };', 'export const f = (ctx, v) => { ctx.append("Set-Cookie", "session=" + v); };', 'export function write(name, value, age) { return `${name}=${value}; Path=/; Max-Age=${age}; SameSite=Lax`; }'],
  allows: ['export const f = (ctx, v) => { ctx.cookies.set("session", v, { httpOnly: true, secure: true, sameSite: "lax" }); };', 'export const f = (ctx, cookie) => { ctx.append("Set-Cookie", cookie); };', 'export function write(name, value, age, secure) { return `${name}=${value}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`; }'],
};
