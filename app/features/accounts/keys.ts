// The feature's own keys: one for new things, older ones for what was made with them. Each use has a key derived for it.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { type Key, open, seal } from '#app/lib/keys.ts';

export interface KeyRing {
  readonly currentId: string;
  /** Undefined for an id that is not there (any more). */
  pepper(id: string): Buffer | undefined;
  /** AES-256-GCM (ASVS 11.3.2); `context` binds the text to its place, so that it can't be moved to another. */
  seal(text: string, context: string): Buffer;
  /** Undefined for what was changed, belongs elsewhere, or was made with a key that is gone. */
  open(sealed: Uint8Array, context: string): string | undefined;
  /** HMAC-SHA-256 under the current key. */
  sign(text: string): Buffer;
  /** Under any key of the ring. */
  isSigned(text: string, signature: Buffer): boolean;
}

const KEY_BYTES = 32;

/** @throws TypeError without a key. */
export function createKeyRing(keys: readonly Key[]): KeyRing {
  const [first] = keys;
  if (first === undefined) throw new TypeError('A key ring needs a key.');
  const derived = new Map(keys.map(({ id, secret }) => [id, { pepper: derive(secret, 'pepper'), seal: derive(secret, 'seal'), sign: derive(secret, 'sign') }]));
  const current = derived.get(first.id) ?? { pepper: first.secret, seal: first.secret, sign: first.secret };
  const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  return {
    currentId: first.id,
    pepper: (id) => derived.get(id)?.pepper,
    seal: (text, context) => seal({ id: first.id, secret: current.seal }, Buffer.from(text), context),
    open: (sealed, context) => open((id) => derived.get(id)?.seal, sealed, context)?.toString(),
    sign: (text) => hmac(current.sign, text),
    isSigned: (text, signature) => [...derived.values()].some(({ sign }) => signature.length === KEY_BYTES && timingSafeEqual(hmac(sign, text), signature)),
  };
}

/** RFC 5869. */
function derive(secret: Buffer, use: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `stockade accounts ${use}`, KEY_BYTES));
}
