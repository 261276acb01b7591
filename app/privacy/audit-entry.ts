// One entry of the audit trail: what is digested of it, its own code, and its link in the tenant's chain.
// Tested by audit-sealer.test.ts: each field, changed, is found.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { type RawBuilder, sql } from 'kysely';

export interface AuditEntry {
  readonly tenantId: string;
  readonly id: string;
  /** To the millisecond, as the database keeps it. */
  readonly occurredAt: Date;
  /** The id of a person, null for the service itself. */
  readonly actor: string | null;
  /** `<resource>:<verb>` as the policy has it. */
  readonly action: string;
  readonly resource: string;
  readonly requestId: string;
  /** JSON; nothing personal, since no entry is ever changed: people stand here by their id. */
  readonly details: string;
}

export const NO_HASH = Buffer.alloc(32);
const LONGEST_RESOURCE = 500;

/** SHA-256 over an array of text, which reads in one way only. */
export function digestEntry({ tenantId, id, occurredAt, actor, action, resource, requestId, details }: AuditEntry): Buffer {
  return createHash('sha256').update(JSON.stringify(['audit entry v1', tenantId, id, occurredAt.toISOString(), actor, action, resource, requestId, details])).digest();
}

/** HMAC-SHA-256: nobody makes or changes an entry who has the database alone, even before it is in the chain. */
function authenticateEntry(digest: Buffer, macKey: Buffer): Buffer {
  return createHmac('sha256', macKey).update(digest).digest();
}

/** In constant time (ASVS 11.2.4): how far a guess is right is nobody's business. */
export function isAuthentic(digest: Buffer, macKey: Buffer, mac: Buffer): boolean {
  const expected = authenticateEntry(digest, macKey);
  return mac.length === expected.length && timingSafeEqual(expected, mac);
}

/** The chain up to and with this entry. `position` counts from 1. */
export function chainEntry(previous: Buffer, position: number, digest: Buffer): Buffer {
  const place = Buffer.alloc(8);
  place.writeBigUInt64BE(BigInt(position));
  return createHash('sha256').update('audit chain v1').update(previous).update(place).update(digest).digest();
}

/** One statement, so that it can stand in another: the events of the same change cost no way of their own. */
export function insertEntry(entry: AuditEntry, macKey: Buffer): RawBuilder<unknown> {
  const stored = { ...entry, resource: entry.resource.slice(0, LONGEST_RESOURCE) };
  const mac = authenticateEntry(digestEntry(stored), macKey);
  return sql`insert into audit_entry (tenant_id, id, occurred_at, actor, action, resource, request_id, details, mac)
    values (${stored.tenantId}, ${stored.id}, ${stored.occurredAt}::timestamptz, ${stored.actor}::uuid, ${stored.action}, ${stored.resource}, ${stored.requestId}, ${stored.details}, ${mac}::bytea)`;
}
