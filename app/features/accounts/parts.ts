// What the feature's pages and operations share.
// Tested by sign-in.test.ts: the whole feature is made of it.
import type { Logger } from 'pino';
import type { CountSignIn, Database, RecordChange, SignIn } from '#app/feature.ts';
import type { IsBreached } from './breached.ts';
import { DEVICE_MAX_AGE_S, makeDevice } from './device.ts';
import type { KeyRing } from './keys.ts';
import type { Mailer } from './mail.ts';
import { type CredentialChange, noticeMail } from './mail-texts.ts';
import type { RelyingParty } from './passkeys.ts';
import type { Passwords } from './passwords.ts';
import { type Account, subjectIdOf } from './store.ts';

export interface AccountParts {
  readonly keys: KeyRing;
  readonly passwords: Passwords;
  readonly mailer: Mailer;
  readonly isBreached: IsBreached;
  readonly publicUrl: string;
  /** That a sign-in needs: with fewer a person may get a second one, and nothing else. */
  readonly signInFactors: 1 | 2;
  /** Undefined where passkeys can't be: the service is opened by its address. */
  readonly party: RelyingParty | undefined;
  /** Counts how attempts end; which kind of code a wrong one was to be, nobody knows. */
  readonly outcomes: Readonly<Record<'password' | 'passkey' | 'code' | 'authenticator' | 'recovery-code', CountSignIn>>;
  /** Runs on after the answer; what it takes, nobody can measure by the answer. */
  readonly background: (work: () => Promise<void>, log: Logger) => void;
}

export const ISSUER = 'Stockade';

export function personOf(account: Account): SignIn['person'] {
  return { tenantId: account.tenantId, id: subjectIdOf(account), name: account.name, roles: account.roles };
}

/** The cookie by which this browser is known from now on. */
export function keepDevice({ keys }: Pick<AccountParts, 'keys'>, account: Account): { readonly value: string; readonly maxAgeS: number } {
  return { value: makeDevice(keys, { tenantId: account.tenantId, accountId: account.id }), maxAgeS: DEVICE_MAX_AGE_S };
}

export const CHANGE = 'credentials:change';

/** For who is not signed in: in the transaction of the change. `by` is what they proved to be the person with. */
export function recordChange(record: RecordChange, db: Database, account: Account, change: CredentialChange, by: 'mailed-link' | 'recovery-code'): Promise<void> {
  return record(db, { action: CHANGE, person: personOf(account), details: { change, by } });
}

/** In the transaction of the change (ASVS 6.3.7). */
export function notify({ mailer }: Pick<AccountParts, 'mailer'>, db: Database, account: Account, change: CredentialChange, now: Date): Promise<void> {
  return mailer.enqueue(db, account.tenantId, noticeMail(account, change), now);
}

/** What others know of the person, and a guesser tries first. */
export function knownOf({ email, name, tenantId }: Account): readonly string[] {
  return [email, name, tenantId];
}
