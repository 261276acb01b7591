// Who asks: a browser's session or a program's bearer token, and the way in and out.
// Tested by sign-in.test.ts: through the whole service, with the real provider.
import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import type { Logger } from 'pino';
import type { IdentityConfig } from '#app/config.ts';
import type { OpenDatabase } from '#app/data/database.ts';
import { refuse, type Refusal } from '#app/errors.ts';
import type { Subject } from '#app/feature.ts';
import { createBearerVerifier } from '#app/identity/bearer.ts';
import { createProviderClient } from '#app/identity/provider-client.ts';
import { createSessionStore } from '#app/identity/session-store.ts';
import { completeSignIn, sessionToken, signIn, type SignInParts, signOut } from '#app/identity/sign-in.ts';
import { rememberVerified } from '#app/identity/verified-tokens.ts';

export interface IdentityParts {
  readonly config: IdentityConfig;
  readonly publicUrl: string;
  readonly database: Pick<OpenDatabase, 'db'>;
  readonly onSessionEnd: () => void;
  readonly log: Logger;
  readonly clock: () => Date;
}

export interface Identity {
  /** Undefined when no credential was sent; a 401 refusal when one was sent and is not good. */
  authenticate(request: IncomingMessage): Promise<Subject | Refusal | undefined>;
  /** The subject as it is now, or undefined when its session has ended or its token has expired. */
  revalidate(subject: Subject): Promise<Subject | undefined>;
  readonly routes: { readonly signIn: Middleware; readonly callback: Middleware; readonly signOut: Middleware };
  /** For the Content-Security-Policy: Chromium applies `form-action` to the redirects of the sign-out form. */
  readonly issuerOrigin: string;
  check(timeoutMs: number): Promise<void>;
  /** Removes expired sessions; returns how many. */
  purge(now: Date): Promise<number>;
}

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i;

export function createIdentity({ config, publicUrl, database, onSessionEnd, log, clock }: IdentityParts): Identity {
  const provider = createProviderClient(config);
  const sessions = createSessionStore(database.db, config);
  const cookies = { secure: publicUrl.startsWith('https://') };
  const verifyBearer = rememberVerified(createBearerVerifier({ provider, issuer: config.issuer, audience: config.audience, claims: config, clock }), { clock });
  const parts: SignInParts = { provider, sessions, claims: config, publicUrl, cookies, sessionAbsoluteMs: config.sessionAbsoluteMs, onSessionEnd, log, clock };

  return {
    async authenticate(request) {
      // A bearer token wins over a cookie: a browser never adds it by itself, so it is what the caller meant.
      const { authorization } = request.headers;
      if (authorization !== undefined) {
        const [, bearer] = BEARER.exec(authorization) ?? [];
        return bearer === undefined ? refuse(401, 'invalid-authorization', 'Write the header as "Authorization: Bearer <access token>".') : verifyBearer(bearer);
      }
      const cookie = sessionToken(request, cookies);
      if (cookie === undefined) return undefined;
      return (await sessions.find(cookie, clock())) ?? refuse(401, 'session-ended', 'This session has ended: sign in again.');
    },
    async revalidate(subject) {
      const now = clock();
      if (subject.credential.expiresAt <= now) return undefined;
      return subject.credential.kind === 'bearer' ? subject : sessions.read(subject.tenantId, subject.credential.sessionId, now);
    },
    routes: { signIn: signIn(parts), callback: completeSignIn(parts), signOut: signOut(parts) },
    issuerOrigin: new URL(config.issuer).origin,
    check: (timeoutMs) => provider.check(timeoutMs),
    purge: (now) => sessions.purge(now),
  };
}
