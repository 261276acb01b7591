// Made-up requests that meet every rule of the policy, the same ones for the same seed.
// Tested by policy.proof.ts: it counts which reasons come up.
import type { PolicyInput } from '#app/access/policy.ts';
import type { Rules } from '#app/access/rules.ts';
import { ROLES } from '#app/feature.ts';

export const RULES: Rules = {
  grants: { 'items:read': [...ROLES], 'items:move': ['clerk', 'manager'], 'items:retire': ['manager'], 'items:burn': [], 'movements:read': [...ROLES], 'notes:change': ['manager'], 'notes:read': ['auditor'] },
  ownerActions: ['notes:change', 'notes:read'],
  stepUp: { 'items:retire': { maxAgeS: 900, factors: 1 }, 'notes:change': { maxAgeS: 300, factors: 2 } },
  fields: { movements: { actor: ['clerk', 'manager'], note: ['manager'], price: [], address: ['auditor'] }, items: { cost: ['manager'] } },
  sensitivities: { items: { restricted: ['manager', 'auditor'], secret: ['auditor'] }, notes: { restricted: ['manager'] } },
  signInFactors: 2,
  enrolment: ['notes:change'],
};

const ACTIONS = [...Object.keys(RULES.grants), 'items:paint', 'toString:read'];
const OFTEN = 0.8;

export function makeRequests(count: number, seed: number): readonly PolicyInput[] {
  const random = mulberry32(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const maybe = <T>(chance: number, make: () => T): T | undefined => (random() < chance ? make() : undefined);
  const some = <T>(values: readonly T[]): T[] => values.filter(() => random() < 0.5);

  return Array.from({ length: count }, () => {
    const action = pick(ACTIONS);
    const [type = '', verb = ''] = action.split(':');
    return dropUndefined({
      subject: dropUndefined({
        id: pick(['u-1', 'u-2', '']),
        tenant: 'acme',
        roles: some(ROLES),
        scopes: maybe(0.3, () => pick([['api'], [action], [], ['items:read'], ['api', 'openid']])),
        factors: maybe(OFTEN, () => pick([1, 2])),
        authenticatedAgeS: maybe(OFTEN, () => pick([0, 299, 300, 301, 900, 901, 86_400])),
        risk: maybe(0.1, () => 'elevated' as const),
        person: maybe(0.5, () => true as const),
      }),
      action,
      type,
      verb,
      resource: maybe(0.5, () =>
        dropUndefined({
          tenant: maybe(0.5, () => (random() < 0.9 ? 'acme' : 'globex')),
          owner: maybe(0.5, () => pick(['u-1', 'u-2', ''])),
          sensitivity: maybe(0.5, () => pick(['normal', 'restricted', 'secret', 'unheard of'])),
        }),
      ),
    });
  });
}

/** As JSON has it: an absent member, which Rego tells from null. */
function dropUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}

/** Small and repeatable; nothing here is secret. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
