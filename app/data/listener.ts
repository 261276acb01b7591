// LISTEN on a connection of its own, which comes back after it was lost.
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, escapeIdentifier } from 'pg';
import type { Logger } from 'pino';

export type OnNotify = (payload: string) => void;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;

/** Who listens to which channel. */
export class Channels {
  readonly #channels = new Map<string, Set<OnNotify>>();

  get names(): readonly string[] {
    return [...this.#channels.keys()];
  }

  add(channel: string, onNotify: OnNotify): void {
    this.#channels.set(channel, (this.#channels.get(channel) ?? new Set<OnNotify>()).add(onNotify));
  }

  /** True when nobody listens to the channel any more. */
  remove(channel: string, onNotify: OnNotify): boolean {
    const listeners = this.#channels.get(channel);
    listeners?.delete(onNotify);
    return listeners?.size === 0 && this.#channels.delete(channel);
  }

  deliver(channel: string, payload: string): void {
    for (const onNotify of this.#channels.get(channel) ?? []) onNotify(payload);
  }
}

export class Listener {
  readonly #createClient: () => Client;
  readonly #log: Logger;
  readonly #channels = new Channels();
  readonly #closing = new AbortController();
  /** The connection that is there, or that is being made. */
  #client: Promise<Client> | undefined;

  constructor(createClient: () => Client, log: Logger) {
    this.#createClient = createClient;
    this.#log = log;
  }

  async listen(channel: string, onNotify: OnNotify): Promise<() => Promise<void>> {
    this.#channels.add(channel, onNotify);
    try {
      this.#client ??= this.#connect().catch((error: unknown) => {
        this.#client = undefined;
        throw error;
      });
      await listenOn(await this.#client, channel);
    } catch (error) {
      this.#channels.remove(channel, onNotify);
      throw error;
    }
    return () => this.#unlisten(channel, onNotify);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#client?.then((client) => client.end(), () => undefined);
  }

  async #unlisten(channel: string, onNotify: OnNotify): Promise<void> {
    if (!this.#channels.remove(channel, onNotify) || this.#closing.signal.aborted) return;
    // A connection that is lost here comes back without this channel.
    await this.#client?.then((client) => client.query(`unlisten ${escapeIdentifier(channel)}`)).catch(() => undefined);
  }

  async #connect(): Promise<Client> {
    const client = this.#createClient();
    client.on('error', (error) => { this.#log.debug({ err: error }, 'the listening database connection failed'); });
    client.on('notification', ({ channel, payload = '' }) => { this.#channels.deliver(channel, payload); });
    try {
      await client.connect();
      for (const channel of this.#channels.names) await listenOn(client, channel);
    } catch (error) {
      await client.end();
      throw error;
    }
    client.once('end', () => { if (!this.#closing.signal.aborted) this.#client = this.#reconnect(); });
    return client;
  }

  async #reconnect(): Promise<Client> {
    const { signal } = this.#closing;
    this.#log.warn('the listening database connection was lost');
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, LAST_RETRY_MS)) {
      // Jitter, so that the processes of a fleet don't come back in one instant.
      await delay(waitMs * (0.5 + Math.random() / 2), undefined, { signal });
      try {
        const client = await this.#connect();
        // What was notified in between is lost: everybody looks for himself.
        for (const channel of this.#channels.names) this.#channels.deliver(channel, '');
        return client;
      } catch (error) {
        this.#log.warn({ err: error }, 'the listening database connection is still down');
      }
    }
  }
}

async function listenOn(client: Client, channel: string): Promise<void> {
  await client.query(`listen ${escapeIdentifier(channel)}`);
}
