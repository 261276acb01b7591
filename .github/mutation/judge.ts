// Decides over mutants: whether one of the tests that come by it fails.
import { type Coverage, failureOf, LOAD_DEADLINE_MS, type Plan, planFor, type Step, stepOf } from './coverage.ts';
import { Host } from './host-client.ts';
import type { Mutant } from './instrument.ts';

export type Verdict = 'killed' | 'timeout' | 'survived' | 'no coverage';

/** A mutant's fate, and what decided it. */
export interface Judgement {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  readonly by?: Step;
  readonly why?: string;
}

/** Other work on the machine must not look like a loop without end. */
const deadlineOf = ({ ms }: Step): number => 5 * ms + 3_000;

/** Judges one folder's mutants with a process of its own; several judges may share the work. */
export class Judge {
  readonly #directory: string;
  readonly #coverage: Coverage;
  readonly #neighbours: ReadonlyMap<string, readonly Mutant[]>;
  /** What some tests of a suite do without the others. */
  readonly #alone = new Map<string, boolean>();
  #warm: Host | undefined;

  constructor(directory: string, coverage: Coverage, mutants: readonly Mutant[]) {
    this.#directory = directory;
    this.#coverage = coverage;
    this.#neighbours = Map.groupBy(mutants, ({ file }) => file);
  }

  /**
   * The judgements of a few mutants. Those that go one after the other through one process are killed for certain only once
   * the same tests pass in it without a mutant: what one leaves behind must not kill the next.
   */
  async judge(batch: readonly Mutant[]): Promise<readonly Judgement[]> {
    const certain: Judgement[] = [];
    let waiting: Judgement[] = [];
    const again = async () => {
      for (const { mutant, verdict } of waiting) certain.push(verdict === 'survived' ? { mutant, verdict } : await this.#inFreshHost(mutant));
      waiting = [];
    };
    for (const mutant of batch) {
      const plan = this.#planFor(mutant);
      if (plan.steps.length === 0) certain.push({ mutant, verdict: 'no coverage' });
      else if (plan.isStatic) certain.push(await this.#inFreshHost(mutant));
      else {
        const judgement = await this.#inWarmHost(mutant, plan);
        if (judgement === 'unclear') certain.push(await this.#inFreshHost(mutant));
        else waiting.push(judgement);
        // The process has ended, so that nothing can be looked at again in it.
        if (this.#warm === undefined) await again();
      }
    }
    if (await this.#passesUnmutated(waiting.flatMap(({ by }) => by ?? []))) certain.push(...waiting);
    else await again();
    return certain;
  }

  async end(): Promise<void> {
    await this.#warm?.end();
    this.#warm = undefined;
  }

  #planFor(mutant: Mutant): Plan {
    return planFor(mutant, this.#coverage, this.#neighbours.get(mutant.file) ?? []);
  }

  async #passesUnmutated(steps: readonly Step[]): Promise<boolean> {
    const byUnit = Map.groupBy(steps, ({ unit }) => unit);
    for (const [unit, some] of byUnit) {
      const tests = some.some((step) => step.tests === undefined) ? undefined : [...new Set(some.flatMap((step) => step.tests ?? []))];
      const reply = await this.#warm?.run({ file: unit.file, unit: unit.index, tests }, deadlineOf(stepOf(unit, tests)));
      if (reply === undefined || failureOf(reply) !== undefined) {
        await this.end();
        return false;
      }
    }
    return true;
  }

  /** Unclear is what ended the process or came from nowhere, and what never passed the mutant's place: something was remembered. */
  async #inWarmHost(mutant: Mutant, { steps }: Plan): Promise<Judgement | 'unclear'> {
    if (this.#warm?.isOver !== false) this.#warm = new Host(this.#directory);
    let hits = 0;
    for (const step of steps) {
      const { file, index } = step.unit;
      const loaded = await this.#warm.load(file, LOAD_DEADLINE_MS);
      const reply = typeof loaded === 'string' ? loaded : await this.#warm.run({ file, unit: index, tests: step.tests, mutant: mutant.id }, deadlineOf(step));
      if (typeof reply === 'string' || reply.uncaught !== undefined) {
        await this.end();
        return 'unclear';
      }
      if (reply.failure !== undefined) return { mutant, verdict: 'killed', by: step, why: reply.failure };
      hits += reply.hits ?? 0;
    }
    return hits === 0 ? 'unclear' : { mutant, verdict: 'survived' };
  }

  /** The mutant is there from the first line that is loaded. */
  async #inFreshHost(mutant: Mutant): Promise<Judgement> {
    const { steps, isStatic } = this.#planFor(mutant);
    const host = new Host(this.#directory);
    try {
      for (const step of steps) {
        const { file, index } = step.unit;
        // A test that wants another to have run before must not look like one that fails by the mutant.
        const tests = isStatic && (await this.#passesAlone(step)) ? step.tests : undefined;
        const loaded = await host.load(file, LOAD_DEADLINE_MS, mutant.id);
        const reply = failureOf(loaded) === undefined ? await host.run({ file, unit: index, tests, mutant: mutant.id }, deadlineOf(stepOf(step.unit, tests))) : loaded;
        if (reply === 'timeout') return { mutant, verdict: 'timeout', by: step };
        const why = failureOf(reply);
        // A machine that can't start a process any more kills no mutants.
        if (reply === 'died' && !(await this.#passesFresh(step))) throw new Error(`without a mutant, "${step.unit.name}" of ${file} ends the process`);
        if (why !== undefined) return { mutant, verdict: 'killed', by: step, why };
      }
      return { mutant, verdict: 'survived' };
    } finally {
      await host.end();
    }
  }

  async #passesAlone(step: Step): Promise<boolean> {
    const { unit, tests } = step;
    if (tests === undefined) return true;
    const key = `${unit.file}#${unit.index}#${tests.join()}`;
    const passes = this.#alone.get(key) ?? (await this.#passesFresh(step));
    this.#alone.set(key, passes);
    return passes;
  }

  async #passesFresh(step: Step): Promise<boolean> {
    const { unit, tests } = step;
    const host = new Host(this.#directory);
    const loaded = await host.load(unit.file, LOAD_DEADLINE_MS);
    const reply = failureOf(loaded) === undefined ? await host.run({ file: unit.file, unit: unit.index, tests }, deadlineOf(step)) : loaded;
    await host.end();
    return failureOf(reply) === undefined;
  }
}
