// What JSON.parse lets through: doubled names, `__proto__`, nesting without end, text that can't be kept; and where a text stops being JSON.

export interface JsonFault {
  /** Offset in the text, from 0. */
  readonly position: number;
  readonly detail: string;
}

const SPACE = /[ \t\n\r]*/y;
/* eslint-disable no-control-regex, security/detect-unsafe-regex -- RFC 8259, 7: control characters must be escaped in a string;
   each alternative begins with another character, so that the patterns are linear */
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/* eslint-enable no-control-regex, security/detect-unsafe-regex */

const UNSTORABLE = 'This text has U+0000, or half a pair of surrogates.';

/** Names that reach an object's prototype when somebody merges it carelessly (CWE-1321). */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** What JSON can write and a database can't keep: PostgreSQL has no U+0000, and half a pair of surrogates is no character. */
function isStorable(literal: string): boolean {
  // Only an escape writes either: the text itself came as UTF-8.
  if (!literal.includes('\\u')) return true;
  const text = JSON.parse(literal) as string;
  return !text.includes('\0') && text.isWellFormed();
}

/** `undefined` for a JSON text whose objects have each name once and that nests no deeper than `maxDepth`. */
export function findJsonFault(text: string, maxDepth: number): JsonFault | undefined {
  let at = 0;
  // One entry for each open array (undefined) or object (the names so far): no recursion, so that depth costs no stack.
  const open: (Set<string> | undefined)[] = [];
  let expects: 'value' | 'first value or end' | 'name' | 'first name or end' | 'comma or end' = 'value';

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const taken = pattern.exec(text)?.[0];
    if (taken !== undefined) at += taken.length;
    return taken;
  };
  const skip = (character: string): boolean => {
    if (text[at] !== character) return false;
    at += 1;
    return true;
  };
  const fault = (detail: string): JsonFault => ({ position: at, detail });
  const syntaxFault = (): JsonFault => fault(at >= text.length ? 'The JSON text ends too early.' : 'The text is not JSON from here on.');

  for (;;) {
    take(SPACE);
    if (expects === 'comma or end') {
      if (open.length === 0) return at === text.length ? undefined : syntaxFault();
      const names = open.at(-1);
      if (skip(',')) expects = names ? 'name' : 'value';
      else if (skip(names ? '}' : ']')) open.pop();
      else return syntaxFault();
    } else if (expects === 'name' || expects === 'first name or end') {
      if (expects === 'first name or end' && skip('}')) {
        open.pop();
        expects = 'comma or end';
        continue;
      }
      const start = at;
      const literal = take(STRING);
      if (literal === undefined) return syntaxFault();
      if (!isStorable(literal)) return { position: start, detail: UNSTORABLE };
      const name = JSON.parse(literal) as string;
      const names = open.at(-1);
      if (FORBIDDEN_NAMES.has(name)) return { position: start, detail: 'This name is not allowed.' };
      if (names?.has(name)) return { position: start, detail: 'This name stands twice in one object.' };
      names?.add(name);
      take(SPACE);
      if (!skip(':')) return syntaxFault();
      expects = 'value';
    } else if (expects === 'first value or end' && skip(']')) {
      open.pop();
      expects = 'comma or end';
    } else if (text[at] === '{' || text[at] === '[') {
      if (open.length >= maxDepth) return fault(`The JSON text nests deeper than ${maxDepth} levels.`);
      const isObject = text[at] === '{';
      at += 1;
      open.push(isObject ? new Set() : undefined);
      expects = isObject ? 'first name or end' : 'first value or end';
    } else {
      const start = at;
      const literal = take(STRING);
      if (literal !== undefined && !isStorable(literal)) return { position: start, detail: UNSTORABLE };
      if (literal === undefined && take(SCALAR) === undefined) return syntaxFault();
      expects = 'comma or end';
    }
  }
}
