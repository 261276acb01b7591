// The wire of Server-Sent Events (WHATWG HTML, 9.2): frames, backpressure and end of one response.
import type { ServerResponse } from 'node:http';
import type { Notice, Transport } from '#app/live/transport.ts';

const HEARTBEAT = ':\n\n';

/** Sends the head at once, so that the client knows that it is connected before the first event. */
export function openSse(response: ServerResponse, retryMs: number): Transport {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    // no-transform: a proxy that compresses also collects, and events wait.
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
    // The connection ends with the stream; else a client that is told to reconnect comes back to a draining process.
    Connection: 'close',
  });
  response.write(`: connected\nretry: ${retryMs}\n\n`);
  // Errors of a connection that broke are followed by 'close', which is what counts.
  response.on('error', () => undefined);
  return {
    kind: 'sse',
    send: (envelope) => response.write(envelope.encoded('sse')),
    notify: (notice) => response.write(encodeNotice(notice)),
    heartbeat() {
      response.write(HEARTBEAT);
      return true;
    },
    close(notice) {
      response.end(encodeNotice(notice));
    },
    destroy() {
      response.destroy();
    },
    onDrain(listener) {
      response.on('drain', listener);
    },
    onClose(listener) {
      response.on('close', listener);
    },
  };
}

export function encodeNotice(notice: Notice): string {
  switch (notice.kind) {
    case 'position':
      // A block without data sets the client's last event ID and dispatches nothing.
      return `id: ${notice.position}\n\n`;
    case 'resync':
      return `id: ${notice.position}\nevent: resync\ndata: ${JSON.stringify({ reason: notice.reason })}\n\n`;
    case 'reconnect':
      return `retry: ${notice.afterMs}\nevent: reconnect\ndata: ${JSON.stringify({ afterMs: notice.afterMs })}\n\n`;
    case 'end':
      return `event: end\ndata: ${JSON.stringify({ reason: notice.reason })}\n\n`;
  }
}
