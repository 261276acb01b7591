// How the proof asks the service, and lays hands on its database: what the scenarios are made of.
// Tested by prove-observability.ts: no alert fires without them.
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Person } from '#app/testing/issuer.ts';
import type { Stack, WatchedService } from './stack.ts';

/** Undoes what was done. */
export type Lift = () => Promise<void>;

export const STREAM = '/api/v1/stream';
/** Its entry goes into the audit trail. */
export const AUDITED = '/api/v1/me/export';
const TENANT = 'watched';
const LONGEST_ANSWER_MS = 20_000;

export const person = (id: string, role: string): Person => ({ id, name: id, tenantId: TENANT, roles: [role] });

/** Everybody has an address of their own (TEST-NET-2 and 3 have too few). */
const anyAddress = (): string => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`;

export interface Request {
  readonly method?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer with its body read; redirects are not followed. */
export async function ask({ origin }: Pick<WatchedService, 'origin'>, path: string, { method = 'GET', token, headers = {} }: Request = {}): Promise<Response> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(origin + path, { method, redirect: 'manual', headers: { 'x-forwarded-for': anyAddress(), ...authorization, ...headers }, signal: AbortSignal.timeout(LONGEST_ANSWER_MS) });
  await response.arrayBuffer();
  return response;
}

/** Over and over until it is told to stop, with a pause between; a failure is what it is there for. */
export function keepDoing(work: () => Promise<unknown>, { sideBySide = 1, everyMs }: { readonly sideBySide?: number; readonly everyMs: number }): Lift {
  const stopping = new AbortController();
  const isStopped = (): boolean => stopping.signal.aborted;
  const running = Array.from({ length: sideBySide }, async () => {
    while (!isStopped()) {
      await work().catch(() => undefined);
      await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  });
  return async () => {
    stopping.abort();
    await Promise.all(running);
  };
}

async function openSession(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  // A scenario kills PostgreSQL, and with it whatever still holds a lock.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** A session of PostgreSQL that takes a lock and keeps it. */
export async function hold({ url }: Pick<Stack['database'], 'url'>, statement: string): Promise<Lift> {
  const client = await openSession(url);
  await client.query('begin');
  await client.query(statement);
  return () => client.end();
}

/** One that takes it again and again, each time for so long. */
export async function holdInTurns({ url }: Pick<Stack['database'], 'url'>, statement: string, seconds: number): Promise<Lift> {
  const client = await openSession(url);
  // In one message, so that hardly anything comes between two turns.
  // gates:allow code_avoids_known_weaknesses/sql-concatenation until 2027-11-20: both are constants of the scenarios, and several statements in one message take no parameters
  const stop = keepDoing(() => client.query(`begin; ${statement}; select pg_sleep(${seconds}); commit`), { everyMs: 0 });
  return async () => {
    await stop();
    await client.end();
  };
}

/** A type of event that the service tells everybody of who may; as its own documentation names them. */
export async function anyEventType(service: WatchedService): Promise<string> {
  const response = await fetch(`${service.origin}/openapi.json`);
  const { paths } = (await response.json()) as { readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly description?: string }>>>> };
  const type = /^- `([^`]+)`/m.exec(paths['/api/v1/stream']?.['get']?.description ?? '')?.[1];
  if (type === undefined) throw new Error('no feature tells of events, so that there is nothing to deliver late');
  return type;
}

/** Commits events as a change does. They wait for the sequencer. */
export async function commitEvents(stack: Stack, { count, bytes }: { readonly count: number; readonly bytes: number }): Promise<void> {
  const type = await anyEventType(stack.service);
  await stack.database.ask(
    `insert into outbox_event (tenant_id, id, type, subject, actor, occurred_at, data)
     select $1, gen_random_uuid(), $2, 'things/1', 'nobody', clock_timestamp(), jsonb_build_object('n', n, 'filler', repeat('x', $4::integer)) from generate_series(1, $3::integer) as n`,
    [TENANT, type, count, bytes],
  );
  await stack.database.ask("select pg_notify('live_event', '')");
}
