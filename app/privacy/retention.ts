// Erases people who have not been here for longer than the register says, as they could do themselves.
import { sql } from 'kysely';
import { inTransaction } from '#app/data/transaction.ts';
import type { OpenDatabase } from '#app/data/database.ts';
import type { AuditWriter } from '#app/privacy/audit-trail.ts';
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

/** A bounded number at a time; the next run goes on. Returns how many. */
export async function eraseUnseen({ database, people, register, trail }: RetentionParts, now: Date): Promise<number> {
  const before = new Date(now.getTime() - PERSON_KEPT_DAYS * DAY_MS);
  const { rows } = await sql<{ tenantId: string; personId: string }>`select tenant_id as "tenantId", id as "personId" from person where seen_at < ${before} order by seen_at limit ${BATCH}`.execute(database.db);
  let erased = 0;
  for (const { tenantId, personId } of rows) {
    await inTransaction(database.forTenant(tenantId), async (tx) => {
      // Another process may be at it, and the person may have come back meanwhile.
      const { rows: [still] } = await sql`select id from person where tenant_id = ${tenantId} and id = ${personId} and seen_at < ${before} for update skip locked`.execute(tx);
      if (still === undefined) return;
      const known = (await people.of(tx, tenantId).known([personId])).get(personId);
      // Whom nobody can name any more has nothing left but the row.
      await eraseRows(tx, register, { tenantId, personId, subjectId: known?.subjectId ?? '' }, known === undefined ? [] : [known.subjectId, known.name]);
      await trail.append(tx, { tenantId, occurredAt: now, actor: null, action: 'people:erase', resource: `/people/${personId}`, requestId: '', details: { by: 'retention' } });
      erased += 1;
    });
    people.forget(tenantId, personId);
  }
  return erased;
}
