// Refuses requests while the event loop is late, so that those under way are finished instead of all being slow (CWE-400).
import type { Counter } from 'prom-client';
import { AppError } from '#app/errors.ts';
import type { HttpMiddleware } from '#app/http/context.ts';

export interface LoopLag {
  /** How late the event loop is now, in milliseconds: the last measurement, or what is left of a worse one before. */
  readonly lagMs: () => number;
  readonly stop: () => void;
}

const SAMPLE_EVERY_MS = 50;
/** What is left of a lag at the next sample: of 1 s, 240 ms after four. */
const REMEMBERED = 0.7;
const RETRY_AFTER_S = 2;

/** A timer that comes late tells how long the callbacks before it held the loop. Does not keep the process alive. */
export function measureLoopLag(now: () => number = () => performance.now()): LoopLag {
  let lagMs = 0;
  let dueMs = now() + SAMPLE_EVERY_MS;
  const timer = setInterval(() => {
    const lateMs = Math.max(0, now() - dueMs);
    lagMs = Math.max(lateMs, lagMs * REMEMBERED);
    dueMs = now() + SAMPLE_EVERY_MS;
  }, SAMPLE_EVERY_MS).unref();
  return { lagMs: () => lagMs, stop: () => { clearInterval(timer); } };
}

export interface LoadSheddingOptions {
  readonly lag: Pick<LoopLag, 'lagMs'>;
  readonly maxLagMs: number;
  readonly shed: Pick<Counter, 'inc'>;
}

/** Health answers come from the admin listener, which this does not stand before. */
export function shedLoad({ lag, maxLagMs, shed }: LoadSheddingOptions): HttpMiddleware {
  return (_ctx, next) => {
    if (lag.lagMs() <= maxLagMs) return next();
    shed.inc();
    throw new AppError('The service has too much to do. Try again.', { status: 503, code: 'overloaded', expose: true, headers: { 'Retry-After': String(RETRY_AFTER_S) } });
  };
}
