// Who moved stock, by name: the ledger knows people by their id alone, and forgets nobody who was erased.
// Tested by actors.test.ts: with the platform's own directory of people.
import type { People } from '#app/feature.ts';
import type { Movement, NamedMovement } from './item.ts';

/** Shown of somebody whose data were erased. */
export const ERASED = 'Erased person';

/** One look-up for all of them. */
export async function nameActors(people: Pick<People, 'known'>, ...lists: readonly (readonly Movement[])[]): Promise<readonly (readonly NamedMovement[])[]> {
  const known = await people.known(lists.flat().map(({ actor }) => actor));
  return lists.map((list) => list.map((movement) => {
    const person = known.get(movement.actor);
    return { ...movement, actor: person === undefined ? { name: ERASED } : { id: person.subjectId, name: person.name } };
  }));
}
