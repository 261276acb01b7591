// Which signatures of the provider are taken: those that ASVS 5.0 approves, or also those that many providers still make.
// Tested by signatures.test.ts: with providers of each kind.
import type { JWTVerifyGetKey } from 'jose';

/**
 * `legacy-rsa` takes RSASSA-PKCS1-v1_5 and keys of 112 bits as well: ASVS 5.0 (11.2.3, 11.6.1, appendix C) wants neither, OpenID
 * Connect Core 1.0 (15.1) has every provider support the first, and some, Entra ID and Cognito among them, offer nothing else.
 */
export const SIGNATURES = ['approved', 'legacy-rsa'] as const;
export type Signatures = (typeof SIGNATURES)[number];

const APPROVED = /^(?:[PE]S(?:256|384|512)|EdDSA|Ed25519)$/;
const LEGACY = /^RS(?:256|384|512)$/;
/** 128 bits of strength (NIST SP 800-57 Part 1, table 2). */
const LEAST_RSA_BITS = 3_072;

export function isTaken(algorithm: string, signatures: Signatures): boolean {
  return APPROVED.test(algorithm) || (signatures === 'legacy-rsa' && LEGACY.test(algorithm));
}

/** Undefined for a key that is strong enough; of curves the strength is in the algorithm's name. */
export function weaknessOf(key: Awaited<ReturnType<JWTVerifyGetKey>>, signatures: Signatures): string | undefined {
  const bits = 'algorithm' in key && typeof key.algorithm === 'object' && 'modulusLength' in key.algorithm ? Number(key.algorithm.modulusLength) : LEAST_RSA_BITS;
  return signatures === 'approved' && bits < LEAST_RSA_BITS ? `an RSA key of ${bits} bits` : undefined;
}

export function explain(what: string): string {
  return `the provider signs with ${what}: have it use ES256, EdDSA or PS256 with 3072 bits, or set OIDC_SIGNATURES=legacy-rsa to take that`;
}
