// Sign-in and sign-out: OpenID Connect's authorization code flow with PKCE, state and nonce (RFC 9700, 2.1.1).
import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import * as client from 'openid-client';
import type { Logger } from 'pino';
import { AppError, isRefusal } from '#app/errors.ts';
import { type CountSignIn, LOCAL_SUBJECT_PREFIX, type SignIn } from '#app/feature.ts';
import { readAssurance } from '#app/identity/assurance.ts';
import { type ClaimNames, readPerson } from '#app/identity/claims.ts';
import { clearCookie, cookieName, type CookieScheme, readCookies, writeCookie } from '#app/identity/cookies.ts';
import { type ProviderClient, providerUnavailable } from '#app/identity/provider-client.ts';
import { localPath } from '#app/identity/return-path.ts';
import type { NewSession, SessionStore } from '#app/identity/session-store.ts';
import { clearAttempt, readAttempt, type SignInAttempt, writeAttempt } from '#app/identity/sign-in-attempt.ts';

export const SESSION_COOKIE = 'session';
const CALLBACK_PATH = '/auth/callback';
const LONGEST_SESSION_ID = 255;

export interface SignInParts {
  readonly provider: ProviderClient;
  readonly sessions: SessionStore;
  readonly claims: ClaimNames;
  readonly publicUrl: string;
  readonly cookies: CookieScheme;
  readonly scope: string;
  /** The provider's names for two factors, as `acr`. */
  readonly multiFactorAcr: readonly string[];
  /** Of people (ASVS 6.3.3). */
  readonly signInFactors: 1 | 2;
  readonly sessionAbsoluteMs: number;
  readonly onSessionEnd: () => void;
  /** Of attempts by the provider's way. */
  readonly count: CountSignIn;
  readonly log: Logger;
  readonly clock: () => Date;
}

/** GET /auth/sign-in?return_to=<path>&max_age=<seconds>&factors=2: off to the provider. */
export function signIn({ provider, publicUrl, cookies, scope, multiFactorAcr, signInFactors, sessionAbsoluteMs }: SignInParts): Middleware {
  return async (ctx) => {
    const configuration = await provider.configuration();
    const codeVerifier = client.randomPKCECodeVerifier();
    const asked = new URLSearchParams(ctx.querystring);
    const returnTo = localPath(asked.get('return_to'), publicUrl);
    const longestS = Math.floor(sessionAbsoluteMs / 1_000);
    const maxAgeS = readMaxAge(asked.get('max_age'), longestS);
    const attempt = { state: client.randomState(), nonce: client.randomNonce(), codeVerifier, returnTo, maxAgeS };
    setCookies(ctx, writeAttempt(attempt, readCookies(ctx.req), cookies));
    redirect(
      ctx,
      client.buildAuthorizationUrl(configuration, {
        redirect_uri: publicUrl + CALLBACK_PATH,
        scope,
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
        // Also makes a provider that follows OpenID Connect Core 1.0, 3.1.2.1, say when it was. Some do neither: they are held to it
        // where an action asks for a fresh sign-in, and nowhere else.
        max_age: String(maxAgeS ?? longestS),
        ...((signInFactors === 2 || asked.get('factors') === '2') && multiFactorAcr.length > 0 ? { acr_values: multiFactorAcr.join(' ') } : {}),
      }).href,
    );
  };
}

/** Never longer than a session of ours lasts; undefined where nothing is asked that could be. */
function readMaxAge(text: string | null, most: number): number | undefined {
  return text !== null && /^\d{1,9}$/.test(text) ? Math.min(Number(text), most) : undefined;
}

/** GET /auth/callback: the provider's answer becomes a new session; the one before it, if any, ends (ASVS 7.2.4). */
export function completeSignIn(parts: SignInParts): Middleware {
  const { claims, publicUrl, cookies, count } = parts;
  return async (ctx) => {
    const present = readCookies(ctx.req);
    const state = new URLSearchParams(ctx.querystring).get('state') ?? '';
    const attempt = readAttempt(state, present, cookies);
    // Whatever comes of it, the attempt is used up.
    setCookies(ctx, [clearAttempt(state, cookies)]);
    if (attempt === undefined) {
      count('expired');
      throw new AppError('This sign-in was not begun in this browser, has expired, or was completed before: sign in again.', { status: 400, code: 'sign-in-expired' });
    }
    const tokens = await exchange({ ...parts, log: logOf(ctx, parts.log) }, new URL(publicUrl + CALLBACK_PATH + ctx.search), attempt);
    const said: Readonly<Record<string, unknown>> = tokens.claims() ?? {};
    const person = readPerson(said, claims);
    if (isRefusal(person)) {
      count('refused');
      logOf(ctx, parts.log).warn({ signIn: { outcome: 'refused', method: 'provider', reason: person.code } }, 'sign-in refused');
      throw new AppError(person.detail, { status: person.status, code: person.code });
    }
    const assurance = readAssurance(said, parts.multiFactorAcr);
    if (assurance.factors < parts.signInFactors) {
      count('refused');
      throw new AppError('This service takes two factors, and the identity provider tells of one.', { status: 403, code: 'second-factor-missing' });
    }
    const sid = said['sid'];
    await beginSession(parts, ctx, {
      person,
      assurance,
      provider: { sessionId: typeof sid === 'string' && sid.length <= LONGEST_SESSION_ID ? sid : undefined, tokens: { idToken: tokens.id_token ?? '', refreshToken: tokens.refresh_token } },
    });
    count('passed');
    redirect(ctx, attempt.returnTo);
  };
}

