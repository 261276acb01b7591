// Gives each request an id and a trace, the caller's own where they are well formed, and a log that carries them.
// Tested by access-log.test.ts: the log is what it is for.
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { HttpMiddleware, HttpState } from '#app/http/context.ts';

// Short and plain, so that an id can be pasted anywhere and forges no log line (CWE-117).
const WELL_FORMED = /^[A-Za-z0-9_-]{8,64}$/;

/** W3C Trace Context, 3.2: version, trace, parent, flags; a trace of zeros is none. */
const TRACE_PARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;

export function requestId(log: Logger): HttpMiddleware {
  return (ctx, next) => {
    const { 'x-request-id': given = '', traceparent = '' } = ctx.req.headers;
    const requestId = typeof given === 'string' && WELL_FORMED.test(given) ? given : randomUUID();
    const traceId = (typeof traceparent === 'string' ? TRACE_PARENT.exec(traceparent)?.[1] : undefined) ?? randomUUID().replaceAll('-', '');
    ctx.state = new RequestState(log, requestId, traceId);
    ctx.res.setHeader('X-Request-Id', requestId);
    return next();
  };
}

class RequestState implements HttpState {
  readonly requestId: string;
  readonly traceId: string;
  readonly #parent: Logger;
  #log: Logger | undefined;

  constructor(parent: Logger, requestId: string, traceId: string) {
    this.#parent = parent;
    this.requestId = requestId;
    this.traceId = traceId;
  }

  /** Most requests write no line but the access log's own: a log for each would be made for nothing. */
  get log(): Logger {
    return (this.#log ??= this.#parent.child({ requestId: this.requestId, traceId: this.traceId }));
  }
}
