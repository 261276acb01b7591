// The feature's own keys: one for new things, older ones for what was made with them. Each use has a key derived for it.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

export interface Key {
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Buffer;
}

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
const IV_BYTES = 12;
const TAG_BYTES = 16;
const FORM = /^([a-z0-9][a-z0-9-]{0,31}):([A-Za-z0-9_-]{43})$/;

/** `<id>:<32 bytes as base64url>`, parted by commas, the current one first; undefined for anything else. */
export function parseKeys(text: string): readonly Key[] | undefined {
  const keys: Key[] = [];
  for (const part of text.split(',')) {
    const [, id, encoded] = FORM.exec(part.trim()) ?? [];
    if (id === undefined || encoded === undefined || keys.some((key) => key.id === id)) return undefined;
    keys.push({ id, secret: Buffer.from(encoded, 'base64url') });
  }
  return keys;
}

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
    seal(text, context) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', current.seal, iv).setAAD(Buffer.from(context));
      const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      const id = Buffer.from(first.id);
      return Buffer.concat([Buffer.from([id.length]), id, iv, cipher.getAuthTag(), encrypted]);
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed);
      const start = 1 + (bytes[0] ?? 0);
      const key = derived.get(bytes.subarray(1, start).toString())?.seal;
      if (key === undefined || bytes.length < start + IV_BYTES + TAG_BYTES) return undefined;
      const [iv, tag, encrypted] = [bytes.subarray(start, start + IV_BYTES), bytes.subarray(start + IV_BYTES, start + IV_BYTES + TAG_BYTES), bytes.subarray(start + IV_BYTES + TAG_BYTES)];
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context)).setAuthTag(tag);
        return Buffer.concat([decipher.update(encrypted), decipher.final()]).toString();
      } catch {
        return undefined;
      }
    },
    sign: (text) => hmac(current.sign, text),
    isSigned: (text, signature) => [...derived.values()].some(({ sign }) => signature.length === KEY_BYTES && timingSafeEqual(hmac(sign, text), signature)),
  };
}

/** RFC 5869. */
function derive(secret: Buffer, use: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `stockade accounts ${use}`, KEY_BYTES));
}
