// Asks the provider now and then whether a session's person is still who they were, by the session's refresh token.
// Tested by provider-session.test.ts: with the real provider.
import * as client from 'openid-client';
import type { Logger } from 'pino';
import { isRefusal } from '#app/errors.ts';
import type { Subject } from '#app/feature.ts';
import { type ClaimNames, readPerson } from '#app/identity/claims.ts';
import type { ProviderClient } from '#app/identity/provider-client.ts';
import type { ProviderTokens } from '#app/identity/sealed-tokens.ts';
import type { FoundSession, SessionStore } from '#app/identity/session-store.ts';

export interface SessionRefreshParts {
  readonly provider: Pick<ProviderClient, 'configuration'>;
  readonly sessions: SessionStore;
  readonly claims: ClaimNames;
  readonly refreshMs: number;
  readonly onSessionEnd: () => void;
  readonly log: Logger;
  readonly clock: () => Date;
}

export interface SessionRefresh {
  /** Begins one where it is due; the request that showed the cookie does not wait for it. */
  readonly request: (token: string, session: FoundSession) => void;
  readonly stop: () => Promise<void>;
}

/** Where the provider could not be asked. */
const RETRY_MS = 60_000;
/** At once; who is left out comes with their next request. */
const MOST_RUNNING = 50;

export function createSessionRefresh(parts: SessionRefreshParts): SessionRefresh {
  const { sessions, refreshMs, log, clock } = parts;
  const running = new Set<Promise<void>>();

  async function refresh(token: string, subject: Subject, now: Date): Promise<void> {
    // One request alone gets the tokens: a refresh token that is used twice counts as stolen (RFC 9700, 4.14.2).
    const tokens = await sessions.claimRefresh(token, new Date(now.getTime() - refreshMs), now);
    if (tokens?.refreshToken === undefined) return;
    const { idToken, refreshToken } = tokens;
    const outcome = await renew(parts, { idToken, refreshToken }, subject);
    if (outcome === 'later') {
      await sessions.storeRefresh(token, undefined, new Date(now.getTime() - refreshMs + RETRY_MS));
    } else if (outcome === 'ended') {
      await sessions.end(token);
      parts.onSessionEnd();
    } else {
      await sessions.storeRefresh(token, outcome, now);
    }
  }

  return {
    request(token, { subject, refreshedAt }) {
      const now = clock();
      if (refreshedAt === undefined || now.getTime() - refreshedAt.getTime() < refreshMs || running.size >= MOST_RUNNING) return;
      const run = refresh(token, subject, now)
        .catch((error: unknown) => {
          log.warn({ err: error }, 'a session could not be renewed; its next request tries again');
        })
        .finally(() => running.delete(run));
      running.add(run);
    },
    async stop() {
      await Promise.all(running);
    },
  };
}

async function renew({ provider, claims, log }: SessionRefreshParts, tokens: ProviderTokens & { readonly refreshToken: string }, subject: Subject): Promise<ProviderTokens | 'ended' | 'later'> {
  let renewed: Awaited<ReturnType<typeof client.refreshTokenGrant>>;
  try {
    renewed = await client.refreshTokenGrant(await provider.configuration(), tokens.refreshToken);
  } catch (error) {
    // RFC 6749, 5.2: expired, revoked, or of somebody who is no more.
    const ended = error instanceof client.ResponseBodyError && error.error === 'invalid_grant';
    if (ended) log.info({ tenant: subject.tenantId }, 'a session ends: the provider renews it no more');
    else log.warn({ err: error }, 'the provider could not be asked about a session');
    return ended ? 'ended' : 'later';
  }
  const said = renewed.claims();
  if (said !== undefined && !isSame(readPerson(said, claims), subject)) {
    log.info({ tenant: subject.tenantId }, 'a session ends: the provider says other things of the person now');
    return 'ended';
  }
  return { idToken: renewed.id_token ?? tokens.idToken, refreshToken: renewed.refresh_token ?? tokens.refreshToken };
}

/** CWE-613: with other rights somebody is asked to sign in anew. A new name alone waits for the next sign-in. */
function isSame(person: ReturnType<typeof readPerson>, subject: Subject): boolean {
  return !isRefusal(person) && person.id === subject.id && person.tenantId === subject.tenantId && new Set([...person.roles, ...subject.roles]).size === subject.roles.length && person.roles.length === subject.roles.length;
}
