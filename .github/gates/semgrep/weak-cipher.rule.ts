// Encryption that shows patterns, that nobody notices a change of, or that begins the same each time (CWE-1240).
import type { WeaknessRule } from './weakness.ts';
import { either, where, whereConstant } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 1240,
  message: 'This encryption is no authenticated one, takes a tag of any length, or has its key or nonce written in the code.',
  fix: 'Use sealedBox of app/lib/sealed.ts, or aes-256-gcm with randomBytes(12) as nonce and a key from the configuration.',
  match: either([
    ...['const $V = Buffer.alloc(...);\n...', 'const $V = new Uint8Array(...);\n...', 'const $V = Buffer.from("...", ...);\n...', 'const $V = Buffer.from([...]);\n...', 'const $V = new TextEncoder().encode("...");\n...'].map((made) => ({ patterns: [either(['createCipheriv($A, $V, ...)', 'createCipheriv($A, $K, $V, ...)', '$C.createCipheriv($A, $V, ...)', '$C.createCipheriv($A, $K, $V, ...)', 'createHmac($A, $V)', '$C.createHmac($A, $V)', '$T.sign($V)']), { 'pattern-inside': made }] })),
    whereConstant('$F($ALG, ...)', { F: '(?:\\w+\\.)?create(?:Cipher|Decipher)iv', ALG: '(?i)[\'"`]?(?:aes-?\\d*-(?:ecb|cbc|cfb\\w*|ofb|ctr)|aes\\d+|des\\S*|rc[24]\\S*|bf\\S*|blowfish|cast\\S*|seed\\S*|idea\\S*)[\'"`]?' }),
    where('$F(...)', { F: '(?:\\w+\\.)?create(?:Cipher|Decipher)' }),
    // Without it, whoever forges a text sends a tag of four bytes, and tries: https://nodejs.org/api/crypto.html#ccm-mode
    ...['createDecipheriv', '$C.createDecipheriv'].map((made) => ({ patterns: [either([`${made}($A, $K, $V)`, `${made}($A, $K, $V, {...})`]), ...['authTagLength: $N', 'authTagLength', '...$OPTIONS'].map((said) => ({ 'pattern-not': `${made}($A, $K, $V, {..., ${said}, ...})` }))] })),
    { patterns: [{ pattern: '{..., authTagLength: $N, ...}' }, { 'metavariable-comparison': { metavariable: '$N', comparison: '$N < 12' } }] },
    where('$F($ALG, $KEY, $IV, ...)', { F: '(?:\\w+\\.)?createCipheriv', IV: '(?s)[A-Z][A-Z_]+|[\'"`].*|Buffer\\.alloc\\(.*|Buffer\\.from\\((?:[\'"`\\[]).*|new Uint8Array\\(.*|.*createHash\\(.*' }),
    where('$F($ALG, $KEY, ...)', { F: '(?:\\w+\\.)?(?:createCipheriv|createDecipheriv|createHmac)', KEY: '(?s)[\'"`].*|Buffer\\.from\\([\'"`\\[].*|Buffer\\.alloc\\(.*' }),
    where('$F($ALG, $KEY, ...)', { F: '(?:\\w+\\.)?hkdf(?:Sync)?', KEY: '(?s)[\'"`].*|Buffer\\.from\\([\'"`\\[].*' }),
    where('$F($KEY, ...)', { F: '(?:\\w+\\.)?(?:scrypt|scryptSync|pbkdf2|pbkdf2Sync)', KEY: '[\'"`].*' }),
    where('$X.sign($KEY)', { KEY: '(?s)new TextEncoder\\(\\)\\.encode\\([\'"`].*|Buffer\\.from\\([\'"`].*' }),
    where('jwt.$S($P, $KEY, ...)', { S: 'sign|verify', KEY: '[\'"`].*' }),
    where('$APP.keys = $KEYS', { KEYS: '(?s)\\[\\s*[\'"`].*' }),
    where('$F($TYPE, {..., modulusLength: $N, ...}, ...)', { N: '(?:512|1024|768|1536)' }),
    where('createSecretKey($KEY, ...)', { KEY: '(?s)[\'"`].*|Buffer\\.from\\([\'"`\\[].*' }),
  ]),
  refuses: [
    'export const f = (key, text) => createCipheriv("aes-256-ecb", key, null).update(text);',
    'export const f = (key, iv) => crypto.createCipheriv("aes-128-cbc", key, iv);',
    'export const f = (key) => createCipheriv("aes-256-gcm", key, Buffer.alloc(12));',
    'const NONCE = Buffer.from("000102030405060708090a0b", "hex");\nexport const f = (key) => createCipheriv("aes-256-gcm", key, NONCE);',
    'export const f = (text) => createHmac("sha256", "change me").update(text).digest();',
    'export const f = (payload) => new SignJWT(payload).sign(new TextEncoder().encode("change me"));',
    'export const f = () => generateKeyPairSync("rsa", { modulusLength: 1024 });',
    'export const f = (key, box) => { const d = createDecipheriv("aes-256-gcm", key, box.iv); d.setAuthTag(box.tag); return d.update(box.text); };',
    'export const f = (key, box) => crypto.createDecipheriv("chacha20-poly1305", key, box.iv, { highWaterMark: 1 });',
    'const TAG = 4;\nexport const f = (key, iv) => createDecipheriv("aes-256-gcm", key, iv, { authTagLength: TAG });',
  ],
  allows: [
    'export const f = (key) => createCipheriv("aes-256-gcm", key, randomBytes(12), { authTagLength: 16 });',
    'export const f = (key, iv, authTagLength) => createDecipheriv("aes-256-gcm", key, iv, { authTagLength });',
    'export const f = (key, text) => createHmac("sha256", key).update(text).digest();',
  ],
};
