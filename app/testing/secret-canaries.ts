// Secrets that are marked, and where they show: in a text, in any form in which a program might write them down.
import { randomBytes } from 'node:crypto';

export interface Canaries {
  /** A new secret of letters, digits and signs that URLs and headers encode. */
  text(name: string): string;
  /** 32 bytes as base64url, as keys are given. */
  key(name: string): string;
  /** Which of them are in the text. */
  findIn(text: string): readonly string[];
}

export function createCanaries(): Canaries {
  const secrets = new Map<string, readonly string[]>();
  return {
    text(name) {
      const secret = `${randomBytes(9).toString('hex')}+/${randomBytes(3).toString('hex')}`;
      const encoded = encodeURIComponent(secret);
      // RFC 6749, 2.3.1: in a header it is encoded twice.
      secrets.set(name, [...formsOf(Buffer.from(secret), [secret, encoded, secret.slice(0, 12)]), ...formsOf(Buffer.from(encoded), [])]);
      return secret;
    },
    key(name) {
      const bytes = randomBytes(32);
      // Also as a Buffer is written, whole or by its numbers.
      secrets.set(name, formsOf(bytes, [bytes.toString('hex', 0, 8).replaceAll(/(..)(?=.)/g, '$1 '), [...bytes.subarray(0, 8)].join(','), [...bytes.subarray(0, 8)].join(', ')]));
      return bytes.toString('base64url');
    },
    findIn: (text) => [...secrets].flatMap(([name, forms]) => (forms.some((form) => text.includes(form)) ? [name] : [])),
  };
}

/** Base64 looks another way at each of three offsets: in a header, the secret comes after an id. */
function formsOf(secret: Buffer, more: readonly string[]): readonly string[] {
  const base64 = [0, 1, 2].flatMap((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), secret]).toString('base64').replace(/=+$/, '');
    const own = whole.slice(offset === 0 ? 0 : 4, -2);
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [...more, ...base64, secret.toString('hex')];
}
