// Reads the audit trail in the order of its chains: to verify it, and to export it.
// Tested by audit-sealer.test.ts (the verification) and audit-export.test.ts.
import { sql } from 'kysely';
import type { Database } from '#app/feature.ts';
import type { Checkpoint } from '#app/privacy/audit-checkpoint.ts';
import type { AuditKey } from '#app/privacy/audit-keys.ts';
import { auditTables, toCheckpoint, toEntry } from '#app/privacy/audit-tables.ts';
import { type ChainedEntry, type TenantVerdict, verifyTenant } from '#app/privacy/audit-verifier.ts';

const PAGE = 1_000;

export interface TrailVerdict extends TenantVerdict {
  /** Committed, and not in the chain yet: normal for a second or so. */
  readonly unsealed: number;
}

/** `outside`: checkpoints that were kept elsewhere than in the database, without which a cut-off tail can't be seen. */
export async function verifyTrail(db: Database, { keys, outside }: { readonly keys: readonly AuditKey[]; readonly outside: readonly Checkpoint[] }): Promise<readonly TrailVerdict[]> {
  const { rows: tenants } = await sql<{ id: string; unsealed: number }>`
    select tenant_id as id, (count(*) filter (where position is null))::integer as unsealed from audit_entry group by tenant_id
    union select tenant_id, 0 from audit_checkpoint where not exists (select from audit_entry where audit_entry.tenant_id = audit_checkpoint.tenant_id)`.execute(db);
  const unsealed = new Map([...outside.map(({ tenantId }): [string, number] => [tenantId, 0]), ...tenants.map((tenant): [string, number] => [tenant.id, tenant.unsealed])]);
  const verifying = { verifying: new Map(keys.map((key) => [key.id, key.verifying])), mac: keys.map(({ mac }) => mac) };
  const verdicts: TrailVerdict[] = [];
  for (const [tenantId, waiting] of [...unsealed].toSorted()) {
    const checkpoints = [...(await readCheckpoints(db, tenantId)), ...outside.filter((one) => one.tenantId === tenantId)];
    verdicts.push({ ...(await verifyTenant(tenantId, readChain(db, tenantId), checkpoints, verifying)), unsealed: waiting });
  }
  return verdicts;
}

export async function readCheckpoints(db: Database, tenantId: string): Promise<readonly Checkpoint[]> {
  const rows = await auditTables(db).selectFrom('audit_checkpoint').selectAll().where('tenant_id', '=', tenantId).orderBy('position').execute();
  return rows.map(toCheckpoint);
}

/** Up to a position, page by page, so that a long trail needs no more memory than a short one. */
export async function* readChain(db: Database, tenantId: string, upTo = Number.MAX_SAFE_INTEGER): AsyncGenerator<ChainedEntry> {
  for (let after = 0; ; ) {
    const rows = await auditTables(db).selectFrom('audit_entry').selectAll().where('tenant_id', '=', tenantId).where('position', '>', after).where('position', '<=', upTo).orderBy('position').limit(PAGE).execute();
    for (const row of rows) yield { ...toEntry(row), position: row.position ?? 0, chainHash: row.chain_hash ?? Buffer.alloc(0), mac: row.mac };
    const last = rows.at(-1)?.position;
    if (rows.length < PAGE || !last) return;
    after = last;
  }
}
