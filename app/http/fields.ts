// Names and values in a query or a form's body (application/x-www-form-urlencoded), strictly decoded.
import { type Refusal, refuse } from '#app/errors.ts';

const MAX_FIELDS = 200;

export type Fields = Record<string, string | readonly string[]>;

/** A name that stands more than once has a list as its value. No prototype: `__proto__` is a name like any other. */
export function parseFields(text: string): { readonly value: Fields } | Refusal {
  const fields = Object.create(null) as Record<string, string | string[]>;
  const pairs = text.split('&').filter((pair) => pair !== '');
  if (pairs.length > MAX_FIELDS) return refuse(400, 'too-many-fields', `Send no more than ${MAX_FIELDS} fields.`);
  for (const pair of pairs) {
    const [name, value] = splitPair(pair).map(decode);
    if (name === undefined || value === undefined) return refuse(400, 'malformed-fields', 'The fields are not well-formed percent-encoded UTF-8.');
    const before = fields[name];
    fields[name] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return { value: fields };
}

function splitPair(pair: string): readonly string[] {
  const at = pair.indexOf('=');
  return at === -1 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}

function decode(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', ' '));
    // PostgreSQL's text has no U+0000.
    return decoded.includes('\0') ? undefined : decoded;
  } catch {
    return undefined;
  }
}
