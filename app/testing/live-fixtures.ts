// What tests of the live part share: subjects, an event type, and a session on a wire of paper.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { sql } from 'kysely';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { z } from 'zod';
import type { LiveConfig } from '#app/config.ts';
import type { OpenDatabase } from '#app/data/database.ts';
import { inTransaction } from '#app/data/transaction.ts';
import { isRefusal, type Refusal, refuse } from '#app/errors.ts';
import type { Database, EventType, Subject } from '#app/feature.ts';
import type { CloudEvent, Envelope } from '#app/live/cloud-event.ts';
import type { Limits } from '#app/live/limits.ts';
import { createLive, type Live } from '#app/live/live.ts';
import { appendEvent, type LiveEvent } from '#app/live/outbox.ts';
import { Session, type SessionParts } from '#app/live/session.ts';
import type { Notice, Transport } from '#app/live/transport.ts';
import type { SseEvent } from '#app/testing/sse-client.ts';

export const MOVED = 'sample.thing.moved.v1';
export const PRICED = 'sample.thing.priced.v1';
export const EVENT_TYPES: Readonly<Record<string, EventType>> = {
  [MOVED]: { action: 'things:read', summary: 'A thing was moved.', data: z.object({ n: z.int() }) },
  [PRICED]: { action: 'prices:read', summary: 'A thing was priced.', data: z.object({ n: z.int() }) },
};

/** Prices are for managers, things for everybody but auditors. */
export function canSample(subject: Subject, action: string): boolean {
  return action === 'prices:read' ? subject.roles.includes('manager') : !subject.roles.includes('auditor');
}

export function subjectOf(id = 'clerk', more: Partial<Subject> & { readonly expiresAt?: Date; readonly sessionId?: string } = {}): Subject {
  const { expiresAt = new Date(Date.now() + 3_600_000), sessionId = `session-of-${id}`, ...rest } = more;
  return { tenantId: 'acme', id, name: id, roles: ['clerk'], credential: { kind: 'session', sessionId, expiresAt }, ...rest };
}

export function eventAt(position: number, more: Partial<LiveEvent> = {}): LiveEvent {
  return { position, tenantId: 'acme', id: `id-${position}`, type: MOVED, subject: 'things/1', time: new Date(0), actor: 'clerk', data: { n: position }, ...more };
}

export interface PaperSession {
  readonly session: Session;
  /** Positions of events, and notices, in the order in which they were written. */
  readonly written: readonly (number | Notice)[];
  readonly state: { writable: boolean };
  drain(): void;
  close(): void;
}

export function createPaperSession(subject: Subject, types: ReadonlySet<string>, more: Partial<SessionParts> = {}): PaperSession {
  const written: (number | Notice)[] = [];
  const state = { writable: true };
  const closers: (() => void)[] = [];
  const drains: (() => void)[] = [];
  const close = () => {
    for (const listener of closers.splice(0)) listener();
  };
  const transport: Transport = {
    kind: 'sse',
    send: (envelope: Envelope) => written.push(envelope.position) > 0 && state.writable,
    notify: (notice) => written.push(notice) > 0 && state.writable,
    heartbeat: () => true,
    close(notice) {
      written.push(notice);
      close();
    },
    destroy: close,
    onDrain: (listener) => drains.push(listener),
    onClose: (listener) => closers.push(listener),
  };
  const session = new Session({
    transport,
    subject,
    types,
    bufferLimit: 10,
    bufferBytes: 1_000_000,
    goodbyeMs: 1,
    clock: () => new Date(),
    position: () => 0,
    onDelivered: () => undefined,
    onResync: () => undefined,
    onDrop: () => undefined,
    ...more,
  });
  const drain = () => {
    for (const listener of drains) listener();
  };
  return { session, written, state, drain, close };
}

export async function truncateOutbox(db: Database): Promise<void> {
  await sql`truncate outbox_event, outbox_horizon`.execute(db);
}

/** Commits one event, without waking anybody. */
export async function commitEvent(db: Database, n: number, more: { readonly tenantId?: string; readonly type?: string; readonly time?: Date; readonly data?: Readonly<Record<string, unknown>> } = {}): Promise<void> {
  await inTransaction(db, (tx) => appendSample(tx, n, more));
}

export function appendSample(tx: Database, n: number, { tenantId = 'acme', type = MOVED, time = new Date(), data = {} }: Parameters<typeof commitEvent>[2] = {}): Promise<void> {
  return appendEvent(tx, { tenantId, type, subject: `things/${n}`, actor: 'clerk', time, data: { n, ...data } });
}

