// Slows down guessing: by account and by address, twice as long after each failure, for all processes together (ASVS 6.3.1).
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '#app/feature.ts';
import { NOBODY, tablesOf } from './tables.ts';

/** What is counted. A browser that has signed in before is counted by itself, so that nobody else can lock its person out. */
export type Counted =
  | { readonly kind: 'account'; readonly tenantId: string; readonly name: string }
  | { readonly kind: 'second-factor'; readonly tenantId: string; readonly name: string }
  | { readonly kind: 'device'; readonly tenantId: string; readonly name: string }
  | { readonly kind: 'address'; readonly address: string };

interface Slowness {
  /** Failures without a delay. */
  readonly free: number;
  /** The delay grows to this: 96 tries a day for an account. */
  readonly longestS: number;
}
export const SLOWNESS: Readonly<Record<Counted['kind'], Slowness>> = {
  account: { free: 4, longestS: 900 },
  'second-factor': { free: 4, longestS: 900 },
  device: { free: 4, longestS: 900 },
  // Behind one address there may be an office.
  address: { free: 20, longestS: 300 },
};
/** Failures are forgotten after a day without another. */
const FORGOTTEN_MS = 86_400_000;

/**
 * Counts a try before it is made, so that a flood of them at once gets no more than its turns. Returns how many seconds to
 * wait, or undefined when it may be made; what is refused is not counted.
 */
export async function takeTurn(db: Database, counted: readonly Counted[], now: Date): Promise<number | undefined> {
  for (const [index, one] of counted.entries()) {
    const waitS = await count(db, one, now);
    if (waitS === undefined) continue;
    // The ones before it were not tried either.
    for (const before of counted.slice(0, index)) await giveBack(db, before);
    return waitS;
  }
  return undefined;
}

/** The try was good: the account's failures are forgotten, and of the address's this one, since it may have made others. */
export async function succeed(db: Database, counted: readonly Counted[]): Promise<void> {
  for (const one of counted) {
    if (one.kind === 'address') await giveBack(db, one);
    else await tablesOf(db).deleteFrom('account_throttle').where('tenant_id', '=', one.tenantId).where('key', '=', keyOf(one)).execute();
  }
}

/** Returns how many were forgotten. */
export async function forgetOld(db: Database, now: Date): Promise<number> {
  const result = await tablesOf(db).deleteFrom('account_throttle').where('updated_at', '<', new Date(now.getTime() - FORGOTTEN_MS)).executeTakeFirst();
  return Number(result.numDeletedRows);
}

async function count(db: Database, counted: Counted, now: Date): Promise<number | undefined> {
  const { free, longestS } = SLOWNESS[counted.kind];
  const [tenantId, key] = [tenantOf(counted), keyOf(counted)];
  const old = new Date(now.getTime() - FORGOTTEN_MS);
  // One statement: of many at once, each sees what the one before has written.
  const { rows } = await sql<{ failures: number }>`
    insert into account_throttle as kept (tenant_id, key, failures, blocked_until, updated_at) values (${tenantId}, ${key}, 1, ${now}, ${now})
    on conflict (tenant_id, key) do update set
      failures = case when kept.updated_at < ${old} then 1 else kept.failures + 1 end,
      blocked_until = case when kept.updated_at < ${old} or kept.failures + 1 <= ${free}::integer then excluded.updated_at
        else excluded.updated_at + make_interval(secs => least(power(2, least(kept.failures - ${free}::integer, 20)), ${longestS}::integer)) end,
      updated_at = excluded.updated_at
    where kept.blocked_until <= excluded.updated_at
    returning failures`.execute(db);
  if (rows.length > 0) return undefined;
  const blocked = await tablesOf(db).selectFrom('account_throttle').select('blocked_until').where('tenant_id', '=', tenantId).where('key', '=', key).executeTakeFirst();
  return Math.max(1, Math.ceil(((blocked?.blocked_until.getTime() ?? 0) - now.getTime()) / 1_000));
}

async function giveBack(db: Database, counted: Counted): Promise<void> {
  await sql`update account_throttle set failures = greatest(failures - 1, 0), blocked_until = least(blocked_until, updated_at) where tenant_id = ${tenantOf(counted)} and key = ${keyOf(counted)}`.execute(db);
}

function tenantOf(counted: Counted): string {
  return counted.kind === 'address' ? NOBODY : counted.tenantId;
}

function keyOf(counted: Counted): Buffer {
  return createHash('sha256').update(JSON.stringify(counted.kind === 'address' ? [counted.kind, counted.address] : [counted.kind, counted.name])).digest();
}
