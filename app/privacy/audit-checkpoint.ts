// A signature over a tenant's chain so far. It leaves the database, so that whoever owns that can't take back what it says.
import { sign, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { AuditKey } from '#app/privacy/audit-keys.ts';
import { hex, readLine } from '#app/privacy/signed-line.ts';

export interface Checkpoint {
  readonly tenantId: string;
  readonly position: number;
  readonly chainHash: Buffer;
  readonly signedAt: Date;
  readonly keyId: string;
  readonly signature: Buffer;
}

const written = z.object({
  tenant: z.string(),
  position: z.int().positive(),
  chainHash: hex(32),
  signedAt: z.iso.datetime(),
  keyId: hex(32),
  signature: hex(64),
});
export type WrittenCheckpoint = z.infer<typeof written>;
/** As a line of its own, or within a line of the log. */
const line = z.union([written, z.object({ auditCheckpoint: written }).transform(({ auditCheckpoint }) => auditCheckpoint)]);

export function signCheckpoint(draft: Pick<Checkpoint, 'tenantId' | 'position' | 'chainHash' | 'signedAt'>, key: AuditKey): Checkpoint {
  return { ...draft, keyId: key.id, signature: sign(null, textOf(draft), key.signing) };
}

export function isSignedBy(checkpoint: Checkpoint, verifying: KeyObject): boolean {
  return verify(null, textOf(checkpoint), verifying, checkpoint.signature);
}

export function writeCheckpoint({ tenantId, position, chainHash, signedAt, keyId, signature }: Checkpoint): WrittenCheckpoint {
  return { tenant: tenantId, position, chainHash: chainHash.toString('hex'), signedAt: signedAt.toISOString(), keyId, signature: signature.toString('hex') };
}

/** Undefined for a line that is none: they may stand among others in a log. */
export function readCheckpoint(text: string): Checkpoint | undefined {
  const read = readLine(line, text);
  if (read === undefined) return undefined;
  const { tenant, chainHash, signedAt, signature, ...rest } = read;
  return { ...rest, tenantId: tenant, chainHash: Buffer.from(chainHash, 'hex'), signedAt: new Date(signedAt), signature: Buffer.from(signature, 'hex') };
}

function textOf({ tenantId, position, chainHash, signedAt }: Pick<Checkpoint, 'tenantId' | 'position' | 'chainHash' | 'signedAt'>): Buffer {
  return Buffer.from(JSON.stringify(['audit checkpoint v1', tenantId, position, chainHash.toString('hex'), signedAt.toISOString()]));
}