/** Commits so many events of 100 KB in one transaction. */
export async function commitLargeEvents(db: Database, count: number): Promise<void> {
  await sql`insert into outbox_event (tenant_id, id, type, subject, actor, occurred_at, data)
    select 'acme', gen_random_uuid(), ${MOVED}, 'things/1', 'clerk', now(), jsonb_build_object('n', n, 'filler', repeat('x', 100000))
    from generate_series(1, ${count}::integer) as n order by n`.execute(db);
}

export interface HeldTransaction {
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/** A transaction that has done its work and stays open until it is told to end. */
export async function holdTransaction(db: Database, work: (tx: Database) => Promise<void>): Promise<HeldTransaction> {
  const worked = Promise.withResolvers<undefined>();
  const told = Promise.withResolvers<boolean>();
  const abandoned = new Error('rolled back');
  const ended = db
    .transaction()
    .execute(async (tx) => {
      await work(tx);
      worked.resolve(undefined);
      if (!(await told.promise)) throw abandoned;
    })
    .catch((error: unknown) => {
      worked.reject(error);
      if (error !== abandoned) throw error;
    });
  await worked.promise;
  const end = (commit: boolean) => {
    told.resolve(commit);
    return ended;
  };
  return { commit: () => end(true), rollback: () => end(false) };
}

export interface LiveServer {
  readonly live: Live;
  readonly url: string;
  readonly streamUrl: string;
  readonly socketUrl: string;
  readonly metrics: Registry;
  /** Who is signed in, by the name that a request carries as cookie `user` or as bearer token. */
  readonly subjects: Map<string, Subject>;
  /** Names whose login has ended although a request that was read before still carries them. */
  readonly signedOut: Set<string>;
  readonly revalidated: { count: number };
  close(): Promise<void>;
}

export const SOURCE = 'https://stock.example';

/** The live part behind a real HTTP server on a free port; authentication is by name. */
export async function startLive(database: OpenDatabase, more: { readonly config?: Partial<LiveConfig>; readonly limits?: Partial<Limits>; readonly clock?: () => Date; readonly names?: readonly string[]; readonly logLines?: string[] } = {}): Promise<LiveServer> {
  const metrics = new Registry();
  const subjects = new Map((more.names ?? ['clerk', 'manager']).map((name) => [name, subjectOf(name, { roles: [name === 'manager' ? 'manager' : 'clerk'] })]));
  const signedOut = new Set<string>();
  const revalidated = { count: 0 };
  const live = await createLive({
    database,
    // Long beats and polls by default: what a test sees has come by the wake-up.
    config: { heartbeatMs: 60_000, retentionMs: 86_400_000, pollMs: 60_000, bufferLimit: 256, ...more.config },
    source: SOURCE,
    events: EVENT_TYPES,
    can: canSample,
    revalidate: (subject) => {
      revalidated.count += 1;
      return Promise.resolve(signedOut.has(subject.id) ? undefined : subjects.get(subject.id));
    },
    allowedOrigin: SOURCE,
    log: more.logLines === undefined ? pino({ level: 'silent' }) : pino({ level: 'info' }, { write: (line) => void more.logLines?.push(line) }),
    metrics,
    clock: more.clock ?? (() => new Date()),
    limits: { goodbyeMs: 100, ...more.limits },
  });
  const identify = ({ headers }: IncomingMessage): Subject | Refusal => {
    const bearer = headers.authorization?.replace('Bearer ', '');
    const subject = subjects.get(bearer ?? headers.cookie?.replace('user=', '') ?? '');
    if (subject === undefined) return refuse(401, 'invalid-token', 'Sign in first.');
    return bearer === undefined ? subject : { ...subject, credential: { kind: 'bearer', expiresAt: subject.credential.expiresAt } };
  };
  const app = new Koa({ proxy: false });
  app.silent = true;
  app.use(async (ctx) => {
    const subject = identify(ctx.req);
    if (isRefusal(subject)) ctx.throw(subject.status, subject.detail);
    else await live.serveSse(ctx, subject);
  });
  const handle = app.callback();
  const server = createServer((request, response) => void handle(request, response));
  live.attachSocket(server, (request) => Promise.resolve(identify(request)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    live,
    url,
    streamUrl: `${url}/api/v1/stream`,
    socketUrl: `ws://127.0.0.1:${port}/api/v1/socket`,
    metrics,
    subjects,
    signedOut,
    revalidated,
    async close() {
      await live.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The numbers of the sample events that a client was sent, with resyncs and other notices by name. */
export function numbersOf(events: readonly SseEvent[]): (number | string)[] {
  return events.map(({ event, data }) => (event in EVENT_TYPES ? (JSON.parse(data) as CloudEvent & { data: { n: number } }).data.n : event));
}
