// Which tests come by which mutant, and how long they take: every test runs without a mutant first.
import { Host, type Reply } from './host-client.ts';
import type { Mutant } from './instrument.ts';

/** A test or a suite at the top level of a file. */
export interface Unit {
  readonly file: string;
  readonly index: number;
  readonly name: string;
  readonly tests: readonly { readonly ms: number; readonly covered: ReadonlySet<string> }[];
  /** What its hooks take and come by, and whatever runs between its tests. */
  readonly hooksMs: number;
  readonly covered: ReadonlySet<string>;
}

export interface Coverage {
  readonly units: readonly Unit[];
  /** Test file → mutants that run while it is loaded: to switch one on later would change nothing. */
  readonly loading: ReadonlyMap<string, ReadonlySet<string>>;
}

export const LOAD_DEADLINE_MS = 60_000;
const DRY_DEADLINE_MS = 300_000;

export const failureOf = (reply: Reply): string | undefined => (typeof reply === 'string' ? reply : (reply.failure ?? reply.uncaught));

/** In order, and the other way round, since for a mutant some of them run alone. */
export async function measureCoverage(directory: string, files: readonly string[]): Promise<Coverage> {
  const units: Unit[] = [];
  const loading = new Map<string, ReadonlySet<string>>();
  for (const file of files) {
    const { covered, units: found } = await runUnmutated(directory, file, (names) => names);
    loading.set(file, covered);
    units.push(...found);
    await runUnmutated(directory, file, (names) => names.toReversed());
  }
  return { units, loading };
}

type Named = readonly (readonly [index: number, name: string])[];

async function runUnmutated(directory: string, file: string, order: (names: Named) => Named): Promise<{ readonly covered: ReadonlySet<string>; readonly units: readonly Unit[] }> {
  const host = new Host(directory);
  try {
    const reply = await host.load(file, LOAD_DEADLINE_MS);
    if (typeof reply === 'string' || reply.units === undefined) throw new Error(`${file} can't be loaded: ${failureOf(reply) ?? ''}`);
    const units: Unit[] = [];
    for (const [index, name] of order([...reply.units.entries()])) units.push(await runUnit(host, file, index, name));
    return { covered: new Set(reply.covered), units };
  } finally {
    await host.end();
  }
}

async function runUnit(host: Host, file: string, index: number, name: string): Promise<Unit> {
  let reply = await host.run({ file, unit: index }, DRY_DEADLINE_MS);
  // Beside other work a test may miss a deadline of its own; one that fails by itself fails again.
  if (failureOf(reply) !== undefined) reply = await host.run({ file, unit: index }, DRY_DEADLINE_MS);
  if (typeof reply === 'string' || failureOf(reply) !== undefined) throw new Error(`without a mutant, "${name}" of ${file} fails: ${failureOf(reply) ?? ''}`);
  const tests = (reply.tests ?? []).map(({ ms, covered }) => ({ ms, covered: new Set(covered) }));
  return { file, index, name, tests, hooksMs: (reply.ms ?? 0) - tests.reduce((sum, { ms }) => sum + ms, 0), covered: new Set(reply.covered) };
}

/** A unit, or some of its tests. */
export interface Step {
  readonly unit: Unit;
  readonly tests: readonly number[] | undefined;
  readonly ms: number;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** The mutant must be switched on before its file is loaded. */
  readonly isStatic: boolean;
}

export function stepOf(unit: Unit, tests?: readonly number[]): Step {
  return { unit, tests, ms: unit.hooksMs + unit.tests.reduce((sum, { ms }, index) => sum + (tests?.includes(index) === false ? 0 : ms), 0) };
}

function stepFor(unit: Unit, id: string): readonly Step[] {
  if (unit.covered.has(id)) return [stepOf(unit)];
  const tests = [...unit.tests.entries()].filter(([, { covered }]) => covered.has(id)).map(([index]) => index);
  return tests.length === 0 ? [] : [stepOf(unit, tests)];
}

/** `neighbours` are the mutants of the same file. */
export function planFor(mutant: Mutant, { units, loading }: Coverage, neighbours: readonly Mutant[]): Plan {
  const isNear = (step: Step) => step.unit.file === mutant.file.replace(/\.ts$/, '.test.ts');
  const sorted = (steps: readonly Step[]) => steps.toSorted((a, b) => Number(isNear(b)) - Number(isNear(a)) || a.ms - b.ms);
  const loaders = new Set([...loading].filter(([, covered]) => covered.has(mutant.id)).map(([file]) => file));
  if (loaders.size === 0) return { steps: sorted(units.flatMap((unit) => stepFor(unit, mutant.id))), isStatic: false };
  // What is made while a file is loaded is used by those who call something of it, if anything of it can be called.
  const candidates = units.filter(({ file }) => loaders.has(file));
  const callers = candidates.flatMap((unit) => {
    const tests = [...unit.tests.entries()].filter(([, { covered }]) => neighbours.some(({ id }) => covered.has(id))).map(([index]) => index);
    if (neighbours.some(({ id }) => unit.covered.has(id))) return [stepOf(unit)];
    return tests.length === 0 ? [] : [stepOf(unit, tests)];
  });
  // Some files meet it only later, in a test.
  const later = units.filter(({ file }) => !loaders.has(file)).flatMap((unit) => stepFor(unit, mutant.id));
  // And looked at by those beside them: what is exported is read without a call.
  const [called, files] = [new Set(callers.map(({ unit }) => unit)), new Set(callers.map(({ unit }) => unit.file))];
  const beside = candidates.filter((unit) => !called.has(unit) && (files.size === 0 || files.has(unit.file))).map((unit) => stepOf(unit));
  return { steps: [...sorted([...callers, ...later]), ...sorted(beside)], isStatic: true };
}
