// Who asks: a browser's session or a program's bearer token, and the way in and out.
// Tested by sign-in.test.ts: through the whole service, with the real provider.
import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import type { Logger } from 'pino';
import type { IdentityConfig } from '#app/config.ts';
import type { OpenDatabase } from '#app/data/database.ts';
import { isRefusal, refuse, type Refusal } from '#app/errors.ts';
import type { EndSessions, SignIn, Subject } from '#app/feature.ts';
import { createBearerVerifier } from '#app/identity/bearer.ts';
import { cookieName, readCookies, writeCookie } from '#app/identity/cookies.ts';
import { watchIssuerCertificate } from '#app/identity/issuer-certificate.ts';
import { createLogoutReader } from '#app/identity/logout-token.ts';
import type { IdentityMeasures } from '#app/identity/measures.ts';
import { createProviderClient } from '#app/identity/provider-client.ts';
import { createPublishedKeys } from '#app/identity/published-keys.ts';
import { localPath } from '#app/identity/return-path.ts';
import { createSessionRefresh } from '#app/identity/session-refresh.ts';
import { createSessionStore, endSessions, type RecordSession } from '#app/identity/session-store.ts';
import { completeSignIn, sessionToken, signIn, signInHere, type SignInParts, signOut } from '#app/identity/sign-in.ts';
import { rememberVerified } from '#app/identity/verified-tokens.ts';
import type { AuditWriter } from '#app/privacy/audit-trail.ts';
import type { PeopleDirectory } from '#app/privacy/people.ts';

export interface IdentityParts {
  readonly config: IdentityConfig;
  readonly publicUrl: string;
  readonly database: Pick<OpenDatabase, 'db'>;
  readonly people: Pick<PeopleDirectory, 'of'>;
  readonly trail: Pick<AuditWriter, 'append'>;
  readonly onSessionEnd: () => void;
  readonly measures: IdentityMeasures;
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
  /** What the provider posts when somebody has signed out there. Resolves with a refusal for a token that is not good. */
  endByProvider(logoutToken: string): Promise<Refusal | undefined>;
  readonly browser: Browser;
  /** Sessions were ended by other means than here. */
  sessionsEnded(): void;
  check(timeoutMs: number): Promise<void>;
  /** When the provider's certificate ends, in ms since 1970, as far as it has been seen. */
  certificateEndMs(): number | undefined;
  /** Removes expired sessions; returns how many. */
  purge(now: Date): Promise<number>;
  /** Ends what is under way in the background. */
  stop(): Promise<void>;
}

/** What a feature's forms do to the browser that sends them. */
export interface Browser {
  begin(ctx: Context, signIn: SignIn): Promise<void>;
  readonly endSessions: EndSessions;
  kept(request: IncomingMessage, feature: string): string | undefined;
  keep(ctx: Context, feature: string, kept: { readonly value: string; readonly maxAgeS: number }): void;
  /** What was asked for as `return_to`, or `/` where that is no path of this origin. */
  readonly localPath: (target: string | undefined) => string;
}

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i;

export function createIdentity({ config, publicUrl, database, people, trail, onSessionEnd, measures, log, clock }: IdentityParts): Identity {
  const certificate = watchIssuerCertificate(config.issuer);
  const provider = createProviderClient({ ...config, log });
  const keys = createPublishedKeys(provider);
  const sessions = createSessionStore(database.db, config, createRecorder({ people, trail, clock }));
  const cookies = { secure: publicUrl.startsWith('https://') };
  const verifyBearer = rememberVerified(createBearerVerifier({ keys, issuer: config.issuer, audience: config.audience, profile: config.tokenProfile, claims: config, multiFactorAcr: config.multiFactorAcr, clock, onRefused: measures.countRefusedToken }), { clock });
  const parts: SignInParts = { provider, sessions, claims: config, publicUrl, cookies, scope: config.scope, multiFactorAcr: config.multiFactorAcr, signInFactors: config.signInFactors, sessionAbsoluteMs: config.sessionAbsoluteMs, onSessionEnd, count: measures.countSignIns('provider'), log, clock };
  const refresh = createSessionRefresh({ provider, sessions, claims: config, refreshMs: config.sessionRefreshMs, onSessionEnd, log, clock });
  const readLogoutToken = createLogoutReader({ keys, issuer: config.issuer, clientId: config.clientId, profile: config.tokenProfile, clock });

  return {
    async authenticate(request) {
      // A bearer token wins over a cookie: a browser never adds it by itself, so it is what the caller meant.
      const { authorization } = request.headers;
      if (authorization !== undefined) {
        const [, bearer] = BEARER.exec(authorization) ?? [];
        if (bearer !== undefined) return verifyBearer(bearer);
        measures.countRefusedToken('malformed');
        return refuse(401, 'invalid-authorization', 'Write the header as "Authorization: Bearer <access token>".');
      }
      const cookie = sessionToken(request, cookies);
      if (cookie === undefined) return undefined;
      const found = await sessions.find(cookie, request.headers['user-agent'] ?? '', clock());
      if (found === undefined) return refuse(401, 'session-ended', 'This session has ended: sign in again.');
      refresh.request(cookie, found);
      return found.subject;
    },
    async revalidate(subject) {
      const now = clock();
      if (subject.credential.expiresAt <= now) return undefined;
      if (subject.credential.kind === 'bearer') return subject;
      const current = await sessions.read(subject.tenantId, subject.credential.sessionId, now);
      return current && { ...current, ...(subject.risk === undefined ? {} : { risk: subject.risk }) };
    },
    async endByProvider(logoutToken) {
      const which = await readLogoutToken(logoutToken);
      if (isRefusal(which)) return which;
      const ended = await sessions.endOfProvider(which);
      log.info({ ended }, 'signed out by the provider');
      if (ended > 0) onSessionEnd();
      return undefined;
    },
    browser: {
      begin: (ctx, one) => signInHere(parts, ctx, one),
      async endSessions(db, person, exceptId) {
        await endSessions(db, person, { except: exceptId });
      },
      kept: (request, feature) => readCookies(request).get(cookieName(feature, cookies)),
      keep(ctx, feature, { value, maxAgeS }) {
        if (!/^[A-Za-z0-9_-]{0,256}$/.test(value)) throw new TypeError('A browser keeps base64url, at most 256 characters.');
        ctx.append('Set-Cookie', writeCookie(feature, value, maxAgeS, cookies));
      },
      localPath: (target) => localPath(target, publicUrl),
    },
    sessionsEnded: onSessionEnd,
    routes: { signIn: signIn(parts), callback: completeSignIn(parts), signOut: signOut(parts) },
    issuerOrigin: new URL(config.issuer).origin,
    check: (timeoutMs) => provider.check(timeoutMs),
    purge: (now) => sessions.purge(now),
    certificateEndMs: certificate.endMs,
    stop() {
      certificate.stop();
      return refresh.stop();
    },
  };
}

/** Who came and went. The session is named by its id, which is no secret. */
function createRecorder({ people, trail, clock }: Pick<IdentityParts, 'people' | 'trail' | 'clock'>): RecordSession {
  return async (tx, { action, sessionId, person, by, details }) => {
    const { tenantId } = person;
    const personId = await people.of(tx, tenantId).idOf(person);
    const [actor, whose] = by === 'person' ? [personId, {}] : [null, { person: personId }];
    await trail.append(tx, { tenantId, occurredAt: clock(), actor, action, resource: `/sessions/${sessionId}`, requestId: '', details: { by, ...whose, ...details } });
  };
}
