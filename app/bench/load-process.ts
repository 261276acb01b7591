// A program on the load generator's core that is told what to do, one thing at a time.
// Tested by bench.proof.ts: all load comes from one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Cores } from './cores.ts';

export interface LoadProcess {
  /** Rejects with what the program failed at, or when it ended. */
  run<T>(work: object): Promise<T>;
  stop(): Promise<void>;
}

export async function startLoad(cores: Cores, file: string): Promise<LoadProcess> {
  const [program, parameters] = cores.place('load', process.execPath, ['--disable-warning=ExperimentalWarning', fileURLToPath(new URL(`./stacks/${file}`, import.meta.url))]);
  const child = spawn(program, parameters, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit').then(([code]: unknown[]) => {
    throw new Error(`${file} ended with ${String(code)}.`);
  });
  ended.catch(() => undefined);
  await Promise.race([once(child, 'message'), ended]);
  return {
    async run<T>(work: object) {
      child.send(work);
      const [{ result, error }] = (await Promise.race([once(child, 'message'), ended])) as [{ readonly result?: T; readonly error?: string }];
      if (result === undefined) throw new Error(error ?? `${file} gave no result.`);
      return result;
    },
    async stop() {
      const exit = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
      if (child.connected) child.disconnect();
      await exit;
    },
  };
}