/** For a feature that has found out itself who the person is. */
export async function signInHere(parts: SignInParts, ctx: Context, { person, factors }: SignIn): Promise<void> {
  if (!person.id.startsWith(LOCAL_SUBJECT_PREFIX)) throw new TypeError(`A feature signs in subjects that begin with "${LOCAL_SUBJECT_PREFIX}".`);
  await beginSession(parts, ctx, { person, assurance: { factors, authenticatedAt: parts.clock() } });
}

async function beginSession(parts: SignInParts, ctx: Context, session: Omit<NewSession, 'userAgent'>): Promise<void> {
  const { sessions, cookies, clock, log } = parts;
  const previous = sessionToken(ctx.req, cookies);
  if (previous !== undefined) await sessions.end(previous);
  const token = await sessions.create({ ...session, userAgent: ctx.get('user-agent') }, clock());
  setCookies(ctx, [writeCookie(SESSION_COOKIE, token, Math.floor(parts.sessionAbsoluteMs / 1_000), cookies)]);
  const { tenantId, id } = session.person;
  logOf(ctx, log).info({ signIn: { outcome: 'passed', method: session.provider === undefined ? 'local' : 'provider', factors: session.assurance.factors, tenant: tenantId, subject: id } }, 'signed in');
  // Its own end, and that of others which it has superseded.
  parts.onSessionEnd();
}

/** POST /auth/sign-out: here first, so that it holds whatever the provider does; then at the provider (OpenID Connect RP-Initiated Logout 1.0). */
export function signOut(parts: SignInParts): Middleware {
  return async (ctx) => {
    const token = sessionToken(ctx.req, parts.cookies);
    const ended = token === undefined ? undefined : await endSession(parts, token);
    if (ended !== undefined) logOf(ctx, parts.log).info('signed out');
    setCookies(ctx, [clearCookie(SESSION_COOKIE, parts.cookies)]);
    // Not "cookies": features keep some in the browser that belong to no session.
    ctx.set('Clear-Site-Data', '"cache", "storage"');
    redirect(ctx, ended?.idToken === undefined ? '/' : await logoutUrl(parts, ended.idToken));
  };
}

/** The request's own, which carries its ids. */
function logOf(ctx: Context, otherwise: Logger): Logger {
  return (ctx.state as { readonly log?: Logger }).log ?? otherwise;
}

export function sessionToken(request: IncomingMessage, scheme: CookieScheme): string | undefined {
  return readCookies(request).get(cookieName(SESSION_COOKIE, scheme));
}

async function exchange({ provider, count, log }: SignInParts, callback: URL, attempt: SignInAttempt) {
  const configuration = await provider.configuration();
  try {
    return await client.authorizationCodeGrant(configuration, callback, {
      pkceCodeVerifier: attempt.codeVerifier,
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      idTokenExpected: true,
      ...(attempt.maxAgeS === undefined ? {} : { maxAge: attempt.maxAgeS }),
    });
  } catch (cause) {
    log.warn({ signIn: { outcome: 'failed', method: 'provider' }, err: cause }, 'sign-in failed');
    if (cause instanceof client.AuthorizationResponseError && cause.error === 'access_denied') {
      count('denied');
      throw new AppError('The sign-in was cancelled, or the identity provider refused it.', { status: 403, code: 'sign-in-denied', cause });
    }
    // fetch reports an unreachable host as a TypeError, a missed deadline as a TimeoutError.
    if (unreachable(cause)) {
      count('unavailable');
      throw providerUnavailable(cause);
    }
    count('failed');
    throw new AppError('The identity provider\'s answer could not be accepted: sign in again.', { status: 400, code: 'sign-in-failed', cause });
  }
}

function unreachable(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause.name === 'TimeoutError' || (cause instanceof TypeError && cause.message === 'fetch failed')) return true;
  }
  return false;
}

async function endSession({ sessions, onSessionEnd }: SignInParts, token: string): ReturnType<SessionStore['end']> {
  const ended = await sessions.end(token);
  if (ended !== undefined) onSessionEnd();
  return ended;
}

async function logoutUrl({ provider, publicUrl, log }: SignInParts, idToken: string): Promise<string> {
  try {
    const configuration = await provider.configuration();
    if (configuration.serverMetadata().end_session_endpoint === undefined) return '/';
    return client.buildEndSessionUrl(configuration, { id_token_hint: idToken, post_logout_redirect_uri: `${publicUrl}/` }).href;
  } catch (error) {
    log.warn({ err: error }, 'signed out here, not at the provider');
    return '/';
  }
}

function setCookies(ctx: Context, cookies: readonly string[]): void {
  for (const cookie of cookies) ctx.append('Set-Cookie', cookie);
}

/** 303: the next request is a GET whatever this one was (RFC 9110, 15.4.4). */
function redirect(ctx: Context, location: string): void {
  ctx.status = 303;
  ctx.set('Location', location);
  ctx.set('Cache-Control', 'no-store');
  ctx.body = '';
}
