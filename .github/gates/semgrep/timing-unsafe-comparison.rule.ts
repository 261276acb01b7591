// A secret compared until the first difference: the time tells how much of a guess was right (CWE-208).
import type { WeaknessRule } from './weakness.ts';
import { either, where } from './patterns.ts';

const NAMES = '(?:secret|(?<![a-z])pin|signature|hmac|_?mac|password|passphrase|token|api_?key|csrf|otp|nonce|credential)(?:hash|hex|header|value)?';
const SECRET = `(?is).{0,90}?${NAMES}(?:['"]?\\]|\\)|\\.toString\\([^)]*\\)|\\.digest\\([^)]*\\)|!)*`;
/** Neither a constant nor what something is like, nor another thing that is no guess. */
const OTHER = '(?is)(?!undefined|null$|true$|false$|[\'"`\\d]|typeof ).{0,120}(?<!length|type|kind|typ|state|algorithm|size)(?<!username|\\.email|last\\?\\.text)\\)*(?<!username\\)\\.toLowerCase\\(\\))';

export const rule: WeaknessRule = {
  cwe: 208,
  message: 'A secret is compared character by character; how long that takes tells how much of a guess was right.',
  fix: 'Compare digests of equal length by crypto.timingSafeEqual, or look the secret up by its SHA-256 digest, as the sessions do.',
  match: {
    'pattern-either': [
      ...['$A === $B', '$A !== $B', '$A == $B', '$A != $B'].flatMap((pattern) => [where(pattern, { A: SECRET, B: OTHER }), where(pattern, { A: OTHER, B: SECRET })]),
      ...['$A === $B', '$A !== $B'].flatMap((pattern) => ['$A', '$B'].map((side) => ({ pattern: pattern.replace(side, '<... createHmac(...) ...>') }))),
      ...['$C.$GET($NAME) === $B', '$C.$GET($NAME) !== $B', '$B === $C.$GET($NAME)', '$B !== $C.$GET($NAME)'].map((pattern) => where(pattern, { GET: 'get|header', NAME: '(?i)[\'"`][\\w-]*(?:signature|token|key|secret|csrf|hmac)[\'"`]', B: OTHER })),
      ...['$H[$NAME] === $B', '$H[$NAME] !== $B', '$B === $H[$NAME]', '$B !== $H[$NAME]'].map((pattern) => where(pattern, { NAME: '(?i)[\'"`][\\w-]*(?:signature|token|secret|api-?key|hmac)[\\w-]*[\'"`]', B: OTHER })),
      ...['$A === $B', '$A !== $B', '$A == $B', '$A != $B'].flatMap((pattern) => ['$A', '$B'].map((side) => ({ pattern: pattern.replace(side, '<... $CRYPTO.createHmac(...) ...>') }))),
      { pattern: '$TOTP.generate(...) === $CODE' }, { pattern: '$CODE === $TOTP.generate(...)' }, where('$LIST.includes($B)', { LIST: '(?i)(?:\\w+\\.)*\\w*(?:api_?keys|secrets|passwords|access_?tokens)' }),
      where('$A.equals($B)', { A: SECRET }), where('$A.equals($B)', { B: SECRET }), where('$A.localeCompare($B)', { A: SECRET }), where('$A.startsWith($B)', { A: SECRET, B: OTHER }),
      where('Buffer.compare($A, $B)', { A: SECRET }), where('Buffer.compare($A, $B)', { B: SECRET }), where('Object.is($A, $B)', { A: SECRET }),
      { patterns: [either(['$A === $B', '$A !== $B', '$A.equals($B)']), { 'pattern-either': [{ 'pattern-inside': 'const $A = <... createHmac(...) ...>;\n...' }, { 'pattern-inside': 'const $B = <... createHmac(...) ...>;\n...' }, { 'pattern-inside': 'const $A = <... $C.createHmac(...) ...>;\n...' }, { 'pattern-inside': 'const $B = <... $C.createHmac(...) ...>;\n...' }] }] },
    ],
  },
  refuses: ['export const f = (given, secret) => given === secret;', 'export const f = (ctx, config) => ctx.get("x-api-key") !== config.apiKey;', 'export const f = (body, key, given) => createHmac("sha256", key).update(body).digest("hex") === given;', 'export function f(body, key, given) { const wanted = crypto.createHmac("sha256", key).update(body).digest("hex"); return wanted === given; }', 'export const f = (row, csrfToken) => row.csrf_token == csrfToken;', 'export const f = (signature, wanted) => signature.equals(wanted);', 'export const f = (user, input) => input.password === user.password;'],
  allows: ['export const f = (token) => token === undefined;', 'export const f = (a, b) => timingSafeEqual(a, b);', 'export const f = (signature, wanted) => signature.length === wanted.length && timingSafeEqual(signature, wanted);', 'export const f = (token) => token.type === "bearer";', 'export const f = (token) => token === "";'],
};
