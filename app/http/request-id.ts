// Gives each request an id and a trace, the caller's own where they are well formed, and a log that carries them.
// Tested by access-log.test.ts: the log is what it is for.
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { HttpMiddleware } from '#app/http/context.ts';

// Short and plain, so that an id can be pasted anywhere and forges no log line (CWE-117).
const WELL_FORMED = /^[A-Za-z0-9_-]{8,64}$/;

/** W3C Trace Context, 3.2: version, trace, parent, flags; a trace of zeros is none. */
const TRACE_PARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;

export function requestId(log: Logger): HttpMiddleware {
  return (ctx, next) => {
    const given = ctx.get('x-request-id');
    ctx.state.requestId = WELL_FORMED.test(given) ? given : randomUUID();
    const traceId = TRACE_PARENT.exec(ctx.get('traceparent'))?.[1] ?? randomUUID().replaceAll('-', '');
    ctx.state.log = log.child({ requestId: ctx.state.requestId, traceId });
    ctx.set('X-Request-Id', ctx.state.requestId);
    return next();
  };
}
