// The end of the process in order: unready → stop accepting → tell live sessions → drain → close, under one deadline.
import { setTimeout as wait } from 'node:timers/promises';
import type { Server } from 'node:http';
import type { Logger } from 'pino';

export interface ShutdownStep {
  readonly name: string;
  run(): Promise<unknown>;
}

export interface ShutdownOptions {
  readonly deadlineMs: number;
  readonly log: Logger;
}

/** Runs the steps one after the other; a failed one is logged and doesn't stop the next. Returns what was not finished by the deadline. */
export async function shutDown(steps: readonly ShutdownStep[], { deadlineMs, log }: ShutdownOptions): Promise<readonly string[]> {
  const unfinished = new Set(steps.map(({ name }) => name));
  const deadline = new AbortController();
  const inOrder = async () => {
    for (const step of steps) {
      if (deadline.signal.aborted) return;
      try {
        await step.run();
        unfinished.delete(step.name);
      } catch (error) {
        log.error({ err: error, step: step.name }, 'shutdown step failed');
      }
    }
  };
  const tooLate = wait(deadlineMs, undefined, { signal: deadline.signal, ref: false }).catch(() => undefined);
  await Promise.race([inOrder(), tooLate]);
  deadline.abort();
  return [...unfinished];
}

/** Stops accepting and waits for the requests under way; connections that are still open after `drainTimeoutMs` are cut. */
export async function closeServer(server: Server, drainTimeoutMs: number): Promise<void> {
  const cut = setTimeout(() => {
    server.closeAllConnections();
  }, drainTimeoutMs);
  try {
    await new Promise<void>((resolve, reject) => {
      server.close((error) => {
        if (error) reject(error);
        else resolve();
      });
      server.closeIdleConnections();
    });
  } finally {
    clearTimeout(cut);
  }
}
