// Ceremonies that take two requests: what the second one needs to know of the first, once and for a few minutes.
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '#app/feature.ts';
import { hashToken } from './store.ts';
import { NOBODY, tablesOf } from './tables.ts';

export type Purpose = 'second-factor' | 'passkey-sign-in' | 'passkey-registration' | 'authenticator';

export interface Attempt {
  readonly purpose: Purpose;
  /** Absent where a passkey is to tell. */
  readonly account?: { readonly tenantId: string; readonly id: string };
  /** A passkey's (WebAuthn Level 3, 13.4.3). */
  readonly challenge?: string | undefined;
  /** Encrypted. */
  readonly secret?: Buffer | undefined;
}

export const ATTEMPT_MS = 5 * 60_000;
const MOST_TRIES = 5;

/** Its id, for the page that goes on with it; 256 bits. */
export async function beginAttempt(db: Database, { purpose, account, challenge, secret }: Attempt, now: Date): Promise<string> {
  const id = randomBytes(32).toString('base64url');
  await tablesOf(db)
    .insertInto('account_attempt')
    .values({ tenant_id: account?.tenantId ?? NOBODY, id_hash: hashToken(id), purpose, account_id: account?.id ?? null, challenge: challenge ?? null, secret: secret ?? null, tries: 0, expires_at: new Date(now.getTime() + ATTEMPT_MS) })
    .execute();
  return id;
}

/** Counts as a try; undefined for one that has ended, was tried too often, or is for something else. */
export async function continueAttempt(db: Database, id: string, purpose: Purpose, now: Date): Promise<Attempt | undefined> {
  const row = await tablesOf(db)
    .updateTable('account_attempt')
    .set({ tries: sql`tries + 1` })
    .where('id_hash', '=', hashToken(id))
    .where('purpose', '=', purpose)
    .where('tries', '<', MOST_TRIES)
    .where('expires_at', '>', now)
    .returning(['tenant_id', 'account_id', 'challenge', 'secret'])
    .executeTakeFirst();
  return row && toAttempt(purpose, row);
}

/** For what is tried once: it has ended with the answer. */
export async function takeAttempt(db: Database, id: string, purpose: Purpose, now: Date): Promise<Attempt | undefined> {
  const row = await tablesOf(db).deleteFrom('account_attempt').where('id_hash', '=', hashToken(id)).where('purpose', '=', purpose).where('expires_at', '>', now).returning(['tenant_id', 'account_id', 'challenge', 'secret']).executeTakeFirst();
  return row && toAttempt(purpose, row);
}

/** False where another request has ended it before. */
export async function endAttempt(db: Database, id: string): Promise<boolean> {
  const result = await tablesOf(db).deleteFrom('account_attempt').where('id_hash', '=', hashToken(id)).executeTakeFirst();
  return result.numDeletedRows === 1n;
}

function toAttempt(purpose: Purpose, row: { readonly tenant_id: string; readonly account_id: string | null; readonly challenge: string | null; readonly secret: Buffer | null }): Attempt {
  return {
    purpose,
    ...(row.account_id === null ? {} : { account: { tenantId: row.tenant_id, id: row.account_id } }),
    challenge: row.challenge ?? undefined,
    secret: row.secret === null ? undefined : Buffer.from(row.secret),
  };
}
