// Problems for requests that never become one: what Node's parser and its clocks refuse.
// Tested by request-target.test.ts: both refuse by raw bytes.
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { runNothingMore } from '#app/http/framing.ts';
import { isOpen } from '#app/http/listener.ts';
import { PROBLEM_TYPE, toProblem } from '#app/http/problem.ts';
import { type SecurityHeaders, toLines } from '#app/http/security-headers.ts';

interface Fault {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

const MALFORMED: Fault = { status: 400, code: 'malformed-request', detail: 'The request is not well-formed HTTP.' };
const FAULTS: ReadonlyMap<string, Fault> = new Map([
  ['HPE_HEADER_OVERFLOW', { status: 431, code: 'headers-too-large', detail: 'The request line and headers are too large.' }],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', { status: 413, code: 'body-too-large', detail: 'The chunk extensions are too large.' }],
  ['ERR_HTTP_REQUEST_TIMEOUT', { status: 408, code: 'request-timeout', detail: 'The request took too long to arrive.' }],
]);
const CONNECT: Fault = { status: 405, code: 'method-not-allowed', detail: 'This method is not served.' };

/** `headers` are those of every answer. */
export function answerSocketErrors(server: Server, log: Logger, headers: SecurityHeaders): void {
  const pending = new WeakMap<object, Set<ServerResponse>>();
  const latest = new WeakMap<object, IncomingMessage>();
  server.on('request', (request, response) => {
    const { socket } = request;
    latest.set(socket, request);
    const responses = pending.get(socket) ?? new Set();
    pending.set(socket, responses.add(response));
    response.once('close', () => responses.delete(response));
  });
  server.on('clientError', (error: NodeJS.ErrnoException & { readonly rawPacket?: Buffer }, socket) => {
    // Nobody there speaks TLS: an answer would be plain, or wait for a handshake that never comes.
    if (!isOpen(server, socket)) {
      if (error.code !== 'ECONNRESET') log.info({ code: error.code }, 'TLS handshake failed');
      socket.destroy();
      return;
    }
    const responses = [...(pending.get(socket) ?? [])];
    // Raw bytes would land in the middle of an answer that has begun, or in place of one that is due before it.
    const isBusy = responses.length > 1 || responses.some(({ headersSent }) => headersSent);
    // What fails is the body of a request that was answered before it came: a second answer would be taken for another request's.
    const isAnswered = responses.length === 0 && latest.get(socket)?.complete === false;
    runNothingMore(socket);
    if (error.code === 'ECONNRESET' || !socket.writable || isBusy || isAnswered) socket.destroy();
    else answer(socket, FAULTS.get(error.code ?? '') ?? MALFORMED, { log, headers }, error.rawPacket?.toString('latin1', 0, 5) !== 'HEAD ');
  });
  server.on('connect', (_request, socket) => {
    answer(socket, CONNECT, { log, headers });
  });
  server.on('checkExpectation', (request, response) => {
    runNothingMore(request.socket);
    const requestId = randomUUID();
    const body = JSON.stringify(toProblem({ status: 417, code: 'expectation-failed', detail: 'Only 100-continue is understood.' }, '', requestId));
    response.writeHead(417, { ...headers, 'Content-Type': PROBLEM_TYPE, 'Content-Length': Buffer.byteLength(body), 'X-Request-Id': requestId, 'Cache-Control': 'no-store', Connection: 'close' }).end(body);
  });
}

/** A HEAD is answered without a body, which its client would take for the next answer (RFC 9110, 9.3.2). */
function answer(socket: Duplex, fault: Fault, { log, headers }: { readonly log: Logger; readonly headers: SecurityHeaders }, withBody = true): void {
  const requestId = randomUUID();
  // The path isn't known: what came could not be read.
  const body = JSON.stringify(toProblem(fault, '', requestId));
  log.info({ requestId, route: 'none', status: fault.status, problem: fault.code }, 'request refused by the parser');
  const head = [
    `HTTP/1.1 ${fault.status} ${STATUS_CODES[fault.status] ?? ''}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'Cache-Control: no-store',
    ...toLines(headers),
    ...(fault.status === 405 ? ['Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'] : []),
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${withBody ? body : ''}`, () => socket.destroy());
}
