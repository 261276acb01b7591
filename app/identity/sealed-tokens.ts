// What the provider gave us for a session, encrypted in the database under a key that its browser's cookie alone gives.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { z } from 'zod';

const schema = z.strictObject({ idToken: z.string(), refreshToken: z.string().optional() });
/** ID token: the hint of a logout. */
export type ProviderTokens = Readonly<z.infer<typeof schema>>;

const ALGORITHM = 'aes-256-gcm';
const [KEY_BYTES, NONCE_BYTES, TAG_BYTES] = [32, 12, 16];

/** `sessionToken` is random, so a key is derived from it as it is (RFC 5869). Each sealing takes a new nonce (NIST SP 800-38D). */
export function sealTokens(tokens: ProviderTokens, sessionToken: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, keyOf(sessionToken), nonce, { authTagLength: TAG_BYTES });
  return Buffer.concat([nonce, cipher.update(JSON.stringify(tokens)), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined for what this session did not seal. */
export function openTokens(sealed: Buffer, sessionToken: string): ProviderTokens | undefined {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv(ALGORITHM, keyOf(sessionToken), sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    const text = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Another key than the hash that the session is found by. */
function keyOf(sessionToken: string): Buffer {
  return Buffer.from(hkdfSync('sha256', sessionToken, '', 'provider tokens of a session', KEY_BYTES));
}
