// Waiting in tests: for a condition, with a deadline, and never for a time.
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_MS = 5;

/** Resolves with the first value that is neither false nor undefined; past the deadline it rejects and says what was awaited. */
export async function until<T>(what: string, condition: () => T | undefined | false | Promise<T | undefined | false>, deadlineMs = 10_000): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await delay(LOOK_AGAIN_MS);
  }
}
