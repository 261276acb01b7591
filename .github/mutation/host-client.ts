// A host as the harness sees it: started, asked one thing at a time, and killed when it does not answer.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** Without a unit, the file is loaded. */
export interface Request {
  readonly file: string;
  readonly unit?: number;
  readonly mutant?: string | undefined;
  /** Of a suite, these of its tests alone. */
  readonly tests?: readonly number[] | undefined;
}

export interface Answer {
  readonly failure?: string | undefined;
  /** Thrown where no test waited for it. */
  readonly uncaught?: string | undefined;
  readonly units?: readonly string[];
  readonly tests?: readonly { readonly name: string; readonly ms: number; readonly covered: readonly string[] }[];
  /** Outside of the tests: while a file was loaded, in the hooks of a suite, or between them. */
  readonly covered?: readonly string[];
  /** How often the mutant's place was passed. */
  readonly hits?: number;
  readonly ms?: number;
}

export type Reply = Answer | 'timeout' | 'died';

const FLAGS = ['--disable-warning=ExperimentalWarning', '--disable-warning=SecurityWarning', '--disable-warning=MaxListenersExceededWarning'];

export class Host {
  readonly #child: ChildProcess;
  readonly #files = new Set<string>();
  #isOver = false;

  constructor(directory: string) {
    // Of a run of tests that this may be part of, it knows nothing.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !['NODE_TEST_CONTEXT', 'NODE_OPTIONS'].includes(name)));
    this.#child = fork(path.join(import.meta.dirname, 'host.ts'), { cwd: directory, env, detached: true, execArgv: FLAGS, stdio: ['ignore', 'ignore', env['MUTATION_DEBUG'] === undefined ? 'ignore' : 'inherit', 'ipc'] });
    this.#child.once('exit', () => {
      this.#isOver = true;
      this.#killStarted();
    });
    this.#child.on('error', () => undefined);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Once for each file. */
  async load(file: string, deadlineMs: number, mutant?: string): Promise<Reply> {
    if (this.#files.has(file)) return {};
    this.#files.add(file);
    return this.#ask({ file, mutant }, deadlineMs);
  }

  async run(request: Request & { readonly unit: number }, deadlineMs: number): Promise<Reply> {
    return this.#ask(request, deadlineMs);
  }

  async end(): Promise<void> {
    if (this.#isOver) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  /** Programs that its tests started, in its group of processes: one that a mutant made endless would run for ever. */
  #killStarted(): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // There are none.
    }
  }

  async #ask(request: Request, deadlineMs: number): Promise<Reply> {
    if (this.#isOver) return 'died';
    const { promise, resolve } = Promise.withResolvers<Reply>();
    const onMessage = (answer: Answer) => { resolve(answer); };
    const onExit = () => { resolve('died'); };
    const timer = setTimeout(() => { resolve('timeout'); }, deadlineMs);
    this.#child.once('message', onMessage).once('exit', onExit).send(request);
    const reply = await promise;
    clearTimeout(timer);
    this.#child.off('message', onMessage).off('exit', onExit);
    // Whatever it is still doing must not be taken for an answer to the next request.
    if (reply === 'timeout') await this.end();
    return reply;
  }
}
