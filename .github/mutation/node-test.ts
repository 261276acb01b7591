// Stands in for node:test in the host: keeps what a test file registers, so that it can be run again for every mutant.
import * as real from 'node:test';

type Body = (context: real.TestContext) => void | Promise<void>;
type Options = Readonly<Record<string, unknown>>;
type Given = readonly [first?: string | Options | Body, second?: Options | Body, third?: Body];

export interface Unit {
  readonly name: string;
  readonly register: () => void;
}

/** Of the unit that runs: what is asked of it, and what happened. */
export const running: {
  /** Numbers of its tests, in the order of the file; undefined is all. */
  selection: ReadonlySet<number> | undefined;
  /** Told as each begins and, with undefined, ends. */
  onTest: (index: number | undefined, name: string) => void;
  seen: number;
  failure: string | undefined;
  contexts: real.TestContext[];
} = { selection: undefined, onTest: () => undefined, seen: 0, failure: undefined, contexts: [] };
/** Of the file that is being loaded: each test or suite at its top level. */
export const units: Unit[] = [];
/** Registered in a suite, they belong to it; at the top level, they are kept. */
const suites: string[] = [];

/** One engine is enough to kill a mutant, and PGlite takes ten times as long. */
const isLeftOut = (name: string, options: Options): boolean => /\bPGlite\b/.test(name) || (options['skip'] ?? false) !== false;

function read([first, second, third]: Given): { readonly name: string; readonly options: Options; readonly body: Body } {
  const given = [first, second, third];
  return {
    name: typeof first === 'string' ? first : 'unnamed',
    options: given.find((each): each is Options => typeof each === 'object') ?? {},
    body: given.find((each): each is Body => typeof each === 'function') ?? (() => undefined),
  };
}

function note(error: unknown): void {
  running.failure ??= error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** After the first failure nothing more is to be learned: what is left of the unit is passed over. */
const watched = (body: Body): Body => async (context) => {
  if (running.failure !== undefined) return;
  try {
    await body(context);
  } catch (error) {
    note(error);
    throw error;
  }
};

function registerTest(name: string, options: Options, body: Body): void {
  const index = running.seen;
  running.seen += 1;
  if (running.selection?.has(index) === false) return;
  const whole = watched(async (context) => {
    running.contexts.push(context);
    running.onTest(index, name);
    try {
      await body(context);
    } finally {
      running.onTest(undefined, name);
    }
  });
  void real.test(name, options, whole);
}

function keep(name: string, register: () => void): Promise<void> {
  if (suites.length > 0) register();
  else units.push({ name, register });
  return Promise.resolve();
}

export function test(...given: Given): Promise<void> {
  const { name, options, body } = read(given);
  if (isLeftOut(name, options)) return Promise.resolve();
  return keep(name, () => { registerTest(name, options, body); });
}

export function describe(...given: Given): Promise<void> {
  const { name, options, body } = read(given);
  if (isLeftOut(name, options)) return Promise.resolve();
  return keep(name, () => {
    void real.describe(name, options, (context) => {
      suites.push(name);
      try {
        void body(context as unknown as real.TestContext);
      } catch (error) {
        note(error);
      } finally {
        suites.pop();
      }
    });
  });
}

const hook = (register: (body: Body) => void, always: boolean) => (body: Body): void => {
  if (suites.length === 0) throw new Error('A hook at the top level of a file can not be run again: put it into a suite.');
  register(always ? body : watched(body));
};

export const it = test;
export const suite = describe;
export const before = hook((body) => { real.before(body as () => void); }, false);
export const beforeEach = hook((body) => { real.beforeEach(body as () => void); }, false);
// What was opened is closed, whatever failed.
export const after = hook((body) => { real.after(body as () => void); }, true);
export const afterEach = hook((body) => { real.afterEach(body as () => void); }, true);
export const mock = real.mock;
