// Sends requests as they are, over a bounded number of kept connections, each with a deadline.
import http, { type IncomingMessage } from 'node:http';

export type Answer = { readonly failure: string } | { readonly status: number; readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>; readonly body: string };

type HeaderLines = readonly (readonly [name: string, value: string])[];

export interface WireRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderLines;
  readonly body: Buffer | undefined;
}

export interface FuzzClient {
  send(request: WireRequest, credential: HeaderLines): Promise<Answer>;
  close(): void;
}

/** `host`: what requests call the service, where they name none themselves. */
export function createClient(origin: string, { connections, deadlineMs, host = new URL(origin).host }: { readonly connections: number; readonly deadlineMs: number; readonly host?: string }): FuzzClient {
  const { hostname, port } = new URL(origin);
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  return {
    send(request, credential) {
      const headers: (readonly [string, string])[] = [...credential, ...request.headers];
      if (!headers.some(([name]) => name.toLowerCase() === 'host')) headers.unshift(['Host', host]);
      if (!headers.some(([name]) => name.toLowerCase() === 'connection')) headers.push(['Connection', 'keep-alive']);
      if (request.body !== undefined) headers.push(['Content-Length', String(request.body.length)]);
      return ask({ agent, hostname, port, method: request.method, path: request.target, headers: headers.flat() }, request.body, deadlineMs);
    },
    close() {
      agent.destroy();
    },
  };
}

function ask(options: http.RequestOptions, body: Buffer | undefined, deadlineMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const request = http.request(options);
    const end = (answer: Answer): void => {
      clearTimeout(deadline);
      resolve(answer);
    };
    const deadline = setTimeout(() => {
      end({ failure: `no answer within ${deadlineMs} ms` });
      request.destroy();
    }, deadlineMs);
    request.on('error', (error: NodeJS.ErrnoException) => {
      end({ failure: `cut off without an answer: ${error.code ?? error.message}` });
    });
    const endEarly = (response: IncomingMessage): void => {
      end({ status: response.statusCode ?? 0, headers: response.headers, body: '' });
      request.destroy();
    };
    request.once('upgrade', (response, socket) => {
      socket.destroy();
      endEarly(response);
    });
    request.once('connect', (response, socket) => {
      socket.destroy();
      endEarly(response);
    });
    request.once('response', (response) => {
      // A stream ends when the client has seen enough.
      if (response.headers['content-type']?.startsWith('text/event-stream') === true) {
        endEarly(response);
        return;
      }
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', (error) => {
        end({ failure: `cut off within the answer: ${error.message}` });
      });
      response.once('end', () => {
        end({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    request.end(body);
  });
}
