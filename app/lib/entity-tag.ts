// Entity tags and the conditions on them (RFC 9110, 8.8.3 and 13.1).

/** A list of tags, or `*`. */
export type TagCondition = '*' | readonly { readonly weak: boolean; readonly value: string }[];

const ETAG_CHARACTERS = /^[\x21\x23-\x7e]*$/;
const SEPARATORS: ReadonlySet<string | undefined> = new Set([' ', '\t', ',']);
const NEXT_TAG = /[ \t,]*(W\/)?"([\x21\x23-\x7e\x80-\uffff]*)"[ \t]*(?=,|$)/y;

/** @throws TypeError for a version that no entity tag can carry. */
export function formatTag(version: string | number): string {
  const value = String(version);
  if (!ETAG_CHARACTERS.test(value)) throw new TypeError('A version must be visible ASCII without quotes, so that it can be an ETag.');
  return `"${value}"`;
}

/** `undefined` when the field isn't a list of entity tags: no tag of it may count then. */
export function parseTagCondition(field: string): TagCondition | undefined {
  if (field.trim() === '*') return '*';
  const tags: { weak: boolean; value: string }[] = [];
  NEXT_TAG.lastIndex = 0;
  // Not by a pattern: one that looks for an end tries at every separator, which is quadratic (CWE-1333).
  let end = field.length;
  while (SEPARATORS.has(field[end - 1])) end -= 1;
  for (let at = 0; at < end; at = NEXT_TAG.lastIndex) {
    const match = NEXT_TAG.exec(field);
    if (match === null) return undefined;
    tags.push({ weak: match[1] !== undefined, value: match[2] ?? '' });
  }
  return tags.length === 0 ? undefined : tags;
}

/** For If-Match: a weak tag never matches (RFC 9110, 8.8.3.2). */
export function matchesStrongly(condition: TagCondition, version: string | number): boolean {
  return condition === '*' || condition.some(({ weak, value }) => !weak && value === String(version));
}

/** For If-None-Match: `W/` makes no difference. */
export function matchesWeakly(condition: TagCondition, tag: string): boolean {
  const value = tag.replace(/^W\//, '').slice(1, -1);
  return condition === '*' || condition.some((one) => one.value === value);
}
