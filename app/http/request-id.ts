// Gives each request an id, the caller's own where it is well formed, and a log that carries it.
// Tested by access-log.test.ts: the log is what it is for.
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { HttpMiddleware } from '#app/http/context.ts';

// Short and plain, so that an id can be pasted anywhere and forges no log line (CWE-117).
const WELL_FORMED = /^[A-Za-z0-9_-]{8,64}$/;

export function requestId(log: Logger): HttpMiddleware {
  return (ctx, next) => {
    const given = ctx.get('x-request-id');
    ctx.state.requestId = WELL_FORMED.test(given) ? given : randomUUID();
    ctx.state.log = log.child({ requestId: ctx.state.requestId });
    ctx.set('X-Request-Id', ctx.state.requestId);
    return next();
  };
}
