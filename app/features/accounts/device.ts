// A browser that has signed in to an account before, known by a cookie that only we can make (OWASP, "device cookies").
import { randomBytes } from 'node:crypto';
import type { KeyRing } from './keys.ts';

/** Of an account that isn't there: the same work. */
export interface DeviceOf {
  readonly tenantId: string;
  readonly accountId: string | undefined;
}

const NONCE_BYTES = 16;
const SIGNATURE_BYTES = 32;
export const DEVICE_MAX_AGE_S = 180 * 86_400;

export function makeDevice(keys: KeyRing, of: DeviceOf): string {
  const nonce = randomBytes(NONCE_BYTES);
  return Buffer.concat([nonce, keys.sign(textOf(nonce, of))]).toString('base64url');
}

/** A name for counting, where the cookie is one of this account's. */
export function readDevice(keys: KeyRing, kept: string | undefined, of: DeviceOf): string | undefined {
  const bytes = Buffer.from(kept ?? '', 'base64url');
  const [nonce, signature] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES)];
  const isOurs = bytes.length === NONCE_BYTES + SIGNATURE_BYTES && keys.isSigned(textOf(nonce, of), signature);
  return isOurs && of.accountId !== undefined ? nonce.toString('hex') : undefined;
}

function textOf(nonce: Buffer, { tenantId, accountId }: DeviceOf): string {
  return JSON.stringify(['device', tenantId, accountId ?? '', nonce.toString('hex')]);
}
