// Bounds how long a client waits for what a handler does; the handler's own statements are bounded by the database.
import { AppError } from '#app/errors.ts';
import type { HttpMiddleware } from '#app/http/context.ts';

/** Above what one statement may take, below the 30 s after which gateways and people give up. */
export const REQUEST_DEADLINE_MS = 15_000;

/** The work goes on by itself: a change that is committed later is found again by its Idempotency-Key. */
export function withinDeadline(deadlineMs = REQUEST_DEADLINE_MS): HttpMiddleware {
  return async (_ctx, next) => {
    const { promise: expired, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      reject(new AppError('The answer took too long. What was asked for may still happen: look, or ask again with the same Idempotency-Key.', { status: 503, code: 'deadline-exceeded', expose: true, headers: { 'Retry-After': '5' } }));
    }, deadlineMs);
    try {
      await Promise.race([next(), expired]);
    } finally {
      clearTimeout(timer);
    }
  };
}
