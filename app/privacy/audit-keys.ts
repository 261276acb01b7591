// What the audit trail is authenticated and signed with; derived from the service's key, which the database's owner can't open.
// Tested by audit-sealer.test.ts: what another key made is found.
import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { ServiceKey } from '#app/privacy/service-keys.ts';

export interface AuditKey {
  readonly mac: Buffer;
  /** Ed25519 (RFC 8032): an auditor verifies with the public half alone. */
  readonly signing: KeyObject;
  readonly verifying: KeyObject;
  /** SHA-256 of the public key's SubjectPublicKeyInfo, hexadecimal. */
  readonly id: string;
}

/** RFC 8410, section 7: what stands before an Ed25519 seed in PKCS #8. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

export function deriveAuditKey({ secret }: Pick<ServiceKey, 'secret'>): AuditKey {
  const signing = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, derive(secret, 'signature')]), format: 'der', type: 'pkcs8' });
  const verifying = createPublicKey(signing);
  return { mac: derive(secret, 'mac'), signing, verifying, id: keyIdOf(verifying) };
}

export function keyIdOf(verifying: KeyObject): string {
  return createHash('sha256').update(verifying.export({ format: 'der', type: 'spki' })).digest('hex');
}

/** RFC 5869. */
function derive(secret: Buffer, use: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `audit ${use}`, 32));
}
