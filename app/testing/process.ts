// A started program, and what it said: for tests of the real process.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { until } from '#app/testing/condition.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');

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

/** Tests and proofs ask more often than people do; the limits themselves have their own test. */
export const UNLIMITED: Readonly<Record<string, string>> = Object.fromEntries(['ADDRESS', 'SIGN_IN', 'READ', 'CHANGE', 'STREAM'].map((name) => [`RATE_LIMIT_${name}`, '100000000']));

/** What `npm start` gives to node: the permissions of the process. */
export function startFlags(): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(path.join(REPOSITORY, 'package.json'), 'utf8')) as { readonly scripts: { readonly start: string } };
  // A copy of the repository may have its packages by a link.
  return [...scripts.start.split(' ').filter((word) => word.startsWith('--')), `--allow-fs-read=${realpathSync(path.join(REPOSITORY, 'node_modules'))}`];
}

/** Runs `app/main.ts` as `npm start` does, with nothing of this process's environment but the path. */
export function startMain(environment: ProcessEnvironment): StartedProcess {
  const { DATA_DIRECTORY } = environment;
  const flags = [...startFlags(), ...(DATA_DIRECTORY === undefined ? [] : ['read', 'write'].map((right) => `--allow-fs-${right}=${DATA_DIRECTORY}`))];
  return startProgram(path.join(REPOSITORY, 'app/main.ts'), [], environment, flags);
}

export function startProgram(file: string, parameters: readonly string[], environment: ProcessEnvironment, flags: readonly string[] = ['--disable-warning=ExperimentalWarning']): StartedProcess {
  const { PATH, SystemRoot } = process.env;
  const child = spawn(process.execPath, [...flags, file, ...parameters], {
    cwd: REPOSITORY,
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
