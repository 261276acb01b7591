// The provider's word that somebody has signed out there (OpenID Connect Back-Channel Logout 1.0).
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { refuse, type Refusal } from '#app/errors.ts';
import { providerUnavailable } from '#app/identity/provider-client.ts';
import { ALGORITHMS, CLOCK_TOLERANCE_S, type PublishedKeys } from '#app/identity/published-keys.ts';
import { PROFILES, type TokenProfileName } from '#app/identity/token-profiles.ts';

export interface LogoutTokenOptions {
  readonly keys: PublishedKeys;
  readonly issuer: string;
  readonly clientId: string;
  readonly profile: TokenProfileName;
  readonly clock: () => Date;
}

/** Whose sessions end: those of one sign-in at the provider, or all of a person's until then. */
export type LoggedOut = { readonly sessionId: string } | { readonly subjectId: string; readonly begunUntil: Date };

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** A token that was kept back for longer may say what is no longer meant. */
const LONGEST_AGE_S = 120;

/** Rejects with AppError 503 while the provider's keys can't be had. */
export function createLogoutReader({ keys, issuer, clientId, profile, clock }: LogoutTokenOptions): (token: string) => Promise<LoggedOut | Refusal> {
  const { logoutTypes } = PROFILES[profile];
  return async (token) => {
    try {
      const { payload, protectedHeader } = await jwtVerify(token, await keys(), {
        issuer,
        audience: clientId,
        algorithms: ALGORITHMS,
        currentDate: clock(),
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['iat', 'exp', 'jti'],
        maxTokenAge: LONGEST_AGE_S,
      });
      return logoutTypes.includes(protectedHeader.typ?.toLowerCase()) && tellsOfLogout(payload) ? whoseSessions(payload) : invalidLogoutToken();
    } catch (error) {
      if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || error instanceof TypeError) throw providerUnavailable(error);
      if (error instanceof errors.JOSEError) return invalidLogoutToken();
      throw error;
    }
  };
}

function whoseSessions({ sid, sub, iat = 0 }: JWTPayload): LoggedOut | Refusal {
  if (typeof sid === 'string' && sid !== '') return { sessionId: sid };
  // Sessions that were begun after it was issued are not meant: so a replayed token ends nothing more (section 2.6, jti).
  return typeof sub === 'string' && sub !== '' ? { subjectId: sub, begunUntil: new Date((iat + CLOCK_TOLERANCE_S) * 1_000) } : invalidLogoutToken();
}

function invalidLogoutToken(): Refusal {
  return refuse(400, 'invalid-logout-token', 'This logout token is not valid here, or no longer.');
}

/** Section 2.6: the event says what it is; a nonce would make an ID token of it. */
function tellsOfLogout({ events, nonce }: JWTPayload): boolean {
  return typeof events === 'object' && events !== null && Object.hasOwn(events, EVENT) && nonce === undefined;
}
