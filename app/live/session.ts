// One live session: what it may see, where it is, and a bounded buffer that never holds up anyone else.
import type { Subject } from '#app/feature.ts';
import type { Envelope } from '#app/live/cloud-event.ts';
import type { LiveEvent } from '#app/live/outbox.ts';
import type { EndReason, Notice, ResyncReason, Transport } from '#app/live/transport.ts';

export interface SessionParts {
  readonly transport: Transport;
  readonly subject: Subject;
  /** The event types that the subject may see. */
  readonly types: ReadonlySet<string>;
  readonly bufferLimit: number;
  readonly bufferBytes: number;
  readonly goodbyeMs: number;
  readonly clock: () => Date;
  /** The position of the process's reader. */
  readonly position: () => number;
  /** `live`: when it happened, and not out of the past or a buffer. */
  readonly onDelivered: (event: LiveEvent, live: boolean) => void;
  readonly onResync: (reason: ResyncReason) => void;
  readonly onDrop: (reason: DropReason) => void;
}

/** `overflow`: events, since the peer takes them more slowly than they come; `stalled`: the session, since it has taken nothing for too long. */
export type DropReason = 'overflow' | 'stalled';

export class Session {
  readonly transport: Transport;
  readonly #parts: SessionParts;
  #subject: Subject;
  #types: ReadonlySet<string>;
  #ended = false;
  /** While the past is read from the database, what happens meanwhile is kept back. */
  #holding = false;
  #missed = false;
  #queue: Envelope[] = [];
  #queuedBytes = 0;
  #blockedSinceMs: number | undefined;
  #owedResync: ResyncReason | undefined;
  #cursor: number;
  #onUnblocked: (() => void) | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.transport = parts.transport;
    this.#subject = parts.subject;
    this.#types = parts.types;
    this.#cursor = parts.position();
    parts.transport.onDrain(() => {
      this.#unblock();
    });
    parts.transport.onClose(() => {
      this.#finish();
    });
  }

  get subject(): Subject {
    return this.#subject;
  }
  get ended(): boolean {
    return this.#ended;
  }
  /** Whether the past is still being read; a resync or the end of the session breaks it off. */
  get holding(): boolean {
    return this.#holding;
  }
  /** Events that wait for the peer. */
  get queued(): number {
    return this.#queue.length;
  }
  /** Whether the buffer overflowed while it was held, so that the database must be read further. */
  get missed(): boolean {
    return this.#missed;
  }

  /** Access as it is now; events from here on are chosen by it. */
  authorise(subject: Subject, types: ReadonlySet<string>): void {
    this.#subject = subject;
    this.#types = types;
  }

  /** An event of the session's tenant, in order. Never blocks, never throws. */
  deliver(envelope: Envelope): void {
    if (this.#ended || envelope.position <= this.#cursor) return;
    if (this.#expired()) {
      this.end('expired');
      return;
    }
    if (!this.#types.has(envelope.event.type) || this.#owedResync !== undefined) return;
    if (this.#holding || this.#blockedSinceMs !== undefined) this.#enqueue(envelope);
    else this.#send(envelope, true);
  }

  /** Tells a client that starts now where it stands: its first reconnection then misses nothing. */
  start(): void {
    this.#notify({ kind: 'position', position: this.#cursor });
  }

  /** Keeps events back until `release`, and forgets those that were: they are in the database. */
  hold(): void {
    this.#holding = true;
    this.#missed = false;
    this.#clear();
  }

  /** Sends an event of the past and waits until the peer takes more. False when the past is of no use any more: see `holding`. */
  async replay(envelope: Envelope): Promise<boolean> {
    if (!this.#holding) return false;
    if (this.#expired()) {
      this.end('expired');
      return false;
    }
    if (this.#types.has(envelope.event.type)) this.#send(envelope);
    else this.#cursor = envelope.position;
    if (this.#blockedSinceMs !== undefined) await new Promise<void>((resolve) => (this.#onUnblocked = resolve));
    return this.holding;
  }

  /** Goes live from here: what the client has seen is `cursor`, what was kept back follows. */
  release(cursor: number): void {
    this.#cursor = Math.max(this.#cursor, cursor);
    this.#holding = false;
    this.#flush();
  }

  /** Tells the client to read everything again and to go on from now. */
  resync(reason: ResyncReason): void {
    if (this.#ended) return;
    this.#holding = false;
    this.#clear();
    if (this.#blockedSinceMs !== undefined) {
      this.#owedResync ??= reason;
      return;
    }
    this.#owedResync = undefined;
    this.#cursor = this.#parts.position();
    this.#parts.onResync(reason);
    this.#notify({ kind: 'resync', position: this.#cursor, reason });
  }

  /** Called at every beat: ends what has expired, and drops a peer that is gone or has taken nothing for too long. */
  heartbeat(stalledMs: number): void {
    if (this.#ended) return;
    if (this.#expired()) this.end('expired');
    else if (this.#blockedSinceMs !== undefined) {
      if (this.#nowMs() - this.#blockedSinceMs >= stalledMs) {
        this.#parts.onDrop('stalled');
        this.destroy();
      }
    } else if (!this.transport.heartbeat()) this.destroy();
  }

  end(reason: EndReason): void {
    this.#close({ kind: 'end', reason });
  }
  reconnect(afterMs: number): void {
    this.#close({ kind: 'reconnect', afterMs });
  }
  destroy(): void {
    this.transport.destroy();
    this.#finish();
  }

  #enqueue(envelope: Envelope): void {
    const bytes = envelope.encoded(this.transport.kind).byteLength;
    if (this.#queue.length < this.#parts.bufferLimit && this.#queuedBytes + bytes <= this.#parts.bufferBytes) {
      this.#queue.push(envelope);
      this.#queuedBytes += bytes;
    } else if (this.#holding) {
      this.#clear();
      this.#missed = true;
    } else {
      this.#parts.onDrop('overflow');
      this.resync('overflow');
    }
  }

  #send(envelope: Envelope, live = false): void {
    this.#cursor = envelope.position;
    this.#parts.onDelivered(envelope.event, live);
    if (!this.transport.send(envelope)) this.#block();
  }
  #notify(notice: Notice): void {
    if (!this.transport.notify(notice)) this.#block();
  }
  #block(): void {
    this.#blockedSinceMs ??= this.#nowMs();
  }
  #unblock(): void {
    this.#blockedSinceMs = undefined;
    if (this.#owedResync !== undefined) this.resync(this.#owedResync);
    else if (!this.#holding) this.#flush();
    this.#wakeReplay();
  }
  #wakeReplay(): void {
    this.#onUnblocked?.();
    this.#onUnblocked = undefined;
  }

  #flush(): void {
    let sent = 0;
    for (const envelope of this.#queue) {
      if (this.#blockedSinceMs !== undefined) break;
      sent += 1;
      this.#queuedBytes -= envelope.encoded(this.transport.kind).byteLength;
      // The client may be ahead of this process's reader: another process told it more.
      if (envelope.position > this.#cursor) this.#send(envelope);
    }
    this.#queue.splice(0, sent);
  }
  #clear(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #close(notice: Parameters<Transport['close']>[0]): void {
    if (this.#ended) return;
    this.transport.close(notice);
    this.#finish();
    setTimeout(() => {
      this.transport.destroy();
    }, this.#parts.goodbyeMs).unref();
  }
  #finish(): void {
    this.#ended = true;
    this.#holding = false;
    this.#clear();
    this.#wakeReplay();
  }
  #expired(): boolean {
    return this.#subject.credential.expiresAt.getTime() <= this.#nowMs();
  }
  #nowMs(): number {
    return this.#parts.clock().getTime();
  }
}
