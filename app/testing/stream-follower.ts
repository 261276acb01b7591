// Clients of the live stream that keep all they were told and resume where they stopped: for proofs that cut connections.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { until } from '#app/testing/condition.ts';
import { connectSse, type SseClient, type SseEvent } from '#app/testing/sse-client.ts';

/** What the server says of the stream itself. */
const NOTICES = new Set(['resync', 'reconnect', 'end']);

export interface FollowedEvent {
  /** Position in the stream. */
  readonly position: number;
  readonly type: string;
  readonly data: unknown;
}

export interface Follower {
  readonly name: string;
  readonly events: readonly FollowedEvent[];
  /** How often the server said that this client has to read everything again. */
  readonly resyncs: number;
  /** Connects, from the last position on where there is one; resolves when the connection stands. */
  connect(origin: string, token: string): Promise<void>;
  /** Resolves when the connection that stands has ended, whoever ended it, and all that arrived on it was taken. */
  ended(): Promise<void>;
  close(): Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly event?: { readonly type: string; readonly data: unknown };
  readonly resync?: unknown;
}

export class SocketFollower implements Follower {
  readonly name: string;
  readonly events: FollowedEvent[] = [];
  resyncs = 0;
  #position: number | undefined;
  #socket: WebSocket | undefined;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(name: string) {
    this.name = name;
  }

  async connect(origin: string, token: string): Promise<void> {
    const url = new URL('/api/v1/socket', origin.replace(/^http/, 'ws'));
    if (this.#position !== undefined) url.searchParams.set('lastEventId', String(this.#position));
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
    this.#socket = socket;
    this.#ended = once(socket, 'close');
    socket.on('message', (data: Buffer) => { this.#take(JSON.parse(data.toString()) as Message); });
    await once(socket, 'open');
    // A connection that is cut is what this client is for; 'close' follows.
    socket.on('error', () => undefined);
    // The position of a new subscription must be known before the first cut, or there would be nothing to resume from.
    if (this.#position === undefined) await once(socket, 'message');
  }

  #take({ id, event, resync }: Message): void {
    if (id === undefined) return;
    this.#position = id;
    if (resync !== undefined) this.resyncs += 1;
    if (event !== undefined) this.events.push({ position: id, type: event.type, data: event.data });
  }

  async ended(): Promise<void> {
    await this.#ended;
  }

  async close(): Promise<void> {
    this.#socket?.terminate();
    await this.ended();
  }
}

export class SseFollower implements Follower {
  readonly name: string;
  readonly #before: FollowedEvent[] = [];
  #resyncs = 0;
  #lastEventId = '';
  #client: SseClient | undefined;

  constructor(name: string) {
    this.name = name;
  }

  get events(): readonly FollowedEvent[] {
    return [...this.#before, ...(this.#client?.events ?? []).filter(({ event }) => !NOTICES.has(event)).map(toFollowed)];
  }

  get resyncs(): number {
    return this.#resyncs + (this.#client?.events ?? []).filter(({ event }) => event === 'resync').length;
  }

  async connect(origin: string, token: string): Promise<void> {
    const headers = { authorization: `Bearer ${token}`, ...(this.#lastEventId === '' ? {} : { 'last-event-id': this.#lastEventId }) };
    const client = await connectSse(new URL('/api/v1/stream', origin).href, headers);
    if (client.status !== 200) throw new Error(`${this.name}: the stream answered ${client.status}`);
    if (this.#lastEventId === '') await until('the position of the new stream', () => client.parser.lastEventId !== '');
    this.#client = client;
  }

  async ended(): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    await until('the stream to end', () => client.closed);
    this.#before.push(...client.events.filter(({ event }) => !NOTICES.has(event)).map(toFollowed));
    this.#resyncs = this.resyncs;
    // A block that was cut off before its empty line sets nothing (WHATWG HTML, 9.2.6).
    if (client.parser.lastEventId !== '') this.#lastEventId = client.parser.lastEventId;
    this.#client = undefined;
  }

  async close(): Promise<void> {
    this.#client?.close();
    await this.ended();
  }
}

function toFollowed({ id, data }: SseEvent): FollowedEvent {
  const { type, data: content } = JSON.parse(data) as { readonly type: string; readonly data: unknown };
  return { position: Number(id), type, data: content };
}
