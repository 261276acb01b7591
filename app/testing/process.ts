// A started program, and what it said: for tests of the real process.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from '#app/testing/condition.ts';

export interface StartedProcess {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves once standard output matches; rejects when the process ends before that, or at the deadline. */
  sees(pattern: RegExp, deadlineMs?: number): Promise<void>;
  /** The exit code, or the signal's name. */
  ended(): Promise<number | string>;
}

export type ProcessEnvironment = Readonly<Record<string, string | undefined>>;

/** Runs `app/main.ts`, with nothing of this process's environment but the path. */
export function startMain(environment: ProcessEnvironment): StartedProcess {
  return startProgram(fileURLToPath(new URL('../main.ts', import.meta.url)), [], environment);
}

export function startProgram(file: string, parameters: readonly string[], environment: ProcessEnvironment): StartedProcess {
  const { PATH, SystemRoot } = process.env;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file, ...parameters], {
    env: { PATH, SystemRoot, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  let isClosed = false;
  void closed.then(() => (isClosed = true));
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    async sees(pattern, deadlineMs = 60_000) {
      await until(`the process to say ${String(pattern)}`, () => pattern.test(stdout) || isClosed, deadlineMs);
      if (!pattern.test(stdout)) throw new Error(`The process ended before it said ${String(pattern)}:\n${stdout}\n${stderr}`);
    },
    async ended() {
      const [code, signal] = await closed;
      return code ?? signal ?? 'unknown';
    },
  };
}
