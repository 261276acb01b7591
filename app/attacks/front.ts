// A front that takes one of the service's defences away, so that an attack which can't fail is found out.
// Tested by attack.proof.ts: every attack must succeed behind one of these.
import { once } from 'node:events';
import http, { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';

export interface FrontRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface FrontAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

export interface LeakContext {
  readonly origin: string;
  /** Of the identity provider. */
  readonly issuer: string;
  /** The service's own answer. */
  readonly forward: (request: FrontRequest) => Promise<FrontAnswer>;
  /** Of somebody who may do everything in the tenant of an attack's victim. */
  readonly tokens: () => Promise<readonly string[]>;
  /** As a service writes that puts its lines together by hand. */
  readonly log: (text: string) => void;
}

export interface Leak {
  /** What the service would have forgotten. */
  readonly without: string;
  readonly answer?: (request: FrontRequest, context: LeakContext) => Promise<FrontAnswer>;
  /** For streams and upgrades, which are passed on as they are. */
  readonly pass?: (request: FrontRequest) => FrontRequest;
  /** A stream that the service has ended stays open. */
  readonly holdsStreams?: true;
}

export interface Front {
  readonly address: string;
  close(): Promise<void>;
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'upgrade']);

export async function startFront(address: string, { answer, pass, holdsStreams }: Leak, parts: Omit<LeakContext, 'forward'>): Promise<Front> {
  const { hostname, port } = new URL(address);
  const forward = async ({ method, target, headers, body }: FrontRequest): Promise<FrontAnswer> => {
    const outgoing = http.request({ hostname, port, method, path: target, headers: { ...withoutHops(headers), ...(body.length === 0 ? {} : { 'content-length': String(body.length) }) }, agent: false });
    outgoing.end(body);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    // The service may answer before it has read a body to its end.
    outgoing.on('error', () => undefined);
    return { status: response.statusCode ?? 0, headers: response.headers, body: await buffer(response) };
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const given = await read(request);
    if (given.headers['accept']?.startsWith('text/event-stream') === true) {
      const { method, target, headers } = pass?.(given) ?? given;
      const outgoing = http.request({ hostname, port, method, path: target, headers: withoutHops(headers), agent: false }).end();
      outgoing.on('error', () => response.destroy());
      response.once('close', () => outgoing.destroy());
      const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
      response.writeHead(incoming.statusCode ?? 0, incoming.headers);
      incoming.on('error', () => undefined).pipe(response, { end: holdsStreams !== true });
      return;
    }
    const whole = await (answer ?? ((one: FrontRequest) => forward(one)))(given, { ...parts, forward });
    response.writeHead(whole.status, withoutHops(whole.headers) as OutgoingHttpHeaders).end(whole.body);
  };
  const server = http.createServer({ maxHeaderSize: 131_072, insecureHTTPParser: true }, (request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  server.on('upgrade', (request, socket, head) => {
    tunnel(request, socket, head, { hostname, port, pass });
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function read(request: IncomingMessage): Promise<FrontRequest> {
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]));
  return { method: request.method ?? 'GET', target: request.url ?? '/', headers, body: await buffer(request) };
}

function tunnel(request: IncomingMessage, socket: Duplex, head: Buffer, { hostname, port, pass }: { readonly hostname: string; readonly port: string; readonly pass: Leak['pass'] }): void {
  const given: FrontRequest = { method: request.method ?? 'GET', target: request.url ?? '/', headers: request.headers as Record<string, string>, body: head };
  const { method, target, headers } = pass?.(given) ?? given;
  const outgoing = http.request({ hostname, port, method, path: target, headers, agent: false }).end();
  const end = (): void => {
    outgoing.destroy();
    socket.destroy();
  };
  socket.on('error', end);
  outgoing.on('error', end);
  outgoing.on('response', (response) => {
    socket.end(`HTTP/1.1 ${response.statusCode ?? 0} Refused\r\nConnection: close\r\n\r\n`);
    response.resume();
  });
  outgoing.on('upgrade', (response, stream) => {
    const lines = Object.entries(response.headers).map(([name, value]) => `${name}: ${String(value)}`);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
    stream.on('error', end).pipe(socket).pipe(stream);
  });
}

function withoutHops<T>(headers: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(headers).filter(([name, value]) => value !== undefined && !HOP_BY_HOP.has(name)));
}

/** What most leaks change of a request. */
export function withHeaders(request: FrontRequest, headers: Readonly<Record<string, string | undefined>>): FrontRequest {
  const all = Object.entries({ ...request.headers, ...headers }).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return { ...request, headers: Object.fromEntries(all) };
}

/** The answer with another text in it, or with more headers. */
export function rewrite(answer: FrontAnswer, { body = answer.body.toString(), headers = {}, status = answer.status }: { readonly body?: string; readonly headers?: FrontAnswer['headers']; readonly status?: number }): FrontAnswer {
  return { status, headers: { ...answer.headers, ...headers }, body: Buffer.from(body) };
}
