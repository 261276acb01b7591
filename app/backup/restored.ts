// What a restored database needs before the service starts on it: those who were erased since the backup are erased again, and
// nothing that was lost is taken up as if it had never been.
// Tested by backup.command.test.ts: on a backup from before an erasure.
import { sql } from 'kysely';
import { inTransaction } from '#app/data/transaction.ts';
import type { Database } from '#app/feature.ts';
import { leavePositionsBehind } from '#app/live/outbox.ts';
import type { AuditKey } from '#app/privacy/audit-keys.ts';
import { isErasureSignedBy, type SignedErasure } from '#app/privacy/erasures.ts';
import { eraseAgain, type RetentionParts } from '#app/privacy/retention.ts';

export interface RestoredParts extends RetentionParts {
  readonly auditKeys: readonly AuditKey[];
}

export interface Restored {
  /** Of the listed erasures, how many people the database knew again. */
  readonly erased: number;
  /** Listed, and by none of this database's keys: not acted upon. */
  readonly unsigned: number;
  /** When the last entry was signed that is there; undefined for a trail without one. */
  readonly recoveryPoint: Date | undefined;
  readonly sessionsEnded: number;
  /** The last that is not given any more; undefined where nothing was lost. */
  readonly lastPosition: number | undefined;
}

export interface RestoredOptions {
  readonly erasures: readonly SignedErasure[];
  /** Every change that was acknowledged is there. */
  readonly nothingLost: boolean;
  readonly now: Date;
}

/** Harmless when it is done twice. */
export async function settleRestored(parts: RestoredParts, { erasures, nothingLost, now }: RestoredOptions): Promise<Restored> {
  const { db } = parts.database;
  const verifying = new Map(parts.auditKeys.map((key) => [key.id, key.verifying]));
  const signed = erasures.filter((erasure) => {
    const key = verifying.get(erasure.keyId);
    return key !== undefined && isErasureSignedBy(erasure, key);
  });
  const recoveryPoint = await readRecoveryPoint(db);
  const erased = await eraseAgain(parts, signed, now);
  const sessionsEnded = nothingLost ? 0 : await endSessions(db);
  const lastPosition = nothingLost ? undefined : await leavePositionsBehind(db);
  await tellAuditors(parts, { erased, sessionsEnded, lost: !nothingLost }, now);
  return { erased, unsigned: erasures.length - signed.length, recoveryPoint, sessionsEnded, lastPosition };
}

async function readRecoveryPoint(db: Database): Promise<Date | undefined> {
  const { rows: [row] } = await sql<{ last: Date | null }>`select max(signed_at) as last from audit_checkpoint`.execute(db);
  return row?.last ?? undefined;
}

/** Some were ended in the time that is lost, by their people or their provider (CWE-613). */
async function endSessions(db: Database): Promise<number> {
  return Number((await sql`delete from session`.execute(db)).numAffectedRows ?? 0n);
}

async function tellAuditors({ database, trail }: RestoredParts, details: Readonly<Record<string, unknown>>, now: Date): Promise<void> {
  const { rows } = await sql<{ tenantId: string }>`select distinct tenant_id as "tenantId" from audit_entry`.execute(database.db);
  for (const { tenantId } of rows) {
    await inTransaction(database.forTenant(tenantId), (tx) => trail.append(tx, { tenantId, occurredAt: now, actor: null, action: 'service:restore', resource: '/', requestId: '', details }));
  }
}
