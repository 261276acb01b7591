// Whether a plan does nothing but what an approved one said. Before a rollout the migration runs, and its task definition is applied
// on its own; Terraform then refuses the approved file as stale, and what is planned anew has to be within it.
import { type Change, changesIn, hasUnknown, isSame } from './plan.ts';

/** One line for each thing that nobody approved; empty where all was. */
export function beyond(approved: string, final: string): readonly string[] {
  const known = new Map(changesIn(approved).map((change) => [change.address, change]));
  return changesIn(final).flatMap((change) => {
    const before = known.get(change.address);
    if (before === undefined) return [`${change.address}: the approved plan leaves it as it is`];
    if (before.actions.join() !== change.actions.join()) return [`${change.address}: ${change.actions.join(' and ')} instead of ${before.actions.join(' and ')}`];
    return differences(before, change).map((name) => `${change.address}: ${name} is another one than was approved`);
  });
}

/**
 * What was not known yet may be anything by now: the number of what was made in between. What the plan does not change is as it is found, and
 * that moves too: the count of tasks, which autoscaling sets.
 */
function differences(approved: Change, final: Change): readonly string[] {
  const [was, later, found, is] = [approved.after, approved.unknown, final.before, final.after].map((each) => (typeof each === 'object' && each !== null ? (each as Readonly<Record<string, unknown>>) : {}));
  const names = new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})]);
  return [...names].filter((name) => !isSame(found?.[name], is?.[name]) && !hasUnknown(later?.[name]) && !isSame(was?.[name], is?.[name])).sort();
}
