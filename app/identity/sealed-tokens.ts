// What the provider gave us for a session, encrypted in the database under a key that its browser's cookie alone gives.
import { hkdfSync } from 'node:crypto';
import { z } from 'zod';
import { KEY_BYTES, open, seal } from '#app/lib/sealed.ts';

const schema = z.strictObject({ idToken: z.string(), refreshToken: z.string().optional() });
/** ID token: the hint of a logout. */
export type ProviderTokens = Readonly<z.infer<typeof schema>>;

/** `sessionToken` is random, so a key is derived from it as it is (RFC 5869). The key has one use and one session: no context is needed. */
export function sealTokens(tokens: ProviderTokens, sessionToken: string): Buffer {
  return seal(keyOf(sessionToken), Buffer.from(JSON.stringify(tokens)), '');
}

/** Undefined for what this session did not seal. */
export function openTokens(sealed: Buffer, sessionToken: string): ProviderTokens | undefined {
  const plain = open(keyOf(sessionToken), sealed, '');
  return plain && schema.safeParse(JSON.parse(plain.toString())).data;
}

/** Another key than the hash that the session is found by. */
function keyOf(sessionToken: string): Buffer {
  return Buffer.from(hkdfSync('sha256', sessionToken, '', 'provider tokens of a session', KEY_BYTES));
}
