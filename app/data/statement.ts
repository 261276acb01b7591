// What a statement does, in the few words by which spans and metrics call it; nothing of what it holds.

export interface Statement {
  /** SELECT, INSERT … or `_OTHER`: of few, for metrics too. */
  readonly operation: string;
  /** Operation and tables: `INSERT outbox_event`. https://opentelemetry.io/docs/specs/semconv/db/database-spans/#generating-a-summary-of-the-query */
  readonly summary: string;
  /** As it was sent: parameters are `$1`. Whatever was written into the text is `?`. */
  readonly text: string;
}

const OPERATIONS: ReadonlySet<string> = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'BEGIN', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'SET', 'LOCK', 'NOTIFY', 'LISTEN']);
const AFTER_WITH: ReadonlySet<string> = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE']);
const OTHER = '_OTHER';
const SUMMARY_LONGEST = 255;
const TEXT_LONGEST = 2_000;
/** Statements differ by the number of their rows, and would fill the memory so. */
const REMEMBERED = 500;

const COMMENT = /\/\*[\s\S]*?\*\/|--[^\n]*/g;
/** Strings in PostgreSQL's forms, and numbers that are no part of a name or of a parameter. */
const LITERAL = /(?:\be)?'(?:[^'\\]|''|\\[\s\S])*'|(\$\w*\$)[\s\S]*?\1|(?<![\w$."])\d[\w.]*/gi;
/** Not what `on conflict do update` and `for update` say, nor `is distinct from`. */
const TABLE = /\b(?:into|(?<!distinct )from|join|(?<!(?:for|do|key) )update)(?: only)? "?((?!set\b|lateral\b|select\b)[a-z_]\w*)\b(?!\()/gi;
/** What `with` calls its results is no table. */
const RESULT = /(\w+)"? as (?:materialized )?\(/gi;

const known = new Map<string, Statement>();

export function describeStatement(sql: string): Statement {
  const found = known.get(sql);
  if (found !== undefined) return found;
  const text = sql.replaceAll(COMMENT, ' ').replaceAll(LITERAL, '?').replaceAll(/\s+/g, ' ').trim();
  const operation = findOperation(text);
  const statement = { operation, summary: [operation, ...findTables(text)].join(' ').slice(0, SUMMARY_LONGEST), text: text.slice(0, TEXT_LONGEST) };
  if (known.size < REMEMBERED) known.set(sql, statement);
  return statement;
}

export function operationOf(sql: string): string {
  return describeStatement(sql).operation;
}

function findOperation(text: string): string {
  const words = outsideParentheses(text).toUpperCase().match(/[A-Z]+/g) ?? [];
  const word = words[0] === 'WITH' ? words.find((each) => AFTER_WITH.has(each)) : words[0] === 'START' ? 'BEGIN' : words[0];
  return word !== undefined && OPERATIONS.has(word) ? word : OTHER;
}

function outsideParentheses(text: string): string {
  let depth = 0;
  let outside = '';
  for (const character of text) {
    if (character === '(') depth += 1;
    if (depth === 0) outside += character;
    if (character === ')') depth -= 1;
  }
  return outside;
}

function findTables(text: string): readonly string[] {
  const results = new Set([...text.matchAll(RESULT)].map(([, name]) => name));
  return [...new Set([...text.matchAll(TABLE)].map(([, name = '']) => name))].filter((name) => !results.has(name));
}
