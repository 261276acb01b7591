// The live part: what committed changes become for every open session, in every process.
import { randomInt } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Context } from 'koa';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { LiveConfig } from '#app/config.ts';
import type { OpenDatabase } from '#app/data/database.ts';
import type { Refusal } from '#app/errors.ts';
import type { Action, EventType, Subject } from '#app/feature.ts';
import { createAccessCheck } from '#app/live/access-check.ts';
import { createEntrance } from '#app/live/entrance.ts';
import { createFeed, type Feed } from '#app/live/feed.ts';
import { createGate } from '#app/lib/gate.ts';
import { Hub } from '#app/live/hub.ts';
import { LIMITS, type Limits } from '#app/live/limits.ts';
import { createMeasures } from '#app/live/measures.ts';
import { hasUnsequenced, type LiveEvent } from '#app/live/outbox.ts';
import { purgeEvents } from '#app/live/retention.ts';
import { createRunner } from '#app/lib/runner.ts';
import { runInSpan } from '#app/lib/span.ts';
import { sequence } from '#app/live/sequencer.ts';
import type { Session } from '#app/live/session.ts';
import type { Tracing } from '#app/telemetry/tracing.ts';

export interface LiveParts {
  readonly database: OpenDatabase;
  readonly config: LiveConfig;
  /** CloudEvents `source`: the public URL. */
  readonly source: string;
  readonly events: Readonly<Record<string, EventType>>;
  readonly can: (subject: Subject, action: Action) => boolean;
  readonly revalidate: (subject: Subject) => Promise<Subject | undefined>;
  /** The origin whose pages may open a WebSocket with a cookie. */
  readonly allowedOrigin: string;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly clock: () => Date;
  readonly tracing?: Pick<Tracing, 'continue'> | undefined;
  /** Other limits than the usual ones, for tests. */
  readonly limits?: Partial<Limits>;
}

