// The results of a run of node:test, with each test's name after those of the tests around it.
import { relative } from 'node:path';
import type { TestsStream } from 'node:test';
import type { TestResult } from './results.ts';

export interface Collected extends TestResult {
  /** What a failed test said, in short. */
  readonly because: string;
  /** The name of the error: an assertion's is `AssertionError`. */
  readonly error: string;
}

interface Event {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string | undefined;
  readonly entryFile?: string;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
}

/** Between the name of a test and that of one inside it. */
export const INSIDE = ' › ';

/** Listens from now on; what it gives is filled while the run goes on. */
export function collectResults(events: TestsStream, root: string): readonly Collected[] {
  const collected: Collected[] = [];
  // Events come file by file, and in the order of definition, whatever runs at once.
  const around: string[] = [];
  const add = (event: Event, outcome: TestResult['outcome'], failure?: unknown): void => {
    // A test that a part of `app/testing` defines belongs to the file that asked for it.
    const file = event.entryFile ?? event.file ?? '';
    if (event.name === file) return;
    const name = [...around.slice(0, event.nesting), event.name].join(INSIDE);
    const { error, because } = describe(failure);
    collected.push({ file: relative(root, file).replaceAll('\\', '/'), name, outcome, error, because });
  };
  events.on('test:start', (event) => {
    around[event.nesting] = event.name;
  });
  events.on('test:pass', (event) => {
    add(event, isSet(event.skip) || isSet(event.todo) ? 'skipped' : 'passed');
  });
  events.on('test:fail', (event) => {
    add(event, 'failed', event.details.error);
  });
  return collected;
}

const isSet = (mark: string | boolean | undefined): boolean => mark !== undefined && mark !== false;

const LONGEST = 160;

function describe(failure: unknown): { readonly error: string; readonly because: string } {
  if (!(failure instanceof Error)) return { error: '', because: '' };
  const cause = failure.cause instanceof Error ? failure.cause : failure;
  return { error: cause.name, because: cause.message.replaceAll(/\s+/g, ' ').slice(0, LONGEST) };
}
