// The process that holds loaded test files, and runs a unit of them with whichever mutant is switched on.
import childProcess from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { registerHooks, syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as real from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Answer, Request } from './host-client.ts';
import { running, type Unit, units } from './node-test.ts';

/** What the instrumenter's code reads and writes. */
interface Namespace {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number;
  hitLimit?: number;
  mutantCoverage?: { static: Record<string, number>; perTest: Record<string, Record<string, number>> };
}

/** A loop that a mutant made endless ends in an error. */
const HIT_LIMIT = 1_000_000;
const namespace: Namespace = ((globalThis as { __stryker__?: Namespace }).__stryker__ = {});
const loaded = new Map<string, readonly Unit[]>();
const reports = mkdtempSync(path.join(tmpdir(), 'stockade-mutation-'));

registerHooks({
  resolve(specifier, context, next) {
    const isOurs = context.parentURL?.startsWith(pathToFileURL(import.meta.dirname).href) === true;
    return specifier === 'node:test' && !isOurs ? { url: new URL('node-test.ts', import.meta.url).href, shortCircuit: true } : next(specifier, context);
  },
});

/** A program that a test starts has the same mutant, and says what it ran of the instrumented code. */
function handOn(): void {
  const { spawn, execFile } = childProcess;
  type Options = { readonly env?: NodeJS.ProcessEnv };
  const extended = (parameters: readonly string[], options: Options | undefined) => ({
    ...options,
    env: {
      ...(options?.env ?? process.env),
      // What may read its own files alone can't load ours, and says nothing of what it ran.
      ...(parameters.includes('--permission') ? {} : { NODE_OPTIONS: `--import=${new URL('started-program.ts', import.meta.url).href}` }),
      MUTATION_REPORTS: reports,
      ...(namespace.activeMutant === undefined ? {} : { __STRYKER_ACTIVE_MUTANT__: namespace.activeMutant }),
    },
  });
  const wrap = (start: (...given: unknown[]) => unknown) => (file: string, parameters: readonly string[], options?: Options, ...rest: unknown[]) => start(file, parameters, extended(parameters, options), ...rest);
  const promised = { [promisify.custom]: wrap((execFile as unknown as Record<symbol, (...given: unknown[]) => unknown>)[promisify.custom] as never) };
  Object.assign(childProcess, { spawn: wrap(spawn as never), execFile: Object.assign(wrap(execFile as never), promised) });
  syncBuiltinESMExports();
}

function takeCoverage(test?: string): readonly string[] {
  const ids = new Set(Object.keys((test === undefined ? namespace.mutantCoverage?.static : namespace.mutantCoverage?.perTest[test]) ?? {}));
  for (const report of readdirSync(reports)) {
    for (const id of JSON.parse(readFileSync(path.join(reports, report), 'utf8')) as string[]) ids.add(id);
    rmSync(path.join(reports, report));
  }
  return [...ids];
}

async function load({ file, mutant }: Request): Promise<Answer> {
  units.length = 0;
  Object.assign(namespace, { activeMutant: mutant, currentTestId: undefined });
  if (namespace.mutantCoverage) namespace.mutantCoverage.static = {};
  await import(pathToFileURL(path.resolve(file)).href);
  loaded.set(file, [...units]);
  return { units: units.map(({ name }) => name), covered: takeCoverage() };
}

async function run({ file, unit = 0, mutant, tests: selection }: Request): Promise<Answer> {
  const register = loaded.get(file)?.[unit]?.register;
  if (register === undefined) throw new Error(`There is no unit ${unit} in ${file}.`);
  const tests: { name: string; ms: number; covered: readonly string[] }[] = [];
  const own = `${file}#${unit}`;
  let begun = 0;
  Object.assign(running, {
    selection: selection && new Set(selection),
    seen: 0,
    failure: undefined,
    contexts: [],
    onTest: (index: number | undefined, name: string) => {
      const id = `${own}/${tests.length}`;
      if (index === undefined) tests.push({ name, ms: performance.now() - begun, covered: takeCoverage(id) });
      else begun = performance.now();
      namespace.currentTestId = index === undefined ? own : id;
    },
  });
  Object.assign(namespace, { activeMutant: mutant, currentTestId: own, hitCount: 0, hitLimit: HIT_LIMIT });
  const start = performance.now();
  register();
  // The root runs what it is given one after the other, and a suite has no promise of its own.
  await real.test('the unit is over', () => undefined);
  const failure = running.failure ?? (running.contexts.some((context) => !context.passed) ? 'a test did not pass' : undefined);
  const hits = namespace.hitCount ?? 0;
  // What is still under way is nobody's.
  namespace.activeMutant = undefined;
  return { failure, hits, tests, ms: performance.now() - start, covered: takeCoverage(own), uncaught: takeUncaught() };
}

let uncaught: string | undefined;
function takeUncaught(): string | undefined {
  const taken = uncaught;
  uncaught = undefined;
  return taken;
}
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    uncaught ??= String(error);
  });
}
process.on('exit', () => {
  rmSync(reports, { recursive: true, force: true });
});
process.on('disconnect', () => process.exit());

handOn();
process.on('message', (request: Request) => {
  const work = request.unit === undefined ? load(request) : run(request);
  work.catch((error: unknown) => ({ failure: String(error) })).then((answer) => process.send?.(answer), () => undefined);
});