export interface Live {
  /** Call after a commit that appended events; coalesced, never throws, returns at once. */
  wake(): void;
  /** Checks the access of every live session again, in every process; call when a session ended or roles changed. */
  recheck(): void;
  /** Where the stream is now. A page reads it BEFORE its data and subscribes with `?lastEventId=`: then it misses nothing. */
  position(): number;
  readonly sessionCount: number;
  /** Answers `GET /api/v1/stream`; returns once the stream is open. */
  serveSse(ctx: Context, subject: Subject): Promise<void>;
  /** Serves WebSocket upgrades at /api/v1/socket, and answers any other upgrade with 404; `headers` are added to refusals. */
  attachSocket(server: Server, authenticate: (request: IncomingMessage) => Promise<Subject | Refusal>, headers?: Readonly<Record<string, string>>): void;
  /** Tells sessions to reconnect with jitter, then closes them; new ones are refused. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Woken for new events, and for changes of access. */
const EVENT_CHANNEL = 'live_event';
const ACCESS_CHANNEL = 'live_access';
/** Beats without a byte taken after which a session is given up. */
const STALLED_BEATS = 2;
/** A subject that was authenticated before a change of access may open its session up to this much later. */
const LATE_OPEN_MS = 30_000;
const PURGE_LEAST_MS = 1_000;
const PURGE_MOST_MS = 600_000;

export async function createLive(parts: LiveParts): Promise<Live> {
  const { database, config, clock } = parts;
  const { db } = database;
  const log = parts.log.child({ part: 'live' });
  const limits = { ...LIMITS, ...parts.limits };
  const gate = createGate(limits.concurrentQueries);
  const hub = new Hub({ source: parts.source, events: parts.events, can: parts.can, limits });
  const measures = createMeasures(parts.metrics, { hub, db, clock });
  let draining = false;
  let accessChangedMs = Number.NEGATIVE_INFINITY;

  const feed = await createFeed({
    db,
    deliver: (event) => {
      traceDelivery(parts, hub, event);
    },
    onGap: () => {
      hub.resyncAll();
    },
    log,
  });
  const sequencer = createRunner('sequencing the outbox', () => sequenceAndTell(database, feed, clock), log);
  const poll = createRunner('polling the outbox', async () => {
    if (await hasUnsequenced(db)) sequencer.request();
    feed.pull();
  }, log);
  const purge = createRunner('purging the outbox', async () => {
    const purged = await purgeEvents(db, new Date(clock().getTime() - config.retentionMs));
    if (purged > 0) log.info({ purged }, 'events past their retention were removed');
  }, log);
  const access = createAccessCheck({ hub, gate, revalidate: parts.revalidate, log });

  const entrance = createEntrance({
    hub,
    resume: { db, gate, source: parts.source, position: feed.position, replayEvents: limits.replayEvents },
    session: { bufferLimit: config.bufferLimit, bufferBytes: limits.bufferBytes, goodbyeMs: limits.goodbyeMs, clock, position: feed.position, onResync: measures.resynced, onDrop: measures.dropped },
    onDelivered: measures.delivered,
    onOpen: (session) => {
      if (clock().getTime() - accessChangedMs < LATE_OPEN_MS) access.request([session]);
    },
    isDraining: () => draining,
    allowedOrigin: parts.allowedOrigin,
    retryMs: limits.retryMs,
    log,
  });

  function checkAll(): void {
    accessChangedMs = clock().getTime();
    access.request(hub.sessions());
  }
  function beat(): void {
    const soon = clock().getTime() + STALLED_BEATS * config.heartbeatMs;
    for (const session of hub.sessions()) session.heartbeat(STALLED_BEATS * config.heartbeatMs);
    // A login that was used since has a later end by now: asked before the old one is acted upon.
    access.request(hub.sessions().filter(({ subject: { credential } }) => credential.kind === 'session' && credential.expiresAt.getTime() <= soon));
  }

  const unlisten = [await database.listen(EVENT_CHANNEL, feed.pull), await database.listen(ACCESS_CHANNEL, checkAll)];
  // What was committed between the reader's start and the subscription.
  poll.request();
  const purgeMs = Math.min(PURGE_MOST_MS, Math.max(PURGE_LEAST_MS, config.retentionMs / 10));
  const timers = [
    setInterval(poll.request, config.pollMs),
    setInterval(beat, config.heartbeatMs),
    setInterval(purge.request, purgeMs),
    setInterval(() => { access.request(hub.sessions()); }, limits.recheckMs),
  ];
  for (const timer of timers) timer.unref();

  return {
    wake: sequencer.request,
    recheck() {
      checkAll();
      database.notify(ACCESS_CHANNEL, '').catch((error: unknown) => {
        log.warn({ err: error }, 'the other processes could not be told to check access; they do so by themselves before long');
      });
    },
    position: feed.position,
    get sessionCount() {
      return hub.size;
    },
    serveSse: (ctx, subject) => {
      entrance.serveSse(ctx, subject);
      return Promise.resolve();
    },
    attachSocket: entrance.attachSocket,
    async drain() {
      draining = true;
      await Promise.all(hub.sessions().map((session) => goodbye(session, limits.reconnectSpreadMs)));
    },
    async close() {
      draining = true;
      for (const timer of timers) clearInterval(timer);
      for (const session of hub.sessions()) session.destroy();
      // A database that is gone can't be told; everything here stops all the same.
      for (const outcome of await Promise.allSettled(unlisten.map((stop) => stop()))) {
        if (outcome.status === 'rejected') log.debug({ err: outcome.reason as unknown }, 'the database could not be told that nobody listens any more');
      }
      await Promise.all([poll, sequencer, purge, access, feed].map((part) => part.stop()));
    },
  };
}

/** As a part of what published it, where somebody here listens; other processes have their own. */
function traceDelivery({ tracing, clock }: LiveParts, hub: Hub, event: LiveEvent): void {
  const sessions = hub.audience(event.tenantId);
  const { traceparent, type, id, time } = event;
  const span = traceparent === undefined || sessions === 0 ? undefined : tracing?.continue(traceparent, {
    name: `deliver ${type}`,
    kind: 'consumer',
    attributes: { 'messaging.system': 'outbox', 'messaging.destination.name': 'outbox', 'messaging.operation.type': 'process', 'messaging.operation.name': 'deliver', 'cloudevents.event_id': id, 'cloudevents.event_type': type, 'stockade.live.sessions': sessions, 'stockade.event.age_ms': clock().getTime() - time.getTime() },
  });
  if (span === undefined) {
    hub.deliver(event);
    return;
  }
  runInSpan(span, () => { hub.deliver(event); });
  span.end();
}

/** The notification goes out after the commit: inside a transaction NOTIFY takes a lock of the whole instance. */
async function sequenceAndTell(database: OpenDatabase, feed: Feed, clock: () => Date): Promise<void> {
  const numbered = await sequence(database.db, clock());
  if (numbered === 0) return;
  feed.pull();
  await database.notify(EVENT_CHANNEL, '');
}

function goodbye(session: Session, spreadMs: number): Promise<void> {
  return new Promise((resolve) => {
    session.transport.onClose(resolve);
    session.reconnect(randomInt(Math.ceil(spreadMs / 10), spreadMs + 1));
  });
}
