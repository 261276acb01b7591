// The audit trail as it lies in SQL.
// Tested by audit-sealer.test.ts: every row there goes through it.
import type { Kysely } from 'kysely';
import type { Database } from '#app/feature.ts';
import type { Checkpoint } from '#app/privacy/audit-checkpoint.ts';
import type { AuditEntry } from '#app/privacy/audit-entry.ts';

export type AuditTables = {
  audit_entry: {
    tenant_id: string;
    id: string;
    sequence: number;
    occurred_at: Date;
    actor: string | null;
    action: string;
    resource: string;
    request_id: string;
    details: string;
    mac: Buffer;
    position: number | null;
    chain_hash: Buffer | null;
  };
  audit_checkpoint: { tenant_id: string; position: number; chain_hash: Buffer; signed_at: Date; key_id: string; signature: Buffer };
};
export type EntryRow = AuditTables['audit_entry'];
export type CheckpointRow = AuditTables['audit_checkpoint'];

export function auditTables(db: Database): Kysely<AuditTables> {
  return db.$extendTables<AuditTables>();
}

export function toEntry(row: EntryRow): AuditEntry {
  return { tenantId: row.tenant_id, id: row.id, occurredAt: row.occurred_at, actor: row.actor, action: row.action, resource: row.resource, requestId: row.request_id, details: row.details };
}

export function toCheckpoint(row: CheckpointRow): Checkpoint {
  return { tenantId: row.tenant_id, position: row.position, chainHash: row.chain_hash, signedAt: row.signed_at, keyId: row.key_id, signature: row.signature };
}
