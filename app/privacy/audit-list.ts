// The audit trail of a tenant for its auditors, page by page, the newest first.
// Tested by privacy-feature.test.ts: through the whole service.
import { z } from 'zod';
import { refuse, type Refusal } from '#app/errors.ts';
import type { Database, People } from '#app/feature.ts';
import { auditTables } from '#app/privacy/audit-tables.ts';

export const auditEntrySchema = z
  .strictObject({
    id: z.uuid(),
    occurredAt: z.iso.datetime(),
    actor: z.uuid().nullable().meta({ description: 'By whom, as records name people; null for the service itself.' }),
    actorName: z.string().nullable().meta({ description: 'Null once the person is erased.' }),
    action: z.string(),
    resource: z.string(),
    requestId: z.string(),
    details: z.record(z.string(), z.unknown()),
    position: z.int().positive().nullable(),
    chainHash: z.string().nullable(),
  })
  .meta({ id: 'AuditEntry', description: 'Who did what, to what, when; never changed.' });

const CURSOR = /^[1-9]\d{0,15}$/;
export const auditPageQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(200).default(50), cursor: z.string().max(22).regex(/^[A-Za-z0-9_-]+$/).optional() });

export interface AuditPage {
  readonly entries: z.input<typeof auditEntrySchema>[];
  readonly nextCursor: string | null;
}

export async function listAudit(db: Database, people: Pick<People, 'known'>, tenantId: string, { limit, cursor }: z.output<typeof auditPageQuery>): Promise<AuditPage | Refusal> {
  const before = cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString();
  if (before !== undefined && !CURSOR.test(before)) return refuse(400, 'invalid-request', 'The request has parts that are not valid.', [{ parameter: 'cursor', detail: 'This must be a nextCursor of this list.' }]);
  let query = auditTables(db).selectFrom('audit_entry').selectAll().where('tenant_id', '=', tenantId);
  if (before !== undefined) query = query.where('sequence', '<', Number(before));
  const rows = await query.orderBy('sequence', 'desc').limit(limit + 1).execute();
  const page = rows.slice(0, limit);
  const known = await people.known(page.flatMap(({ actor }) => actor ?? []));
  const last = page.at(-1);
  return {
    entries: page.map((row) => ({
      id: row.id,
      occurredAt: row.occurred_at.toISOString(),
      actor: row.actor,
      actorName: (row.actor === null ? undefined : known.get(row.actor)?.name) ?? null,
      action: row.action,
      resource: row.resource,
      requestId: row.request_id,
      details: JSON.parse(row.details) as Record<string, unknown>,
      position: row.position,
      chainHash: row.chain_hash?.toString('hex') ?? null,
    })),
    nextCursor: rows.length > limit && last !== undefined ? Buffer.from(String(last.sequence)).toString('base64url') : null,
  };
}
