// A hash that has been broken, or one that is too quick for passwords (CWE-327).
import type { WeaknessRule } from './weakness.ts';
import { either, where, whereConstant } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 327,
  message: 'MD5 and SHA-1 are broken; a plain hash of a password is guessed a billion times a second.',
  fix: 'Use sha256 for fingerprints and HMACs, and hashPassword of the accounts (argon2id) for passwords.',
  // The service that knows breached passwords is asked by SHA-1; nothing rests on that hash.
  except: /\/breached\.ts$/,
  match: either([
    { pattern: '$C.digest({..., name: "SHA-1", ...}, ...)' },
    where('$HASH.update($PASSWORD, ...)', { HASH: '(?i)\\w*(?:hash|digest|sha\\w*|md5|sum|fingerprint)|(?:\\w+\\.)?create(?:Hash|Hmac)\\(.*\\)', PASSWORD: '(?is)(?:.*[^\\w])?\\w*(?:password|passphrase|passwd)\\b.*' }),
    whereConstant('$F($ALG, ...)', { F: '(?:\\w+\\.)?(?:createHash|createHmac|hash|createSign|createVerify)', ALG: '(?i)[\'"`]?(?:rsa-)?(?:md[245]|sha-?1|ripemd\\w*|rmd160|md5-sha1)[\'"`]?' }),
    where('$C.digest($ALG, ...)', { ALG: '(?i)[\'"`]sha-?1[\'"`]' }),
    where('$F(..., $ALG)', { F: '(?:\\w+\\.)?pbkdf2(?:Sync)?', ALG: '(?i)[\'"`](?:md5|sha-?1)[\'"`]' }),
    where('$H.update($PASSWORD, ...)', { H: '(?:\\w+\\.)?createHash\\(.*\\)', PASSWORD: '(?i)(?:\\w+\\.)*\\w*(?:password|passphrase|passwd)\\w*' }),
    where('$F($P, $S, $N, ...)', { F: '(?:\\w+\\.)?pbkdf2(?:Sync)?', N: '\\d{1,2}(?:_?\\d{3})?|[12]?\\d{2}_?\\d{3}|[1-9]\\d?e3' }),
    where('bcrypt.$H($P, $N, ...)', { H: 'hash|hashSync', N: '[1-9]' }),
    where('argon2.hash($P, {..., memoryCost: $M, ...})', { M: '\\d{1,4}|1\\d_?\\d{3}|2 ?\\*\\* ?1[0-3]|1 ?<< ?1[0-3]' }),
    { pattern: 'argon2.hash($P, {..., type: argon2.argon2i, ...})' },
    { pattern: 'argon2.hash($P, {..., type: argon2.argon2d, ...})' },
  ]),
  refuses: [
    'export const f = (text) => createHash("md5").update(text).digest("hex");',
    'const ALGORITHM = "sha1";\nexport const f = (text) => crypto.createHash(ALGORITHM).update(text).digest();',
    'export const f = (k, t) => createHmac("SHA1", k).update(t).digest();',
    'export const f = (password) => createHash("sha256").update(password).digest("hex");',
    'export const f = (p, s) => pbkdf2Sync(p, s, 1000, 32, "sha256");',
    'export const f = (b) => crypto.subtle.digest("SHA-1", b);',
    'export const f = (p) => argon2.hash(p, { memoryCost: 4096 });',
  ],
  allows: [
    'export const f = (text) => createHash("sha256").update(text).digest("hex");',
    'export const f = (p) => argon2.hash(p, { memoryCost: 47_104, timeCost: 1 });',
  ],
};
