// What a removal was seen to turn red, kept beside the claim, and whether it is still about the same text.
import { createHash } from 'node:crypto';
import { matching, type Tree } from '../rules/tree.ts';
import { citesOf, surroundings } from './cites.ts';
import { editsOf, type Loaded, type Removal } from './claims.ts';

export interface Seen {
  readonly id: string;
  readonly test: string;
  /** Of the removal, of the tests that cite the requirement and of the declaration that the control is in. */
  readonly hash: string;
  /** The tests that failed, by name, and the first line of what each said. */
  readonly red: Readonly<Record<string, string>>;
}

const HASH_LENGTH = 16;

export const seenFileOf = (claimFile: string): string => claimFile.replace(/\.json$/, '.seen-red.json');

export function hashOf(tree: Tree, id: string, removal: Removal): string {
  const cites = citesOf(tree).filter(({ path, ids }) => path === removal.test && ids.includes(id));
  const controls = editsOf(removal).map(({ control, find }) => surroundings(control, tree.get(control) ?? '', find));
  return createHash('sha256').update(JSON.stringify([id, removal.test, editsOf(removal), cites.map(({ text }) => text), controls])).digest('hex').slice(0, HASH_LENGTH);
}

export function loadSeen(tree: Tree): readonly Seen[] {
  return matching(tree, /(?:^\.github\/asvs\/claims\/v\d\d|^app\/features\/[^/]+\/asvs(?:-v\d\d)?)\.seen-red\.json$/).flatMap(([, text]) => JSON.parse(text) as readonly Seen[]);
}

/** The removals that were not seen to turn a test red as they are now. */
export function unproven(tree: Tree, { removals }: Loaded, seen: readonly Seen[] = loadSeen(tree)): Loaded['removals'] {
  return removals.filter(({ id, removal }) => !seen.some((each) => each.id === id && each.test === removal.test && each.hash === hashOf(tree, id, removal)));
}
