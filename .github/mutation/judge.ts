// Decides over mutants: which tests come by each, and whether one of them fails.
import { Host, type Reply } from './host-client.ts';
import type { Mutant } from './instrument.ts';

export type Verdict = 'killed' | 'timeout' | 'survived' | 'no coverage';

export interface Unit {
  readonly file: string;
  readonly index: number;
  readonly name: string;
  readonly ms: number;
  readonly covered: ReadonlySet<string>;
}

export interface Coverage {
  readonly units: readonly Unit[];
  /** Test file → mutants that run while it is loaded: to switch one on later would change nothing. */
  readonly loading: ReadonlyMap<string, ReadonlySet<string>>;
}

const LOAD_DEADLINE_MS = 30_000;
const DRY_DEADLINE_MS = 120_000;
/** Other work on the machine must not look like a loop without end. */
const deadlineOf = ({ ms }: Unit): number => 5 * ms + 3_000;

const failureOf = (reply: Reply): string | undefined => (typeof reply === 'string' ? reply : (reply.failure ?? reply.uncaught));

/** Runs every unit without a mutant: in order, and the other way round, since a mutant is met by some of them alone. */
export async function measureCoverage(directory: string, files: readonly string[]): Promise<Coverage> {
  const [units, loading]: [Unit[], Map<string, ReadonlySet<string>>] = [[], new Map()];
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
    for (const [index, name] of order([...reply.units.entries()])) {
      const result = await host.run(file, index, undefined, DRY_DEADLINE_MS);
      if (typeof result === 'string' || failureOf(result) !== undefined) throw new Error(`without a mutant, "${name}" of ${file} fails: ${failureOf(result) ?? ''}`);
      units.push({ file, index, name, ms: result.ms ?? 0, covered: new Set(result.covered) });
    }
    return { covered: new Set(reply.covered), units };
  } finally {
    await host.end();
  }
}

interface Plan {
  readonly units: readonly Unit[];
  /** The mutant must be switched on before its file is loaded. */
  readonly isStatic: boolean;
}

function planFor(mutant: Mutant, { units, loading }: Coverage, neighbours: ReadonlySet<string>): Plan {
  const isNear = ({ file }: Unit) => file === mutant.file.replace(/\.ts$/, '.test.ts');
  const sorted = (chosen: readonly Unit[]) => chosen.toSorted((a, b) => Number(isNear(b)) - Number(isNear(a)) || a.ms - b.ms);
  const loaders = new Set([...loading].filter(([, covered]) => covered.has(mutant.id)).map(([file]) => file));
  if (loaders.size === 0) return { units: sorted(units.filter(({ covered }) => covered.has(mutant.id))), isStatic: false };
  const reached = units.filter(({ file, covered }) => loaders.has(file) && [...neighbours].some((id) => covered.has(id)));
  return { units: sorted(reached.length > 0 ? reached : units.filter(({ file }) => loaders.has(file))), isStatic: true };
}

/** A mutant's fate, and the unit that decided it. */
export interface Judgement {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  readonly by?: Unit;
  readonly why?: string;
}

/** Judges one folder's mutants with hosts of its own; several judges may share the work. */
export class Judge {
  readonly #directory: string;
  readonly #coverage: Coverage;
  readonly #neighbours: ReadonlyMap<string, ReadonlySet<string>>;
  #warm: Host | undefined;

  constructor(directory: string, coverage: Coverage, mutants: readonly Mutant[]) {
    this.#directory = directory;
    this.#coverage = coverage;
    this.#neighbours = new Map(Map.groupBy(mutants, ({ file }) => file).entries().map(([file, group]) => [file, new Set(group.map(({ id }) => id))]));
  }

  /**
   * The judgements of a few mutants. Those that go one after the other through one process are killed for certain only once
   * the same tests pass in it without a mutant: what one leaves behind must not kill the next.
   */
  async judge(batch: readonly Mutant[]): Promise<readonly Judgement[]> {
    const certain: Judgement[] = [];
    let waiting: Judgement[] = [];
    const settle = async () => {
      const passed = await this.#passUnmutated(new Set(waiting.flatMap(({ by }) => by ?? [])));
      for (const judgement of waiting) certain.push(judgement.by === undefined || passed.has(judgement.by) ? judgement : await this.#inFreshHost(judgement.mutant));
      waiting = [];
    };
    for (const mutant of batch) {
      const { units, isStatic } = planFor(mutant, this.#coverage, this.#neighbours.get(mutant.file) ?? new Set());
      if (units.length === 0) certain.push({ mutant, verdict: 'no coverage' });
      else if (isStatic) certain.push(await this.#inFreshHost(mutant));
      else {
        const judgement = await this.#inWarmHost(mutant, units);
        if (judgement === 'unclear') {
          certain.push(await this.#inFreshHost(mutant));
          // The process went with it, and what was waiting can't be looked at again in it.
          for (const each of waiting) certain.push(each.by === undefined ? each : await this.#inFreshHost(each.mutant));
          waiting = [];
        } else waiting.push(judgement);
      }
    }
    await settle();
    return certain;
  }

  async end(): Promise<void> {
    await this.#warm?.end();
  }

  async #passUnmutated(units: ReadonlySet<Unit>): Promise<ReadonlySet<Unit>> {
    const passed = new Set<Unit>();
    for (const unit of units) {
      const reply = await this.#warm?.run(unit.file, unit.index, undefined, deadlineOf(unit));
      if (reply !== undefined && failureOf(reply) === undefined) passed.add(unit);
    }
    if (passed.size < units.size) await this.#dropWarm();
    return passed;
  }

  async #dropWarm(): Promise<void> {
    await this.#warm?.end();
    this.#warm = undefined;
  }

  /** Unclear is what ended the process or came from nowhere, and what never passed the mutant's place: something was remembered. */
  async #inWarmHost(mutant: Mutant, units: readonly Unit[]): Promise<Judgement | 'unclear'> {
    if (this.#warm?.isOver !== false) this.#warm = new Host(this.#directory);
    let hits = 0;
    for (const unit of units) {
      const loaded = await this.#warm.load(unit.file, LOAD_DEADLINE_MS);
      const reply = typeof loaded === 'string' ? loaded : await this.#warm.run(unit.file, unit.index, mutant.id, deadlineOf(unit));
      if (typeof reply === 'string' || reply.uncaught !== undefined) {
        await this.#dropWarm();
        return 'unclear';
      }
      if (reply.failure !== undefined) return { mutant, verdict: 'killed', by: unit, why: reply.failure };
      hits += reply.hits ?? 0;
    }
    return hits === 0 ? 'unclear' : { mutant, verdict: 'survived' };
  }

  async #inFreshHost(mutant: Mutant): Promise<Judgement> {
    const { units } = planFor(mutant, this.#coverage, this.#neighbours.get(mutant.file) ?? new Set());
    const host = new Host(this.#directory);
    try {
      for (const unit of units) {
        const loaded = await host.load(unit.file, LOAD_DEADLINE_MS, mutant.id);
        const reply = failureOf(loaded) === undefined ? await host.run(unit.file, unit.index, mutant.id, deadlineOf(unit)) : loaded;
        if (reply === 'timeout') return { mutant, verdict: 'timeout', by: unit };
        const why = failureOf(reply);
        if (why !== undefined) return { mutant, verdict: 'killed', by: unit, why };
      }
      return { mutant, verdict: 'survived' };
    } finally {
      await host.end();
    }
  }
}
