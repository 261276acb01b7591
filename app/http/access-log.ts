// One line a request: what was asked by template, how it ended, how long it took. No path, no query, nothing personal.
import type { Logger } from 'pino';
import type { HttpContext, HttpMiddleware } from '#app/http/context.ts';
import { parseTraceparent } from '#app/lib/span.ts';
import { traceFields } from '#app/telemetry/log.ts';

export function accessLog(log: Logger): HttpMiddleware {
  return (ctx, next) => {
    const startedAt = performance.now();
    // `close` and not the end of the middleware: a stream's line is written when the stream ends.
    ctx.res.once('close', () => {
      log.info(describe(ctx, performance.now() - startedAt), 'request');
    });
    return next();
  };
}

function describe({ method, state, req, res }: HttpContext, durationMs: number): object {
  const { requestId, span, route = 'none', problem, subject } = state;
  const callers = parseTraceparent(req.headers['traceparent'])?.traceId;
  return {
    requestId,
    ...(span && traceFields(span)),
    // What a caller calls its trace finds this line, and is never taken for one of ours.
    caller_trace_id: callers === span?.traceId ? undefined : callers,
    method,
    route,
    status: res.statusCode,
    // Which control refused (ASVS 16.3.3): validation, origin, limit, precondition.
    problem,
    durationMs: Math.round(durationMs * 10) / 10,
    // What is undefined is not written.
    tenantId: subject?.tenantId,
    credential: subject?.credential.kind,
    aborted: res.writableFinished ? undefined : true,
  };
}
