// Gives each request an id, the caller's own where it is well formed, and a log that carries it.
// Tested by access-log.test.ts: the log is what it is for.
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { HttpMiddleware, HttpState } from '#app/http/context.ts';

// Short and plain, so that an id can be pasted anywhere and forges no log line (CWE-117).
const WELL_FORMED = /^[A-Za-z0-9_-]{8,64}$/;

export function requestId(log: Logger): HttpMiddleware {
  return (ctx, next) => {
    const { 'x-request-id': given = '' } = ctx.req.headers;
    const requestId = typeof given === 'string' && WELL_FORMED.test(given) ? given : randomUUID();
    ctx.state = new RequestState(log, requestId);
    ctx.res.setHeader('X-Request-Id', requestId);
    return next();
  };
}

class RequestState implements HttpState {
  readonly requestId: string;
  readonly #parent: Logger;
  #log: Logger | undefined;

  constructor(parent: Logger, requestId: string) {
    this.#parent = parent;
    this.requestId = requestId;
  }

  /** Most requests write no line but the access log's own: a log for each would be made for nothing. */
  get log(): Logger {
    return (this.#log ??= this.#parent.child({ requestId: this.requestId }));
  }
}
