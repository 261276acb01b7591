// Bearer tokens of programs: JWT access tokens of the provider (RFC 9068), verified against its published keys.
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { isRefusal, refuse, type Refusal } from '#app/errors.ts';
import type { Subject } from '#app/feature.ts';
import { readAssurance } from '#app/identity/assurance.ts';
import { type ClaimNames, readPerson } from '#app/identity/claims.ts';
import { providerUnavailable } from '#app/identity/provider-client.ts';
import { ALGORITHMS, CLOCK_TOLERANCE_S, type PublishedKeys } from '#app/identity/published-keys.ts';
import { PROFILES, type TokenProfile, type TokenProfileName } from '#app/identity/token-profiles.ts';

export interface BearerOptions {
  readonly keys: PublishedKeys;
  readonly issuer: string;
  readonly audience: string;
  readonly profile: TokenProfileName;
  readonly claims: ClaimNames;
  /** The provider's names for two factors, as `acr`. */
  readonly multiFactorAcr: readonly string[];
  readonly clock: () => Date;
  /** Told of each token that is refused: for whoever watches, and not for who sent it. */
  readonly onRefused: (reason: TokenFault) => void;
}

/** `key`: signed with none of the provider's; `claim`: of another issuer, for another audience, not yet; `type`: no access token; `person`: without tenant or roles. */
export const TOKEN_FAULTS = ['malformed', 'algorithm', 'key', 'signature', 'expired', 'claim', 'type', 'person'] as const;
export type TokenFault = (typeof TOKEN_FAULTS)[number];

const LONGEST_TOKEN = 8_192;

export type VerifyBearer = (token: string) => Promise<Subject | Refusal>;

/** Rejects with AppError 503 while the provider's keys can't be had. */
export function createBearerVerifier({ keys, issuer, audience, profile: name, claims, multiFactorAcr, clock, onRefused }: BearerOptions): VerifyBearer {
  const profile = PROFILES[name];
  /** One answer for every fault of a token: which check failed is nobody's business. */
  const refuseFor = (fault: TokenFault): Refusal => {
    onRefused(fault);
    return refuse(401, 'invalid-token', 'The access token is not valid here, or no longer.');
  };
  return async (token) => {
    if (token.length > LONGEST_TOKEN || !isCanonical(token)) return refuseFor('malformed');
    try {
      const { payload, protectedHeader } = await jwtVerify(token, await keys(), {
        issuer,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: clock(),
        ...(profile.namesAudience ? { audience } : {}),
      });
      if (!isAccessToken(protectedHeader.typ, payload, profile, audience)) return refuseFor('type');
      const person = readPerson(payload, claims);
      if (isRefusal(person)) {
        onRefused('person');
        return person;
      }
      const scopes = readScopes(profile.scopes(payload));
      return { ...person, credential: { kind: 'bearer', expiresAt: new Date((payload.exp ?? 0) * 1_000), ...(scopes && { scopes }) }, assurance: readAssurance(payload, multiFactorAcr) };
    } catch (error) {
      const fault = faultOf(error);
      if (fault !== undefined) return refuseFor(fault);
      if (error instanceof errors.JOSEError || error instanceof TypeError) throw providerUnavailable(error);
      throw error;
    }
  };
}

/**
 * Three parts of base64url without padding, each the one way to write its bytes (RFC 7515, 2 and 3.1): jose takes others too, and so a
 * token that was refused could come back in another spelling.
 */
function isCanonical(token: string): boolean {
  const parts = token.split('.');
  return parts.length === 3 && parts.every((part) => part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part);
}

function isAccessToken(typ: string | undefined, payload: JWTPayload, { types, accepts }: TokenProfile, audience: string): boolean {
  return types.includes(typ?.toLowerCase().replace(/^application\//, '')) && accepts(payload, audience);
}

/** Undefined where the token names none; what is no list of words names an empty one, which allows nothing. */
function readScopes(given: unknown): readonly string[] | undefined {
  if (given === undefined) return undefined;
  return typeof given === 'string' ? given.split(' ').filter((scope) => scope !== '') : [];
}

const FAULTS: ReadonlyMap<unknown, TokenFault> = new Map<unknown, TokenFault>([
  [errors.JWTClaimValidationFailed, 'claim'],
  [errors.JWTExpired, 'expired'],
  [errors.JWTInvalid, 'malformed'],
  [errors.JWSInvalid, 'malformed'],
  [errors.JWSSignatureVerificationFailed, 'signature'],
  [errors.JOSEAlgNotAllowed, 'algorithm'],
  [errors.JOSENotSupported, 'algorithm'],
  [errors.JWKSNoMatchingKey, 'key'],
  [errors.JWKSMultipleMatchingKeys, 'key'],
]);

/** Undefined for what is no fault of the token. */
function faultOf(error: unknown): TokenFault | undefined {
  return error instanceof Error ? FAULTS.get(error.constructor) : undefined;
}
