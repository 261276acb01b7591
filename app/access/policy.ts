// The policy itself: Rego, compiled to WebAssembly, evaluated in this process.
// Tested by access.test.ts: every decision goes through it; policy.proof.ts holds it against `opa eval`.
import { readFile } from 'node:fs/promises';
import { loadPolicy as loadModule } from '@open-policy-agent/opa-wasm';
import type { Decision } from '#app/feature.ts';
import type { Rules } from '#app/access/rules.ts';

/** What policies/access/access.rego is asked. */
export interface PolicyInput {
  readonly subject: {
    readonly id: string;
    readonly tenant: string;
    readonly roles: readonly string[];
    readonly scopes?: readonly string[] | undefined;
    readonly factors?: number | undefined;
    /** Seconds since the person proved who they are. */
    readonly authenticatedAgeS?: number | undefined;
    readonly risk?: 'elevated' | undefined;
    /** Who has a session; programs have tokens. */
    readonly person?: true | undefined;
  };
  readonly action: string;
  readonly type: string;
  readonly verb: string;
  readonly resource?: { readonly tenant?: string | undefined; readonly owner?: string | undefined; readonly sensitivity?: string | undefined } | undefined;
}

export interface Policy {
  /** @throws Error when the module fails: nothing is decided then. */
  decide(input: PolicyInput): Decision;
  /** Takes the place of all rules before. */
  use(rules: Rules): void;
}

/** The reason of a no that the policy did not say. */
export const UNDECIDED = 'undecided';

const MODULE = new URL('./access.wasm', import.meta.url);

export async function loadPolicy(rules: Rules): Promise<Policy> {
  // eslint-disable-next-line security/detect-non-literal-fs-filename -- this file's neighbour
  const policy = await loadModule(await readFile(MODULE));
  policy.setData({ rules });
  return {
    decide(input) {
      return toDecision(policy.evaluate(input) as readonly { readonly result: Decision }[]);
    },
    use(next) {
      policy.setData({ rules: next });
    },
  };
}

/** Undefined is no: a rule that is missing its data must not let anybody in. */
export function toDecision([only]: readonly { readonly result: Decision }[]): Decision {
  return only?.result ?? { allowed: false, reason: UNDECIDED };
}
