// Resuming: from the position that a client names, through the database, to the live events, with no gap and no double.
import type { Database } from '#app/feature.ts';
import { Envelope } from '#app/live/cloud-event.ts';
import type { Gate } from '#app/lib/gate.ts';
import { readBatch } from '#app/live/outbox.ts';
import type { Session } from '#app/live/session.ts';

const BATCH = 200;

export interface ResumeParts {
  readonly db: Database;
  readonly gate: Gate;
  readonly source: string;
  readonly position: () => number;
  readonly replayEvents: number;
}

/**
 * The client's position: the header that EventSource sends when it reconnects, else the query of the first connection
 * (its URL stays the same at reconnects, so the header is the newer one). An empty one counts as none.
 */
export function readLastEventId(header: string | string[] | undefined, query: URLSearchParams): number | 'malformed' | undefined {
  const values = header === undefined || header === '' ? query.getAll('lastEventId') : [header].flat();
  const [value] = values;
  if (value === undefined || (value === '' && values.length === 1)) return undefined;
  if (values.length > 1 || !/^(?:0|[1-9]\d{0,15})$/.test(value)) return 'malformed';
  const position = Number(value);
  return Number.isSafeInteger(position) ? position : 'malformed';
}

/** The session must be with the hub already. Rejects when the database fails; the session is held until then. */
export async function resume(session: Session, after: number, parts: ResumeParts): Promise<void> {
  let cursor = after;
  let sent = 0;
  session.hold();
  // Read in the turn of `hold`: what the reader hands on after this is kept back, what it did before is up to here.
  let target = parts.position();
  if (after === target) {
    session.release(after);
    return;
  }
  for (;;) {
    const range = { after: cursor, upTo: target, tenantId: session.subject.tenantId, limit: BATCH };
    const batch = await parts.gate(() => readBatch(parts.db, range));
    if (!session.holding) return;
    if (cursor < batch.horizon) {
      session.resync('too-old');
      return;
    }
    if (after > batch.head) {
      session.resync('unknown');
      return;
    }
    sent += batch.events.length;
    if (sent > parts.replayEvents) {
      session.resync('too-far');
      return;
    }
    for (const event of batch.events) {
      if (!(await session.replay(new Envelope(event, parts.source)))) return;
      cursor = event.position;
    }
    if (batch.events.length < BATCH) {
      cursor = Math.max(cursor, target);
      if (!session.missed) {
        session.release(cursor);
        return;
      }
      session.hold();
      target = parts.position();
    }
  }
}
