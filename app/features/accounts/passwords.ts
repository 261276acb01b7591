// Passwords as argon2id digests with a pepper; few at once, and as much work for nobody as for somebody.
import { hash, needsRehash, verify } from 'argon2';
import { AppError } from '#app/errors.ts';
import { createGate } from '#app/lib/gate.ts';
import type { KeyRing } from './keys.ts';
import type { AccountSettings } from './settings.ts';

export interface Passwords {
  /** Before anything is done for somebody who would have to be turned away. @throws AppError 503 when too many wait. */
  requireRoom(): void;
  /** What to keep: `<key id>:<PHC string>`. @throws AppError 503 when too many wait. */
  hash(password: string): Promise<string>;
  /** For nobody, or somebody without a password, the same work and `good: false`. `stale`: hash it again. @throws AppError 503 when too many wait. */
  verify(kept: string | null | undefined, password: string): Promise<{ readonly good: boolean; readonly stale: boolean }>;
}

/** A person waits two seconds at most, at 40 ms a digest; the rest of a flood is told to come back. */
const MOST_WAITING = 50;

/** Unicode in one form (NIST SP 800-63B-4, 3.1.1.2), so that every keyboard spells it alike. */
export function normalisePassword(password: string): string {
  return password.normalize('NFC');
}

export function createPasswords({ keys, argon2: { memoryKib, passes }, hashesAtOnce }: Pick<AccountSettings, 'argon2' | 'hashesAtOnce'> & { readonly keys: KeyRing }): Passwords {
  const parameters = { memoryCost: memoryKib, timeCost: passes, parallelism: 1 };
  const gate = createGate(hashesAtOnce);
  let inside = 0;
  const requireRoom = (): void => {
    if (inside >= hashesAtOnce + MOST_WAITING) throw new AppError('Many people sign in just now. Try again in a moment.', { status: 503, code: 'sign-in-busy', expose: true, headers: { 'Retry-After': '2' } });
  };
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    requireRoom();
    inside += 1;
    try {
      return await gate(work);
    } finally {
      inside -= 1;
    }
  };
  const digest = async (password: string) => {
    const secret = keys.pepper(keys.currentId);
    return `${keys.currentId}:${await hash(normalisePassword(password), { ...parameters, ...(secret === undefined ? {} : { secret }) })}`;
  };
  // Made once, by the first who asks: a digest that no password has.
  let nobodys: Promise<string> | undefined;

  return {
    requireRoom,
    hash: (password) => inTurn(() => digest(password)),
    verify: (kept, password) =>
      inTurn(async () => {
        // Waited for by everybody, so that not even the first to ask can tell by the time.
        const nobody = await (nobodys ??= digest(crypto.randomUUID()).catch((error: unknown) => {
          nobodys = undefined;
          throw error;
        }));
        const known = kept ?? nobody;
        const split = known.indexOf(':');
        const [keyId, phc] = [known.slice(0, split), known.slice(split + 1)];
        const pepper = keys.pepper(keyId);
        // A pepper that is gone takes its passwords with it; the work is the same.
        const secret = pepper ?? keys.pepper(keys.currentId);
        const matches = await verify(phc, normalisePassword(password), secret === undefined ? {} : { secret });
        const good = matches && pepper !== undefined && kept !== null && kept !== undefined;
        return { good, stale: good && (keyId !== keys.currentId || needsRehash(phc, parameters)) };
      }),
  };
}
