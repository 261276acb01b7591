// A front that ends TLS before the service, as a load balancer does, and sends plain requests on the same port there: for scanners.
// Tested by observatory.proof.ts: nothing is scanned that has not come through it.
import { once } from 'node:events';
import http, { type IncomingHttpHeaders, type RequestListener } from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Certificate } from '#app/testing/certificate.ts';

export interface FrontAnswer {
  status: number;
  headers: IncomingHttpHeaders;
}

export interface FrontOptions {
  readonly port: number;
  readonly upstreamPort: number;
  readonly certificate: Certificate;
  /** May change what goes on to the service. */
  readonly onRequest?: (request: { path: string; readonly headers: IncomingHttpHeaders }) => void;
  /** May change what comes back. */
  readonly onAnswer?: (answer: FrontAnswer, method: string) => void;
}

export interface Front {
  readonly origin: string;
  close(): void;
}

const TLS_HANDSHAKE = 0x16;

export async function startFront(options: FrontOptions): Promise<Front> {
  const origin = `https://127.0.0.1:${options.port}`;
  const plain = http.createServer((request, response) => {
    response.writeHead(301, { location: origin + (request.url ?? '/') }).end();
  });
  const secure = https.createServer(options.certificate, forward(options));
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket.on('error', () => undefined).once('close', () => sockets.delete(socket)));
    // Looked at and put back; a socket that had begun to flow would lose the bytes.
    socket.once('readable', () => {
      const first = socket.read() as Buffer | null;
      if (first === null) return;
      socket.unshift(first);
      (first[0] === TLS_HANDSHAKE ? secure : plain).emit('connection', socket);
    });
  });
  await once(server.listen(options.port, '127.0.0.1'), 'listening');
  return {
    origin,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function forward({ upstreamPort, onRequest, onAnswer }: FrontOptions): RequestListener {
  return (request, response) => {
    const asked = { path: request.url ?? '/', headers: { ...request.headers } };
    onRequest?.(asked);
    const onward = http.request({ host: '127.0.0.1', port: upstreamPort, method: request.method, path: asked.path, headers: asked.headers, agent: false }, (answer) => {
      const head: FrontAnswer = { status: answer.statusCode ?? 502, headers: { ...answer.headers } };
      onAnswer?.(head, request.method ?? '');
      response.writeHead(head.status, head.headers);
      answer.pipe(response);
    });
    onward.once('error', () => response.destroy());
    response.once('close', () => onward.destroy());
    request.pipe(onward);
  };
}
