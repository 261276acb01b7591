// A text that is SQL and has a value in it: wherever it goes, it goes to a database (CWE-89).
import type { WeaknessRule } from './weakness.ts';

const VERBS = '(?:select\\s[^`]*\\sfrom|insert\\s+into|update\\s+\\S+\\s+set|delete\\s+from|drop\\s+(?:table|role|schema)|alter\\s+(?:table|role)|grant\\s)';
/** Constants of the file, and names that went through pg's own escape. */
const HARMLESS = '(?:[^`$]|\\$(?!\\{)|\\$\\{(?:[A-Z][A-Z0-9_]*|escapeIdentifier\\([^)]*\\)|escapeLiteral\\([^)]*\\))\\})*';

export const rule: WeaknessRule = {
  cwe: 89,
  message: 'This text is SQL, and a value is put into it as it comes: it can become a command.',
  fix: 'Write sql`… ${value} …` (kysely), which sends the value apart from the text, or $1 and the value in query(text, [value]).',
  match: {
    'pattern-either': [
      { patterns: [{ pattern: '`...${$X}...`' }, { 'pattern-regex': `(?i)\`\\s*${VERBS}\\b[^\`]*\`` }, { 'pattern-not-regex': `\`(?=[\\w\\s$])${HARMLESS}\`` }, { 'pattern-not-inside': 'sql`...`' }, { 'pattern-not-inside': '$KYSELY.sql`...`' }] },
      { patterns: [{ pattern: '$A + $B' }, { 'metavariable-regex': { metavariable: '$A', regex: `(?is)^['"]\\s*${VERBS.replaceAll('`', '"')}\\b.*` } }, { 'metavariable-regex': { metavariable: '$B', regex: '^(?![\'"`])(?!escape(?:Identifier|Literal)\\()' } }] },
    ],
  },
  refuses: [
    'const statement = (sku) => `delete from item where sku = \'${sku}\'`;\nexport const f = (pool, sku) => pool.query(statement(sku));',
    'export const text = (name) => "select * from item where name = \'" + name + "\'";',
    'export const f = (role) => `grant select on item to ${role}`;',
  ],
  allows: ['export const f = (sku) => sql`delete from item where sku = ${sku}`;', 'export const f = () => `select * from ${TABLE} where id = $1`;', 'export const f = (count) => `select one of ${count}`;'],
};
