// Bearer tokens of programs: JWT access tokens of the provider (RFC 9068), verified against its published keys.
import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { isRefusal, refuse, type Refusal } from '#app/errors.ts';
import type { Subject } from '#app/feature.ts';
import { type ClaimNames, readPerson } from '#app/identity/claims.ts';
import { type ProviderClient, providerUnavailable } from '#app/identity/provider-client.ts';

export interface BearerOptions {
  readonly provider: ProviderClient;
  readonly issuer: string;
  readonly audience: string;
  readonly claims: ClaimNames;
  readonly clock: () => Date;
}

/** Asymmetric only: with a shared-secret algorithm, the public key would be the secret (RFC 8725, 3.1 and 3.2). */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
const CLOCK_TOLERANCE_SECONDS = 5;
const JWKS = { timeoutDuration: 3_000, cooldownDuration: 30_000, cacheMaxAge: 600_000 };
const LONGEST_TOKEN = 8_192;

export type VerifyBearer = (token: string) => Promise<Subject | Refusal>;

/** Rejects with AppError 503 while the provider's keys can't be had. */
export function createBearerVerifier({ provider, issuer, audience, claims, clock }: BearerOptions): VerifyBearer {
  let keys: JWTVerifyGetKey | undefined;
  const keySet = async () => {
    if (keys !== undefined) return keys;
    const { jwks_uri: location } = (await provider.configuration()).serverMetadata();
    if (location === undefined) throw providerUnavailable(new Error('the provider publishes no keys'));
    return (keys = createRemoteJWKSet(new URL(location), JWKS));
  };
  return async (token) => {
    if (token.length > LONGEST_TOKEN) return invalidToken();
    try {
      const { payload } = await jwtVerify(token, await keySet(), {
        issuer,
        audience,
        typ: 'at+jwt',
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: clock(),
      });
      const person = readPerson(payload, claims);
      if (isRefusal(person)) return person;
      return { ...person, credential: { kind: 'bearer', expiresAt: new Date((payload.exp ?? 0) * 1_000) } };
    } catch (error) {
      if (isInvalid(error)) return invalidToken();
      if (error instanceof errors.JOSEError || error instanceof TypeError) throw providerUnavailable(error);
      throw error;
    }
  };
}

/** One answer for every fault of a token: which check failed is nobody's business. */
function invalidToken(): Refusal {
  return refuse(401, 'invalid-token', 'The access token is not valid here, or no longer.');
}

function isInvalid(error: unknown): boolean {
  return (
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  );
}
