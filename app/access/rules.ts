// The policy's data: what the features declare, put together and checked.
// Tested by access.test.ts: each declaration by what is decided on it.
import { AppError } from '#app/errors.ts';
import { type AccessRules, type Grants, ROLES, type Role, type StepUp } from '#app/feature.ts';

type RolesByName = Readonly<Record<string, Readonly<Record<string, readonly Role[]>>>>;

/** `data.rules` of policies/access/access.rego. */
export interface Rules {
  readonly grants: Readonly<Record<string, readonly Role[]>>;
  readonly ownerActions: readonly string[];
  readonly stepUp: Readonly<Record<string, StepUp>>;
  readonly fields: RolesByName;
  readonly sensitivities: RolesByName;
  /** Of people, for every action but those of enrolment. */
  readonly signInFactors: 1 | 2;
  readonly enrolment: readonly string[];
}

/** What a feature says of access. */
export interface AccessSource {
  readonly grants: Grants;
  readonly rules?: AccessRules | undefined;
}

const ACTION_SYNTAX = /^[a-z][a-z-]*:[a-z][a-z-]*$/;

/** @throws AppError for a malformed or unknown action, an unknown role, or something that two features declare. */
export function collectRules(sources: readonly AccessSource[], signInFactors: 1 | 2): Rules {
  const grants = merge(sources.map((source) => source.grants), 'The action "%" is granted twice: name the resource so that it belongs to one feature.');
  for (const [action, roles] of Object.entries(grants)) {
    if (!ACTION_SYNTAX.test(action)) throw new AppError(`The action "${action}" must be written as "<resource>:<verb>".`);
    requireRoles(roles, `The action "${action}" is granted`);
  }
  const declared = sources.flatMap(({ rules }) => (rules === undefined ? [] : [rules]));
  const rules: Rules = {
    grants,
    ownerActions: declared.flatMap(({ ownerActions = [] }) => ownerActions),
    stepUp: merge(declared.map(({ stepUp = {} }) => stepUp), 'The action "%" has two step-ups.'),
    fields: merge(declared.map(({ fields = {} }) => fields), 'The fields of "%" are ruled twice.'),
    sensitivities: merge(declared.map(({ sensitivities = {} }) => sensitivities), 'The sensitivities of "%" are ruled twice.'),
    signInFactors,
    enrolment: declared.flatMap(({ enrolment = [] }) => enrolment),
  };
  for (const action of [...rules.ownerActions, ...Object.keys(rules.stepUp), ...rules.enrolment]) {
    if (!Object.hasOwn(grants, action)) throw new AppError(`The action "${action}" is ruled, but granted to nobody: name it in the feature's grants, if only with an empty list.`);
  }
  for (const named of [rules.fields, rules.sensitivities]) {
    for (const [type, byName] of Object.entries(named)) for (const [name, roles] of Object.entries(byName)) requireRoles(roles, `"${name}" of "${type}" is open`);
  }
  return rules;
}

/** @throws AppError naming the key that two of them have. */
function merge<T>(parts: readonly Readonly<Record<string, T>>[], problem: string): Record<string, T> {
  const merged: Record<string, T> = {};
  for (const [key, value] of parts.flatMap((part) => Object.entries(part))) {
    if (Object.hasOwn(merged, key)) throw new AppError(problem.replace('%', key));
    merged[key] = value;
  }
  return merged;
}

function requireRoles(roles: readonly Role[], what: string): void {
  const unknown = roles.find((role) => !ROLES.includes(role));
  if (unknown !== undefined) throw new AppError(`${what} to the unknown role "${unknown}".`);
}
