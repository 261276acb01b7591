// Keys by name, the current one first, and AES-256-GCM with them: what was made says which key made it.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export interface Key {
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Buffer;
}

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

/** ASVS 11.3.2. `context` is authenticated with it, so that what is sealed can't be moved to another place. */
export function seal(key: Key, plain: Uint8Array, context: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.secret, iv).setAAD(Buffer.from(context));
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
  const id = Buffer.from(key.id);
  return Buffer.concat([Buffer.from([id.length]), id, iv, cipher.getAuthTag(), encrypted]);
}

/** Undefined for what was changed, belongs elsewhere, or was made with a key that is not there (any more). */
export function open(find: (id: string) => Buffer | undefined, sealed: Uint8Array, context: string): Buffer | undefined {
  const bytes = Buffer.from(sealed);
  const start = 1 + (bytes[0] ?? 0);
  const secret = find(bytes.subarray(1, start).toString());
  if (secret === undefined || bytes.length < start + IV_BYTES + TAG_BYTES) return undefined;
  const [iv, tag, encrypted] = [bytes.subarray(start, start + IV_BYTES), bytes.subarray(start + IV_BYTES, start + IV_BYTES + TAG_BYTES), bytes.subarray(start + IV_BYTES + TAG_BYTES)];
  try {
    const decipher = createDecipheriv('aes-256-gcm', secret, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context)).setAuthTag(tag);
    return Buffer.concat([decipher.update(encrypted), decipher.final()]);
  } catch {
    return undefined;
  }
}
