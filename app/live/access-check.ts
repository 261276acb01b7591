// Keeps the access of open sessions true: asks again who they are, once for each login, a few at a time.
import type { Logger } from 'pino';
import type { Subject } from '#app/feature.ts';
import type { Gate } from '#app/lib/gate.ts';
import type { Hub } from '#app/live/hub.ts';
import { createRunner, type Runner } from '#app/lib/runner.ts';
import type { Session } from '#app/live/session.ts';

export interface AccessCheck {
  /** Checks these sessions soon; returns at once. */
  readonly request: (sessions: readonly Session[]) => void;
  readonly stop: () => Promise<void>;
}

export interface AccessCheckParts {
  readonly hub: Hub;
  readonly gate: Gate;
  readonly revalidate: (subject: Subject) => Promise<Subject | undefined>;
  readonly log: Logger;
}

export function createAccessCheck(parts: AccessCheckParts): AccessCheck {
  const due = new Set<Session>();

  async function check(sessions: readonly Session[], subject: Subject): Promise<void> {
    const now = await parts.gate(() => parts.revalidate(subject));
    for (const session of sessions) apply(session, now, parts.hub);
  }

  async function checkDue(): Promise<void> {
    const logins = Map.groupBy([...due], (session) => loginOf(session.subject));
    due.clear();
    const outcomes = await Promise.allSettled(
      [...logins.values()].map(async (sessions) => {
        const [first] = sessions;
        if (first === undefined) return;
        try {
          await check(sessions, first.subject);
        } catch (error) {
          // Nobody is thrown out because the database is away, which ends the events as well: asked again soon.
          for (const session of sessions) if (!session.ended) due.add(session);
          throw error;
        }
      }),
    );
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  const runner: Runner = createRunner('checking the access of live sessions', checkDue, parts.log);
  return {
    request(sessions) {
      for (const session of sessions) due.add(session);
      if (due.size > 0) runner.request();
    },
    stop: runner.stop,
  };
}

function apply(session: Session, subject: Subject | undefined, hub: Hub): void {
  if (session.ended) return;
  if (subject === undefined || subject.tenantId !== session.subject.tenantId || subject.id !== session.subject.id) {
    session.end('signed-out');
    return;
  }
  const types = hub.typesFor(subject);
  if (hub.sees(types)) session.authorise(subject, types);
  else session.end('forbidden');
}

/** Sessions of the same login are asked about once. A bearer token has no id here, so its own claims stand for it. */
function loginOf({ tenantId, id, roles, credential }: Subject): string {
  return credential.kind === 'session'
    ? JSON.stringify([credential.sessionId])
    : JSON.stringify([tenantId, id, roles, credential.expiresAt.getTime()]);
}
