// The wire of WebSocket sessions (RFC 6455): upgrade, messages, heartbeat, backpressure.
//
// The server sends JSON text messages and expects none:
//   {"id": position}                          where a new subscription stands; resume from it with ?lastEventId=
//   {"id": position, "event": CloudEvent}     an event
//   {"id": position, "resync": {"reason"}}    events were skipped: read everything again, go on from here
//   {"reconnect": {"afterMs"}}                then close 1012 (service restart)
//   {"end": {"reason"}}                       then close 4401 (signed out, expired) or 4403 (forbidden)
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Refusal } from '#app/errors.ts';
import type { Notice, Transport } from '#app/live/transport.ts';

export const SOCKET_PATH = '/api/v1/socket';
/** Nothing is expected from clients; the limit bounds what is read before the connection is closed. */
const MAX_PAYLOAD_BYTES = 1_024;
const POLICY_VIOLATION = 1008;
const SERVICE_RESTART = 1012;
const CLOSE_CODES = { 'signed-out': 4401, expired: 4401, forbidden: 4403 } as const;

/** Compression stays off: it holds a context of some 100 KB a session, and mixes secrets with chosen text. */
export function createSocketServer(): WebSocketServer {
  return new WebSocketServer({ noServer: true, maxPayload: MAX_PAYLOAD_BYTES, perMessageDeflate: false, clientTracking: false });
}

export function openSocket(socket: WebSocket, stream: Duplex): Transport {
  let answered = true;
  // The stream's own mark, since that is what 'drain' follows. Without compression ws keeps no queue of its own.
  const isWritable = () => !stream.writableNeedDrain;
  socket.on('pong', () => (answered = true));
  // ws answers pings by itself; from a client that doesn't read, the answers would pile up.
  socket.on('ping', () => {
    if (!isWritable()) socket.terminate();
  });
  socket.on('message', () => {
    socket.close(POLICY_VIOLATION, 'no message is expected');
  });
  // A protocol error closes the connection; 'close' is what counts.
  socket.on('error', () => undefined);
  const write = (data: string) => {
    socket.send(data);
    return isWritable();
  };
  return {
    kind: 'websocket',
    send(envelope) {
      // Nothing may follow a closing frame (RFC 6455, 5.5.1), which ws sends by itself too.
      if (socket.readyState === socket.OPEN) stream.write(envelope.encoded('websocket'));
      return isWritable();
    },
    notify: (notice) => write(encodeMessage(notice)),
    heartbeat() {
      if (!answered) return false;
      answered = false;
      socket.ping();
      return true;
    },
    close(notice) {
      write(encodeMessage(notice));
      socket.close(notice.kind === 'reconnect' ? SERVICE_RESTART : CLOSE_CODES[notice.reason]);
    },
    destroy() {
      socket.terminate();
    },
    onDrain(listener) {
      stream.on('drain', listener);
    },
    onClose(listener) {
      socket.on('close', listener);
    },
  };
}

export function encodeMessage(notice: Notice): string {
  switch (notice.kind) {
    case 'position':
      return JSON.stringify({ id: notice.position });
    case 'resync':
      return JSON.stringify({ id: notice.position, resync: { reason: notice.reason } });
    case 'reconnect':
      return JSON.stringify({ reconnect: { afterMs: notice.afterMs } });
    case 'end':
      return JSON.stringify({ end: { reason: notice.reason } });
  }
}

/**
 * Browsers send cookies with a WebSocket from any page (CWE-1385), so a session by cookie must come from our own. A
 * bearer token is put there by a program that holds it; where a browser names an origin all the same, it must be ours too.
 */
export function isOriginAllowed(origin: string | undefined, needed: boolean, allowed: string): boolean {
  return origin === undefined ? !needed : origin === allowed;
}

/** Answers an upgrade with a problem (RFC 9457): no response object exists at this point. `headers` are those of every answer. Returns the request's id. */
export function refuseUpgrade(stream: Duplex, request: IncomingMessage, refusal: Pick<Refusal, 'status' | 'code' | 'detail'>, headers: Readonly<Record<string, string>> = {}): string {
  const { status, code, detail } = refusal;
  const title = TITLES.get(status) ?? 'Refused';
  const instance = (request.url ?? '/').split('?')[0];
  const requestId = randomUUID();
  const body = JSON.stringify({ type: `/problems/${code}`, title, status, detail, instance, requestId });
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'Cache-Control: no-store',
    ...Object.entries({ 'X-Content-Type-Options': 'nosniff', ...headers }).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
    // RFC 6455, 4.4
    ...(status === 426 ? ['Sec-WebSocket-Version: 13'] : []),
    ...(status === 405 ? ['Allow: GET'] : []),
    ...(status === 401 ? ['WWW-Authenticate: Bearer'] : []),
    ...(status === 503 || status === 429 ? ['Retry-After: 5'] : []),
  ];
  stream.once('finish', () => stream.destroy());
  // A HEAD that asks for an upgrade gets the headers alone, as any HEAD.
  stream.end(`${head.join('\r\n')}\r\n\r\n${request.method === 'HEAD' ? '' : body}`);
  return requestId;
}

const TITLES: ReadonlyMap<number, string> = new Map([
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [405, 'Method Not Allowed'],
  [426, 'Upgrade Required'],
  [429, 'Too Many Requests'],
  [503, 'Service Unavailable'],
]);
