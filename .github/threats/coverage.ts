// Whether the model has all that the running service has, and nothing else: routes, tables, ways out.
import type { Part } from './model.ts';

/** `found` has `GET /path`, with `{braces}`. */
export function compareRoutes(parts: readonly Part[], found: readonly string[]): readonly string[] {
  const always = claims(parts, ({ routes }) => routes);
  const sometimes = claims(parts, ({ sometimes: routes }) => routes);
  const known = new Set(found);
  return [
    ...found.filter((route) => (always.get(route) ?? sometimes.get(route)) === undefined).map((route) => `${route} belongs to no element`),
    ...[...always].filter(([route]) => !known.has(route)).map(([route, [owner = '']]) => `${owner} names ${route}, which is not mounted`),
    ...twice(always),
  ];
}

export function compareTables(parts: readonly Part[], found: readonly string[]): readonly string[] {
  const named = claims(parts, ({ tables }) => tables);
  const known = new Set(found);
  return [
    ...found.filter((table) => !named.has(table)).map((table) => `the table ${table} belongs to no element`),
    ...[...named].filter(([table]) => !known.has(table)).map(([table, [owner = '']]) => `${owner} names the table ${table}, which is not there`),
    ...twice(named),
  ];
}

/** What each name belongs to. */
function claims(parts: readonly Part[], read: (element: Part['elements'][number]) => readonly string[]): ReadonlyMap<string, readonly string[]> {
  const owners = new Map<string, string[]>();
  for (const element of parts.flatMap(({ elements }) => elements)) for (const name of read(element)) owners.set(name, [...(owners.get(name) ?? []), element.id]);
  return owners;
}

const twice = (named: ReadonlyMap<string, readonly string[]>): readonly string[] => [...named].filter(([, owners]) => owners.length > 1).map(([name, owners]) => `${name} belongs to ${owners.join(' and ')}`);
