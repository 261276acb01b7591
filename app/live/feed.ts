// The process's one reader: follows the outbox by position and hands every event on, once and in order.
import { setImmediate } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from '#app/feature.ts';
import { type LiveEvent, readBatch, readHead } from '#app/live/outbox.ts';
import { createRunner } from '#app/lib/runner.ts';

const BATCH = 500;

export interface Feed {
  /** The last position that was handed on. */
  readonly position: () => number;
  /** There may be more to read; coalesced, never throws. */
  readonly pull: () => void;
  readonly stop: () => Promise<void>;
}

export interface FeedParts {
  readonly db: Database;
  readonly deliver: (event: LiveEvent) => void;
  /** Events were removed before they were read (a process that slept longer than the retention), or the database went back in time. */
  readonly onGap: () => void;
  readonly log: Logger;
}

export async function createFeed(parts: FeedParts): Promise<Feed> {
  let last = await readHead(parts.db);

  async function read(): Promise<void> {
    for (;;) {
      const batch = await readBatch(parts.db, { after: last, limit: BATCH });
      if (batch.horizon > last || batch.head < last) {
        parts.log.warn({ last, horizon: batch.horizon, head: batch.head }, 'the outbox has moved past this reader: every session resynchronises');
        last = batch.head;
        parts.onGap();
        return;
      }
      for (const event of batch.events) {
        // Before it is handed on: a session that opens now must not be given it twice.
        last = event.position;
        parts.deliver(event);
        // Requests get their turn, and peers that are quick enough take the event before the next one: without this a
        // burst larger than the buffers would make every session read again.
        await setImmediate();
      }
      if (batch.events.length < BATCH) return;
    }
  }

  const runner = createRunner('reading the outbox', read, parts.log);
  return { position: () => last, pull: runner.request, stop: runner.stop };
}
