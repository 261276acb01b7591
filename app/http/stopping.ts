// A process that is told to stop asks its clients to open their next connection elsewhere.
// Tested by ../server.test.ts: by a server that is stopping.
import type { HttpMiddleware } from '#app/http/context.ts';

export function closeWhenStopping(isReady: () => boolean): HttpMiddleware {
  return (ctx, next) => {
    if (!isReady()) ctx.set('Connection', 'close');
    return next();
  };
}
