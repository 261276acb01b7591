// What the browser must bring back from the provider: kept in a cookie of its own browser, so that a stranger's visit writes no row.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { clearCookie, cookieName, type CookieScheme, writeCookie } from '#app/identity/cookies.ts';

export interface SignInAttempt {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly returnTo: string;
  /** The provider must have seen the person prove who they are this recently, and say so. */
  readonly maxAgeS?: number | undefined;
}

const PREFIX = 'sign-in-';
const ATTEMPT_SECONDS = 600;
/** Tabs that sign in at once; older attempts are dropped, so that the Cookie header stays small. */
const MOST_ATTEMPTS = 4;
/** Of those that are too many: a browser never has more, and what somebody makes up is not worth an answer as long. */
const MOST_DROPPED = 8;

const schema = z.strictObject({ state: z.string(), nonce: z.string(), codeVerifier: z.string(), returnTo: z.string(), maxAgeS: z.int().min(0).optional() });

/** One cookie an attempt, found by its state; several tabs don't disturb one another. */
function nameOf(state: string): string {
  return PREFIX + createHash('sha256').update(state).digest('base64url').slice(0, 16);
}

/** Values for `Set-Cookie`. */
export function writeAttempt(attempt: SignInAttempt, present: ReadonlyMap<string, string>, scheme: CookieScheme): readonly string[] {
  const prefix = cookieName(PREFIX, scheme);
  // Browsers send the oldest first (RFC 6265, 5.4).
  const older = [...present.keys()].filter((name) => name.startsWith(prefix)).slice(0, 1 - MOST_ATTEMPTS).slice(0, MOST_DROPPED);
  return [
    ...older.map((name) => clearCookie(name.slice(prefix.length - PREFIX.length), scheme)),
    writeCookie(nameOf(attempt.state), Buffer.from(JSON.stringify(attempt)).toString('base64url'), ATTEMPT_SECONDS, scheme),
  ];
}

export function readAttempt(state: string, present: ReadonlyMap<string, string>, scheme: CookieScheme): SignInAttempt | undefined {
  const value = present.get(cookieName(nameOf(state), scheme));
  if (value === undefined) return undefined;
  try {
    const attempt = schema.parse(JSON.parse(Buffer.from(value, 'base64url').toString('utf8')));
    return attempt.state === state ? attempt : undefined;
  } catch {
    return undefined;
  }
}

export function clearAttempt(state: string, scheme: CookieScheme): string {
  return clearCookie(nameOf(state), scheme);
}
