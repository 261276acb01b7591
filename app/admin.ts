// The operator's listener, apart from the public one: is it alive, is it ready, what are its figures.
import type http from 'node:http';
import type { Registry } from 'prom-client';
import { createListener, type ListenerIdentity } from '#app/http/listener.ts';
import { expose } from '#app/telemetry/metrics.ts';

export interface ReadinessCheck {
  readonly name: string;
  /** Whether the process can't serve without it; otherwise a failure is shown and the process stays ready. */
  readonly required: boolean;
  check(timeoutMs: number): Promise<void>;
}

export interface AdminParts {
  readonly checks: readonly ReadinessCheck[];
  /** False from the moment the process was told to stop. */
  readonly isReady: () => boolean;
  readonly metrics: Registry;
  /** Without it: plain HTTP. */
  readonly tls?: ListenerIdentity | undefined;
}

interface PartState {
  readonly name: string;
  readonly required: boolean;
  readonly status: 'up' | 'down';
}

const CHECK_TIMEOUT_MS = 2_000;

/** All that it answers. */
export const ADMIN_PATHS = ['/livez', '/readyz', '/metrics'] as const;

/** Not listening yet. `/livez` says that the process turns, `/readyz` that it can serve, `/metrics` is for Prometheus. */
export function createAdmin({ checks, isReady, metrics, tls }: AdminParts): http.Server {
  const answers: Readonly<Record<(typeof ADMIN_PATHS)[number], (response: http.ServerResponse, request: http.IncomingMessage) => Promise<void>>> = {
    '/livez': (response) => answerJson(response, 200, { status: 'alive' }),
    async '/readyz'(response) {
      const parts = await Promise.all(checks.map(examine));
      const serves = parts.every(({ required, status }) => status === 'up' || !required);
      const status = !isReady() ? 'stopping' : serves ? 'ready' : 'not ready';
      await answerJson(response, status === 'ready' ? 200 : 503, { status, parts });
    },
    async '/metrics'(response, request) {
      const { type, text } = await expose(metrics, request.headers.accept);
      response.writeHead(200, { 'content-type': type, vary: 'accept', 'cache-control': 'no-store' }).end(text);
    },
  };
  return createListener({ requestTimeout: 10_000, headersTimeout: 5_000 }, tls, (request, response) => {
    const asked = (request.url ?? '').split('?')[0];
    const path = ADMIN_PATHS.find((each) => each === asked);
    if (path === undefined) return void answerJson(response, 404, { status: 404, title: 'Not Found' });
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return void answerJson(response, 405, { status: 405, title: 'Method Not Allowed' });
    }
    answers[path](response, request).catch(() => answerJson(response, 500, { status: 500, title: 'Internal Server Error' }));
  });
}

async function examine(part: ReadinessCheck): Promise<PartState> {
  const { name, required } = part;
  try {
    await part.check(CHECK_TIMEOUT_MS);
    return { name, required, status: 'up' };
  } catch {
    // Why it is down is in the log of the part; here it could name hosts and users to whoever asks.
    return { name, required, status: 'down' };
  }
}

function answerJson(response: http.ServerResponse, status: number, body: object): Promise<void> {
  const type = status >= 400 && 'title' in body ? 'application/problem+json' : 'application/json';
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(`${JSON.stringify(body)}\n`);
  return Promise.resolve();
}
