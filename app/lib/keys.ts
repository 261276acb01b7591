// Keys by name, the current one first, and AES-256-GCM with them: what was made says which key made it.
import * as sealed from '#app/lib/sealed.ts';

export interface Key {
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Buffer;
}

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
  const id = Buffer.from(key.id);
  return Buffer.concat([Buffer.from([id.length]), id, sealed.seal(key.secret, plain, context)]);
}

/** Undefined for what was changed, belongs elsewhere, or was made with a key that is not there (any more). */
export function open(find: (id: string) => Buffer | undefined, bytes: Uint8Array, context: string): Buffer | undefined {
  const start = 1 + (bytes[0] ?? 0);
  const secret = find(Buffer.from(bytes.subarray(1, start)).toString());
  return secret && sealed.open(secret, bytes.subarray(start), context);
}
