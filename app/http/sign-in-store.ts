// Counts sign-ins in PostgreSQL, for all processes together, where there is no Valkey. The database may go away at any time.
import { CompiledQuery, sql } from 'kysely';
import type { Logger } from 'pino';
import type { Database } from '#app/feature.ts';
import type { SharedStore } from '#app/http/shared-store.ts';

export const SIGN_IN_TABLE = 'sign_in_limit';
/** Nobody waits longer for being counted; what they want next needs the database as well, and says so itself. */
const ANSWER_WITHIN_MS = 1_000;

/** What the library asks of pg's client. */
interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The address is written as it is, since a hash of it would hide nothing; `purgeSignInLimits` removes it soon. */
export function openSignInStore(db: Database, { log }: { readonly log: Logger }): SharedStore {
  const listeners: ((ready: boolean) => void)[] = [];
  let ready = true;
  const change = (now: boolean): void => {
    if (now === ready) return;
    ready = now;
    for (const listener of listeners) listener(now);
  };
  const query = async ({ text, values }: Statement): Promise<{ readonly rows: readonly unknown[] }> => {
    try {
      const answer = await within(ANSWER_WITHIN_MS, db.executeQuery(CompiledQuery.raw(text, [...values])));
      change(true);
      return answer;
    } catch (error) {
      log.debug({ err: error }, 'sign-ins could not be counted in the database');
      change(false);
      throw error;
    }
  };
  return { client: { query }, isReady: () => ready, onChange: (listener) => void listeners.push(listener), close: () => Promise.resolve() };
}

/** Returns how many had ended. */
export async function purgeSignInLimits(db: Database, now: Date): Promise<number> {
  const result = await sql`delete from sign_in_limit where expire < ${now.getTime()}`.execute(db);
  return Number(result.numAffectedRows ?? 0n);
}

async function within<T>(deadlineMs: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => { reject(new Error(`No answer within ${deadlineMs} ms.`)); }, deadlineMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
