// Erases people who have not been here for longer than the register says, and after a restore those who were erased before.
import { sql } from 'kysely';
import { inTransaction } from '#app/data/transaction.ts';
import type { OpenDatabase } from '#app/data/database.ts';
import type { Database } from '#app/feature.ts';
import type { AuditWriter } from '#app/privacy/audit-trail.ts';
import type { Erasure } from '#app/privacy/erasures.ts';
import type { PeopleDirectory } from '#app/privacy/people.ts';
import { eraseRows } from '#app/privacy/personal-rows.ts';
import { PERSON_KEPT_DAYS, type Register } from '#app/privacy/register.ts';

const BATCH = 100;
const DAY_MS = 24 * 60 * 60_000;

export interface RetentionParts {
  readonly database: Pick<OpenDatabase, 'db' | 'forTenant'>;
  readonly people: PeopleDirectory;
  readonly register: Register;
  readonly trail: Pick<AuditWriter, 'append'>;
}

/** A bounded number at a time; the next run goes on. Returns how many. @throws AggregateError when all were tried and some could not be. */
export async function eraseUnseen(parts: RetentionParts, now: Date): Promise<number> {
  const { database, people } = parts;
  const before = new Date(now.getTime() - PERSON_KEPT_DAYS * DAY_MS);
  const { rows } = await sql<{ tenantId: string; personId: string }>`select tenant_id as "tenantId", id as "personId" from person where seen_at < ${before} order by seen_at limit ${BATCH}`.execute(database.db);
  let erased = 0;
  const failures: unknown[] = [];
  for (const { tenantId, personId } of rows) {
    try {
      if (await inTransaction(database.forTenant(tenantId), (tx) => eraseWhoIsKnown(tx, parts, { tenantId, personId }, { now, by: 'retention', before }))) erased += 1;
      people.forget(tenantId, personId);
    } catch (error) {
      // Whose erasure fails must not keep the others.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} of ${rows.length} whose time is over could not be erased`);
  return erased;
}

/** After a restore: whoever of them the database knows again. Returns how many it did. */
export async function eraseAgain(parts: RetentionParts, erasures: readonly Pick<Erasure, 'tenantId' | 'personId'>[], now: Date): Promise<number> {
  let erased = 0;
  for (const { tenantId, personId } of erasures) {
    if (await inTransaction(parts.database.forTenant(tenantId), (tx) => eraseWhoIsKnown(tx, parts, { tenantId, personId }, { now, by: 'restore' }))) erased += 1;
    parts.people.forget(tenantId, personId);
  }
  return erased;
}

interface Reason {
  readonly now: Date;
  /** What the trail says of it. */
  readonly by: 'retention' | 'restore';
  /** Only who was last here before that. */
  readonly before?: Date;
}

/** False where there is no such person, or another process is at it. */
export async function eraseWhoIsKnown(tx: Database, { people, register, trail }: Omit<RetentionParts, 'database'>, { tenantId, personId }: { readonly tenantId: string; readonly personId: string }, { now, by, before }: Reason): Promise<boolean> {
  // Who was to be erased for not being here may have come back meanwhile.
  const inTime = before === undefined ? sql`true` : sql`seen_at < ${before}`;
  const { rows: [still] } = await sql`select id from person where tenant_id = ${tenantId} and id = ${personId} and ${inTime} for update skip locked`.execute(tx);
  if (still === undefined) return false;
  const known = (await people.of(tx, tenantId).known([personId])).get(personId);
  // Whom nobody can name any more has nothing left but the row.
  await eraseRows(tx, register, { tenantId, personId, subjectId: known?.subjectId ?? '' }, known === undefined ? [] : [known.subjectId, known.name]);
  await trail.append(tx, { tenantId, occurredAt: now, actor: null, action: 'people:erase', resource: `/people/${personId}`, requestId: '', details: { by } });
  return true;
}
