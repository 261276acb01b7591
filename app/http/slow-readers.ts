// Resets connections whose client takes its answer too slowly to be worth the memory that waits for it (CWE-400).
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { onOpen, wireOf } from '#app/http/listener.ts';
import { readUnacknowledged, type Unacknowledged } from '#app/http/unacknowledged.ts';

export interface SlowReaderOptions {
  /** What a client must take in every `windowMs` while anything waits for it. */
  readonly minBytesPerSecond: number;
  readonly windowMs: number;
  readonly everyMs: number;
  /** What the system still holds of what Node has handed over; undefined where it can't be known. */
  readonly readUnacknowledged: (port: number) => Promise<Unacknowledged | undefined>;
}

/** 1 KiB/s is less than any client needs to be of use; window and interval make 12 s, and whoever reads nothing is gone by then. */
const DEFAULTS: SlowReaderOptions = { minBytesPerSecond: 1_024, windowMs: 8_000, everyMs: 2_000, readUnacknowledged };

interface Reader {
  response: ServerResponse | undefined;
  /** What had been sent when last nothing was left to take. */
  settledBytes: number;
  mark: { readonly atMs: number; readonly takenBytes: number } | undefined;
}

/**
 * Node's own clocks watch what a client sends, not what it takes: without this, a client with a tiny window holds its answer
 * in the process until it likes, and what fits into the system's buffers (megabytes on a fast path) for as long as a
 * connection may be idle.
 */
export function resetSlowReaders(server: Server, options: Partial<SlowReaderOptions> = {}): void {
  const { minBytesPerSecond, windowMs, everyMs, readUnacknowledged: readUnsent } = { ...DEFAULTS, ...options };
  const readers = new Map<Socket, Reader>();
  onOpen(server, (socket) => {
    readers.set(socket, { response: undefined, settledBytes: 0, mark: undefined });
    socket.once('close', () => readers.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    const reader = readers.get(socket);
    if (reader !== undefined) reader.response = response;
  });
  // A live session has a heartbeat and a buffer of its own, whose end it knows better.
  server.on('upgrade', ({ socket }) => readers.delete(socket));

  const look = async (): Promise<void> => {
    const busy = [...readers].filter(([socket, reader]) => socket.bytesWritten !== reader.settledBytes && !isLive(reader));
    const address = server.address();
    if (busy.length === 0 || address === null || typeof address === 'string') return;
    const unsent = await readUnsent(address.port);
    const nowMs = performance.now();
    for (const [socket, reader] of busy) {
      const waiting = socket.writableLength + (unsent?.of(socket) ?? 0);
      // Without the system's view a write is seen to be taken only as a whole.
      const graceMs = unsent === undefined ? (waiting / minBytesPerSecond) * 1_000 : 0;
      if (isTooSlow(reader, socket.bytesWritten, waiting, nowMs, graceMs)) wireOf(socket).resetAndDestroy();
    }
  };
  const isTooSlow = (reader: Reader, sent: number, waiting: number, nowMs: number, graceMs: number): boolean => {
    const takenBytes = sent - waiting;
    if (waiting === 0) {
      reader.settledBytes = sent;
      reader.mark = undefined;
      return false;
    }
    const { mark } = reader;
    if (mark !== undefined && nowMs - mark.atMs < windowMs + graceMs) return false;
    reader.mark = { atMs: nowMs, takenBytes };
    return mark !== undefined && takenBytes - mark.takenBytes < (minBytesPerSecond * windowMs) / 1_000;
  };

  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, everyMs);
  timer.unref();
  server.once('close', () => {
    clearInterval(timer);
  });
}

function isLive({ response }: Reader): boolean {
  return response !== undefined && !response.writableEnded && String(response.getHeader('content-type')).startsWith('text/event-stream');
}
