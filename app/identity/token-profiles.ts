// How issuers write access tokens that don't follow RFC 9068: what else tells such a token from others of the same issuer.
// Tested by bearer.test.ts: with tokens of each shape.
import type { JWTPayload } from 'jose';

export const TOKEN_PROFILES = ['rfc9068', 'cognito', 'entra', 'keycloak'] as const;
export type TokenProfileName = (typeof TOKEN_PROFILES)[number];

export interface TokenProfile {
  /** Of the header, in lower case and without `application/` (RFC 7515, 4.1.9). */
  readonly types: readonly (string | undefined)[];
  /** Whether `aud` names this API. */
  readonly namesAudience: boolean;
  /** What must hold besides. */
  readonly accepts: (payload: JWTPayload, audience: string) => boolean;
  readonly scopes: (payload: JWTPayload) => unknown;
  /** Of logout tokens: what Back-Channel Logout 1.0, 2.4, names, and for providers that don't write it what they write. */
  readonly logoutTypes: readonly (string | undefined)[];
}

const LOGOUT_TYPES = ['logout+jwt'];

export const PROFILES: Readonly<Record<TokenProfileName, TokenProfile>> = {
  rfc9068: {
    types: ['at+jwt'],
    namesAudience: true,
    accepts: () => true,
    scopes: ({ scope }) => scope,
    logoutTypes: LOGOUT_TYPES,
  },
  /**
   * No `aud` and no `typ`: the client stands in their place, so the audience is the app client's id. Its ID tokens have `token_use` "id".
   * https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
   */
  cognito: {
    types: [undefined, 'jwt'],
    namesAudience: false,
    accepts: ({ token_use: use, client_id: client, aud }, audience) => use === 'access' && client === audience && aud === undefined,
    // `resource-server/items:read`
    scopes: ({ scope }) => (typeof scope === 'string' ? scope.replaceAll(/[^ ]*\//g, '') : scope),
    logoutTypes: LOGOUT_TYPES,
  },
  /**
   * `typ` is always JWT. What a client got names it (`azp`); an ID token, which may be for the same application, has none, but may have a nonce.
   * https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference
   */
  entra: {
    types: ['jwt'],
    namesAudience: true,
    accepts: ({ ver, azp, nonce }) => ver === '2.0' && typeof azp === 'string' && nonce === undefined,
    // Of people `scp`; of applications none, they have roles alone.
    scopes: ({ scp }) => scp,
    logoutTypes: LOGOUT_TYPES,
  },
  /** The payload says what it is: "Bearer", where ID tokens have "ID" and refresh tokens "Refresh". */
  keycloak: {
    types: ['jwt'],
    namesAudience: true,
    accepts: ({ typ }) => typ === 'Bearer',
    scopes: ({ scope }) => scope,
    // Older ones write no type of their own; their events and the absent nonce tell them apart.
    logoutTypes: [...LOGOUT_TYPES, 'jwt'],
  },
};
