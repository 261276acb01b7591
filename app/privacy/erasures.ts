// Erasures as they leave the database, signed, so that a backup from before one brings nobody back.
import { sign, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { AuditEntry } from '#app/privacy/audit-entry.ts';
import type { AuditKey } from '#app/privacy/audit-keys.ts';
import { hex, readLine } from '#app/privacy/signed-line.ts';

export interface Erasure {
  readonly tenantId: string;
  readonly personId: string;
  readonly at: Date;
}

export interface SignedErasure extends Erasure {
  readonly keyId: string;
  readonly signature: Buffer;
}

const ACTIONS = new Set(['people:erase', 'own-data:erase']);
const PERSON = /^\/people\/([0-9a-f-]{36})$/;

/** A line of a file of its own, or of the log. */
const line = z.object({ erasure: z.object({ tenant: z.string(), person: z.uuid(), at: z.iso.datetime(), keyId: hex(32), signature: hex(64) }) });
export type WrittenErasure = z.infer<typeof line>;

/** Whom an entry of the audit trail says to be erased. */
export function erasureOf({ tenantId, action, resource, occurredAt }: Pick<AuditEntry, 'tenantId' | 'action' | 'resource' | 'occurredAt'>): Erasure | undefined {
  const personId = ACTIONS.has(action) ? PERSON.exec(resource)?.[1] : undefined;
  return personId === undefined ? undefined : { tenantId, personId, at: occurredAt };
}

export function signErasure(erasure: Erasure, key: AuditKey): SignedErasure {
  return { ...erasure, keyId: key.id, signature: sign(null, textOf(erasure), key.signing) };
}

/** Who can write to the file alone removes nobody by it. */
export function isErasureSignedBy(erasure: SignedErasure, verifying: KeyObject): boolean {
  return verify(null, textOf(erasure), verifying, erasure.signature);
}

export function writeErasure({ tenantId, personId, at, keyId, signature }: SignedErasure): WrittenErasure {
  return { erasure: { tenant: tenantId, person: personId, at: at.toISOString(), keyId, signature: signature.toString('hex') } };
}

/** Undefined for a line that is none. */
export function readErasure(text: string): SignedErasure | undefined {
  const read = readLine(line, text);
  if (read === undefined) return undefined;
  const { tenant, person, at, keyId, signature } = read.erasure;
  return { tenantId: tenant, personId: person, at: new Date(at), keyId, signature: Buffer.from(signature, 'hex') };
}

function textOf({ tenantId, personId, at }: Erasure): Buffer {
  return Buffer.from(JSON.stringify(['erasure v1', tenantId, personId, at.toISOString()]));
}
