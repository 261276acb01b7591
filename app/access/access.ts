// What a subject may do: the grants that the features declare, and no for everything else.
import { AppError } from '#app/errors.ts';
import { ROLES, type Action, type Grants, type Role, type Subject } from '#app/feature.ts';

export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

export interface Access {
  decide(subject: Subject, action: Action): Decision;
  can(subject: Subject, action: Action): boolean;
}

const ACTION_SYNTAX = /^[a-z][a-z-]*:[a-z][a-z-]*$/;

/** Deny by default (ASVS 8.2.1). @throws AppError for a malformed action, an unknown role, or an action that two features grant. */
export function createAccess(grants: readonly Grants[]): Access {
  const rolesByAction = new Map<string, ReadonlySet<Role>>();
  for (const [action, roles] of grants.flatMap((one) => Object.entries(one))) {
    if (!ACTION_SYNTAX.test(action)) throw new AppError(`The action "${action}" must be written as "<resource>:<verb>".`);
    if (rolesByAction.has(action)) throw new AppError(`The action "${action}" is granted twice: name the resource so that it belongs to one feature.`);
    const unknown = roles.find((role) => !ROLES.includes(role));
    if (unknown !== undefined) throw new AppError(`The action "${action}" is granted to the unknown role "${unknown}".`);
    rolesByAction.set(action, new Set(roles));
  }
  const decide = (subject: Subject, action: Action): Decision => {
    const granted = rolesByAction.get(action);
    if (granted === undefined) return { allowed: false, reason: 'action-unknown' };
    return subject.roles.some((role) => granted.has(role)) ? { allowed: true } : { allowed: false, reason: 'role-not-granted' };
  };
  return { decide, can: (subject, action) => decide(subject, action).allowed };
}
