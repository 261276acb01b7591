// Runs one piece of work at a time, however often it is asked for: one run in flight, at most one more wanted.
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { outsideSpans } from '#app/lib/span.ts';

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 5_000;

export interface Runner {
  /** Returns at once and never throws. A run that starts after this call will follow. */
  readonly request: () => void;
  /** Resolves once nothing runs and nothing is wanted. */
  readonly settled: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** `work` that fails is logged and run again, later each time. */
export function createRunner(name: string, work: () => Promise<void>, log: Logger): Runner {
  const stopping = new AbortController();
  let wanted = false;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    let failures = 0;
    while (wanted && !stopping.signal.aborted) {
      wanted = false;
      try {
        await work();
        failures = 0;
      } catch (error) {
        failures += 1;
        wanted = true;
        log.warn({ err: error, failures }, `${name} failed, and will run again`);
        await delay(backoffMs(failures), undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
      }
    }
    // In the same turn as the last look at `wanted`: a request that comes later starts a new run.
    running = undefined;
  }

  return {
    request() {
      if (stopping.signal.aborted) return;
      wanted = true;
      // Whoever asks first is not the one whom it is for.
      running ??= outsideSpans(run);
    },
    async settled() {
      while (running !== undefined) await running;
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

export function backoffMs(failures: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10));
}
