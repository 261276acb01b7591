// Remembers for a moment which bearer tokens were found good: verifying a signature is a quarter of a small request's work.
import { hash } from 'node:crypto';
import { isRefusal } from '#app/errors.ts';
import type { Subject } from '#app/feature.ts';
import type { VerifyBearer } from '#app/identity/bearer.ts';

export interface RememberOptions {
  readonly clock: () => Date;
  readonly mostTokens?: number;
}

/** So much longer a token may be accepted after its key was withdrawn; the keys themselves are cached for longer. */
const REMEMBERED_MS = 30_000;
const MOST_TOKENS = 10_000;

interface Known {
  readonly subject: Subject;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Never beyond the token's end, and only what was accepted: a refused token is verified each time. Kept by digest, as sessions are. */
export function rememberVerified(verify: VerifyBearer, { clock, mostTokens = MOST_TOKENS }: RememberOptions): VerifyBearer {
  const known = new Map<string, Known>();
  return async (token) => {
    const digest = hash('sha256', token, 'base64url');
    const nowMs = clock().getTime();
    const remembered = known.get(digest);
    // A clock that was set back must not make a memory last.
    if (remembered !== undefined && nowMs >= remembered.fromMs && nowMs < remembered.untilMs) return remembered.subject;
    known.delete(digest);
    const subject = await verify(token);
    if (isRefusal(subject)) return subject;
    const [oldest] = known.keys();
    if (known.size >= mostTokens && oldest !== undefined) known.delete(oldest);
    known.set(digest, { subject, fromMs: nowMs, untilMs: Math.min(subject.credential.expiresAt.getTime(), nowMs + REMEMBERED_MS) });
    return subject;
  };
}
