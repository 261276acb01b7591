// What an attack is, and how what it saw becomes a verdict.
import type { Answer } from '#app/testing/fuzz/client.ts';
import type { Leak } from './front.ts';
import type { Target } from './target.ts';

/** `open`: limits raised, so that nothing but the defence itself stands in the way. `guarded`: as deployed behind TLS and one proxy. `hostile`: the identity provider is the attacker's. `forged`: its keys are the forge's, which signs what must not be taken. */
export type Setup = 'open' | 'guarded' | 'hostile' | 'forged';

/** `failed`: it did not come to an end, and so says nothing. */
export type Outcome = { readonly verdict: 'holds' | 'broken'; readonly seen: string } | { readonly verdict: 'not run' | 'failed'; readonly seen: string };

export interface Attack {
  readonly name: string;
  /** What must happen instead of what the attacker wants. */
  readonly expected: string;
  run(target: Target): Promise<Outcome>;
  /** The service with this one defence taken away: there the attack must succeed, or it could not fail here. */
  readonly leak: Leak;
}

/** `<class>.attack.ts` exports this as `attackClass`, and is found by its name. */
export interface AttackClass {
  readonly title: string;
  /** OWASP API Security Top 10 2023, CWE. */
  readonly source: string;
  readonly setup: Setup;
  readonly attacks: readonly [Attack, ...Attack[]];
}

export const NO_ROUTE: Outcome = { verdict: 'not run', seen: 'no such route' };
const MOST_STATUSES = 6;

/** Answers as they come in, and what is wrong with them. */
export class Sightings {
  readonly #counts = new Map<string, number>();
  readonly #faults: string[] = [];
  #total = 0;

  /** One answer, or anything else that was looked at; `fault` says what the attacker got. */
  note(seen: Answer | string, fault: string | undefined): void {
    const name = typeof seen === 'string' ? seen : 'failure' in seen ? 'cut off' : String(seen.status);
    this.#total += 1;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    if (fault !== undefined) this.#faults.push(fault);
  }

  get faults(): readonly string[] {
    return this.#faults;
  }

  outcome(): Outcome {
    if (this.#total === 0) return NO_ROUTE;
    const counts = [...this.#counts].toSorted(([, one], [, other]) => other - one);
    const summary = counts.slice(0, MOST_STATUSES).map(([name, count]) => `${name} ×${count}`).join(', ');
    const [first] = this.#faults;
    if (first === undefined) return { verdict: 'holds', seen: `${summary}${counts.length > MOST_STATUSES ? ' …' : ''}` };
    return { verdict: 'broken', seen: `${this.#faults.length} of ${this.#total}: ${first}` };
  }
}

export function statusOf(answer: Answer): number {
  return 'failure' in answer ? 0 : answer.status;
}

export function bodyOf(answer: Answer): string {
  return 'failure' in answer ? '' : answer.body;
}

export function headerOf(answer: Answer, name: string): string | undefined {
  if ('failure' in answer) return undefined;
  const value = answer.headers[name];
  return typeof value === 'string' ? value : value?.join(', ');
}

/** The problem's code, or nothing. */
export function codeOf(answer: Answer): string | undefined {
  return /"type":"\/problems\/([a-z-]+)"/.exec(bodyOf(answer))?.[1];
}

/** For a fault's text: which request it was. */
export function nameOf({ method = 'GET', path }: { readonly method?: string; readonly path: string }): string {
  return `${method} ${path.length > 90 ? `${path.slice(0, 90)}…` : path}`;
}
