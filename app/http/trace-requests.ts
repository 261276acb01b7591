// A span for each request, named by its route: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span
// Of what the conventions ask for, path, query, address and browser are left out: they are the client's to choose, or a person's.
import type { IncomingMessage } from 'node:http';
import { isRefusal, type Refusal } from '#app/errors.ts';
import type { HttpMiddleware } from '#app/http/context.ts';
import { knownMethod, OTHER_METHOD } from '#app/http/known-method.ts';
import { runInSpan, type Span } from '#app/lib/span.ts';
import type { Tracing } from '#app/telemetry/tracing.ts';

type Serve = Pick<Tracing, 'serve'>;

interface Answer {
  readonly method: string;
  readonly route: string | undefined;
  /** Undefined where the client left before it. */
  readonly status: number | undefined;
  readonly problem?: string | undefined;
}

export function traceRequests(tracing: Serve): HttpMiddleware {
  return async (ctx, next) => {
    const method = knownMethod(ctx.method);
    const span = tracing.serve(toVerb(method), ctx.req.headers['traceparent']);
    const { state, res } = ctx;
    state.span = span;
    let ended = false;
    const end = (): void => {
      if (ended) return;
      ended = true;
      finish(span, { method, route: state.route, status: res.headersSent ? res.statusCode : undefined, problem: state.problem });
    };
    res.once('close', end);
    await runInSpan(span, next);
    // A live stream goes on for hours: what opened it can be seen now.
    if (ctx.respond === false) end();
  };
}

/** The same for an upgrade, which never reaches the middleware; it ends where the connection is handed over, or refused. */
export async function traceUpgrade<T>(tracing: Serve | undefined, request: IncomingMessage, route: string, admit: () => Promise<T | Refusal>): Promise<T | Refusal> {
  if (tracing === undefined) return admit();
  const method = knownMethod(request.method ?? 'GET');
  const span = tracing.serve(toVerb(method), request.headers['traceparent']);
  try {
    const admitted = await runInSpan(span, admit);
    finish(span, isRefusal(admitted) ? { method, route, status: admitted.status, problem: admitted.code } : { method, route, status: 101 });
    return admitted;
  } catch (error) {
    finish(span, { method, route, status: 500 });
    throw error;
  }
}

function finish(span: Span, { method, route, status, problem }: Answer): void {
  if (route !== undefined) span.setName(`${toVerb(method)} ${route}`);
  span.set({ 'http.request.method': method, ...(route !== undefined && { 'http.route': route }), ...(status !== undefined && { 'http.response.status_code': status }) });
  // What a client did wrong is no error of the server's.
  if (status !== undefined && status >= 500) span.end(problem ?? String(status));
  else span.end();
}

function toVerb(method: string): string {
  return method === OTHER_METHOD ? 'HTTP' : method;
}
