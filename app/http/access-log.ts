// One line a request: what was asked by template, how it ended, how long it took. No path, no query, nothing personal.
import type { HttpContext, HttpMiddleware } from '#app/http/context.ts';

export function accessLog(): HttpMiddleware {
  return (ctx, next) => {
    const startedAt = performance.now();
    // `close` and not the end of the middleware: a stream's line is written when the stream ends.
    ctx.res.once('close', () => {
      writeLine(ctx, performance.now() - startedAt);
    });
    return next();
  };
}

function writeLine(ctx: HttpContext, durationMs: number): void {
  const { res } = ctx;
  ctx.state.log.info(
    {
      method: ctx.method,
      route: ctx.state.route ?? 'none',
      status: res.statusCode,
      durationMs: Math.round(durationMs * 10) / 10,
      ...(ctx.state.subject ? { tenantId: ctx.state.subject.tenantId, credential: ctx.state.subject.credential.kind } : {}),
      ...(res.writableFinished ? {} : { aborted: true }),
    },
    'request',
  );
}
