// What a verdict about a file's types depends on: the text of the file, and of all that its imports lead to.
import path from 'node:path';
import { digest } from './verdicts.ts';

/** Anything between quotes that could be a file of this repository, in a comment as well: one too many costs seconds, one too few a wrong verdict. */
const NAMED = /(['"`])((?:\.{1,2}|#app)\/[^'"`\n]+)\1/g;

/** Returns, for a file, a digest that changes with each text that can change what its names mean. */
export function reachDigests(tree: readonly string[], read: (file: string) => string): (file: string) => string {
  const present = new Set(tree);
  const own = new Map<string, { readonly digest: string; readonly leads: readonly string[] }>();
  const look = (file: string) => {
    const known = own.get(file);
    if (known !== undefined) return known;
    const text = present.has(file) ? read(file) : '';
    const leads = [...text.matchAll(NAMED)].map(([, , specifier = '']) => (specifier.startsWith('#app/') ? specifier.slice(1) : path.posix.join(path.posix.dirname(file), specifier)));
    const looked = { digest: digest(text), leads: [...new Set(leads)].filter((target) => /\.(?:[cm]?[jt]sx?|json)$/.test(target)) };
    own.set(file, looked);
    return looked;
  };
  return (file) => {
    const reached = new Set([file]);
    // A set that grows while it is walked is walked to its end.
    for (const each of reached) for (const target of look(each).leads) reached.add(target);
    return digest(...[...reached].toSorted().flatMap((each) => [each, present.has(each) ? look(each).digest : 'absent']));
  };
}
