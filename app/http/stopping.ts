// A process that is told to stop asks its clients to open their next connection elsewhere.
import { type HttpMiddleware } from '#app/http/context.ts';

export function closeWhenStopping(isReady: () => boolean): HttpMiddleware {
  return (ctx, next) => {
    if (!isReady()) ctx.set('Connection', 'close');
    return next();
  };
}
