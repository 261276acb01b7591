// The outbox: events written in the transaction of their change, and read back by position.
import { randomUUID } from 'node:crypto';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { inTransaction } from '#app/data/transaction.ts';
import type { Database, EventDraft } from '#app/feature.ts';
import { currentSpan, formatTraceparent } from '#app/lib/span.ts';
import { NAMESPACE, SEQUENCER_LOCK } from '#app/live/locks.ts';

export interface LiveEvent {
  /** Place in the one order of all events; SSE `id:`. */
  readonly position: number;
  readonly tenantId: string;
  /** UUID, the same in every delivery. */
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly time: Date;
  readonly actor: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Of the span that published it, where tracing was on. */
  readonly traceparent?: string;
}

// An alias, since Kysely wants a type with an implicit index signature.
export type OutboxTables = {
  outbox_event: {
    tenant_id: string;
    id: string;
    sequence: number;
    position: number | null;
    sequenced_at: Date | null;
    type: string;
    subject: string;
    actor: string;
    occurred_at: Date;
    data: Record<string, unknown>;
    traceparent: string | null;
  };
  outbox_horizon: { tenant_id: string; position: number };
};

export type NewEvent = EventDraft & { readonly tenantId: string; readonly actor: string; readonly time: Date };

/** Writes the events in the caller's transaction; call `wake` of Live after its commit. At least one. */
export function insertEvents(events: readonly NewEvent[]): RawBuilder<unknown> {
  const span = currentSpan();
  const traceparent = span === undefined ? null : formatTraceparent(span);
  const rows = events.map(
    // Through text: the drivers differ in how they encode a parameter of type jsonb.
    ({ tenantId, type, subject, actor, time, data }) => sql`(${tenantId}, ${randomUUID()}::uuid, ${type}, ${subject}, ${actor}, ${time}::timestamptz, ${JSON.stringify(data)}::text::jsonb, ${traceparent})`,
  );
  return sql`insert into outbox_event (tenant_id, id, type, subject, actor, occurred_at, data, traceparent) values ${sql.join(rows)}`;
}

export async function appendEvent(tx: Database, event: NewEvent): Promise<void> {
  await sql`${insertEvents([event])}`.execute(tx);
}

/** The last position that was given, whether or not its event is still kept. */
export async function readHead(db: Database): Promise<number> {
  const { rows } = await sql<{ head: number }>`select ${HEAD} as head`.execute(db);
  return rows[0]?.head ?? 0;
}

/** One expression, so that the reader and a resuming session mean the same; the sequencer's is in 0005_sequence_outbox.sql. */
const HEAD = sql<number>`greatest(
  coalesce((select max(position) from outbox_event), 0),
  coalesce((select max(position) from outbox_horizon), 0))`;

/** In the horizon: of all tenants, those of which nothing is left included. No tenant has this name. */
const EVERY_TENANT = '';
/** More than are given between a backup and its restore; some nine thousand restores. */
const LEFT_BEHIND = 1_000_000_000_000;

/**
 * After a restore that lost events: no position that was given before is given again, and whoever resumes from one is told
 * to read everything anew. Returns the last position that is not given any more.
 */
export async function leavePositionsBehind(db: Database): Promise<number> {
  return inTransaction(db, async (tx) => {
    await sql`select pg_advisory_xact_lock(${NAMESPACE}::integer, ${SEQUENCER_LOCK}::integer)`.execute(tx);
    const { rows } = await sql<{ position: number }>`
      insert into outbox_horizon (tenant_id, position) select ${EVERY_TENANT}, ${HEAD} + ${LEFT_BEHIND}::bigint
      on conflict (tenant_id) do update set position = excluded.position returning position`.execute(tx);
    return rows[0]?.position ?? 0;
  });
}

export async function hasUnsequenced(db: Database): Promise<boolean> {
  const row = await tables(db).selectFrom('outbox_event').select('id').where('position', 'is', null).limit(1).executeTakeFirst();
  return row !== undefined;
}

/** When the event happened that has waited longest for its position; undefined when none waits. */
export async function oldestUnsequenced(db: Database): Promise<Date | undefined> {
  const row = await tables(db).selectFrom('outbox_event').select('occurred_at').where('position', 'is', null).orderBy('sequence').limit(1).executeTakeFirst();
  return row?.occurred_at;
}

export interface Batch {
  readonly events: readonly LiveEvent[];
  /** Nothing up to here is kept any more. */
  readonly horizon: number;
  readonly head: number;
}

interface Row {
  horizon: number;
  head: number;
  position: number | null;
  tenant_id: string;
  id: string;
  type: string;
  subject: string;
  actor: string;
  occurred_at: Date;
  data: Record<string, unknown>;
  traceparent: string | null;
}

/** Reads `after < position <= upTo`, oldest first; of one tenant, or of all. Events, horizon and head are of one snapshot. */
export async function readBatch(db: Database, range: { readonly after: number; readonly upTo?: number; readonly tenantId?: string; readonly limit: number }): Promise<Batch> {
  const tenant = range.tenantId === undefined ? sql`true` : sql`tenant_id = ${range.tenantId}`;
  const upTo = range.upTo ?? Number.MAX_SAFE_INTEGER;
  const { rows } = await sql<Row>`
    select known.horizon, known.head, event.position, event.tenant_id, event.id, event.type, event.subject, event.actor, event.occurred_at, event.data, event.traceparent
    from (select coalesce((select max(position) from outbox_horizon where ${tenant} or tenant_id = ${EVERY_TENANT}), 0) as horizon, ${HEAD} as head) as known
    left join lateral (
      select * from outbox_event
      where position > ${range.after}::bigint and position <= ${upTo}::bigint and ${tenant}
      order by position limit ${range.limit}::integer
    ) as event on true
    order by event.position`.execute(db);
  return {
    events: rows.flatMap((row) => (row.position === null ? [] : [toEvent(row, row.position)])),
    horizon: rows[0]?.horizon ?? 0,
    head: rows[0]?.head ?? 0,
  };
}

function toEvent(row: Row, position: number): LiveEvent {
  return { position, tenantId: row.tenant_id, id: row.id, type: row.type, subject: row.subject, time: row.occurred_at, actor: row.actor, data: row.data, ...(row.traceparent !== null && { traceparent: row.traceparent }) };
}

function tables(db: Database): Kysely<OutboxTables> {
  return db.$extendTables<OutboxTables>();
}
