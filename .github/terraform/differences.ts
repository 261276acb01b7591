// What a plan would change, attribute by attribute, held against what is known of the emulator: exactly.

export interface Difference {
  readonly root: string;
  /** Without the key of an instance: what the emulator gets wrong of one, it does of all. */
  readonly resource: string;
  readonly attribute: string;
}

export interface Known extends Difference {
  /** What happens, and why it is the emulator's. */
  readonly what: string;
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

interface Change {
  readonly actions: readonly string[];
  readonly before: Json;
  readonly after: Json;
  readonly after_unknown?: Json;
  readonly replace_paths?: readonly (readonly (string | number)[])[];
}

export interface Plan {
  readonly resource_changes?: readonly { readonly address: string; readonly type: string; readonly name: string; readonly mode: string; readonly change: Change }[];
  readonly output_changes?: Readonly<Record<string, Change>>;
  readonly resource_drift?: readonly { readonly address: string; readonly change: Change }[];
}

export function differencesOf(root: string, plan: Plan): readonly Difference[] {
  const changed = (plan.resource_changes ?? []).filter(({ change, mode }) => mode === 'managed' && change.actions.some((action) => action !== 'no-op' && action !== 'read'));
  const found = changed.flatMap(({ address, change }) => {
    const resource = address.replaceAll(/\[[^\]]*\]/g, '');
    if (!change.actions.includes('update') && !(change.actions.includes('create') && change.actions.includes('delete'))) return [{ root, resource, attribute: `(${change.actions.join(' and ')})` }];
    // What is made anew is new in all that AWS gives it: what tells is why.
    const why = (change.replace_paths ?? []).map((steps) => steps.filter((step) => typeof step === 'string').join('.'));
    return (why.length > 0 ? why : [...pathsThatDiffer(change.before, change.after), ...unknownPaths(change.after_unknown ?? null)]).map((attribute) => ({ root, resource, attribute }));
  });
  const outputs = Object.entries(plan.output_changes ?? {}).filter(([, { actions }]) => !actions.includes('no-op')).map(([name]) => ({ root, resource: `output.${name}`, attribute: 'value' }));
  return [...new Map([...found, ...outputs].map((each) => [keyOf(each), each])).values()];
}

/** Positions in a list are left out: a set has none. */
function pathsThatDiffer(before: Json, after: Json, path = ''): readonly string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return before.length === after.length ? before.flatMap((each: Json, index) => pathsThatDiffer(each, (after as readonly Json[])[index] ?? null, path)) : [path];
  if (isObject(before) && isObject(after)) return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) => pathsThatDiffer(before[name] ?? null, after[name] ?? null, path === '' ? name : `${path}.${name}`));
  return [path];
}

function unknownPaths(unknown: Json, path = ''): readonly string[] {
  if (unknown === true) return [path];
  if (Array.isArray(unknown)) return unknown.flatMap((each: Json) => unknownPaths(each, path));
  return isObject(unknown) ? Object.entries(unknown).flatMap(([name, value]) => unknownPaths(value, path === '' ? name : `${path}.${name}`)) : [];
}

function isObject(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const keyOf = ({ root, resource, attribute }: Difference): string => `${root} ${resource}.${attribute}`;

/** A difference that nobody knows of, and a known one that is gone: the emulator has learned it, and the row goes. */
export function compare(found: readonly Difference[], known: readonly Known[]): { readonly unexplained: readonly string[]; readonly vanished: readonly string[] } {
  const [there, listed] = [new Set(found.map(keyOf)), new Set(known.map(keyOf))];
  return { unexplained: [...there].filter((key) => !listed.has(key)), vanished: [...listed].filter((key) => !there.has(key)) };
}
