// SQL whose text is put together at run time: a value in it is a command (CWE-89).
import type { WeaknessRule } from './weakness.ts';
import { either, focus, MADE_STRINGS } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 89,
  message: 'The text of this SQL is put together at run time, so that a value in it can become a command.',
  fix: 'Write sql`… ${value} …`, which sends the value apart from the text, or query(text, [value]) with $1. A name of a table or column is chosen from a fixed list, and goes through sql.ref or escapeIdentifier.',
  match: {
    mode: 'taint',
    'pattern-sources': [
      ...MADE_STRINGS,
      // What sql.raw is given is never a value: whatever is no constant is suspected.
      { patterns: [either(['sql.raw($TEXT)', 'sql.lit($TEXT)', 'sql.literal($TEXT)', '$SQL.unsafe($TEXT, ...)']), { 'pattern-not': 'sql.raw("...")' }, { 'pattern-not': '$SQL.unsafe("...", ...)' }, { 'pattern-not': 'sql.raw(`...`)' }, { 'focus-metavariable': '$TEXT' }] },
    ],
    'pattern-sanitizers': [
      // A migration: a file of the repository, held by its checksum.
      { pattern: 'migration.sql' },
      { patterns: [either(['`...${escapeIdentifier($NAME)}...`', '$A + escapeIdentifier($NAME)', '`...${escapeLiteral($NAME)}...`', 'escapeIdentifier(...)', 'escapeLiteral(...)'])] },
      // Constants of the file.
      { patterns: [{ 'pattern-regex': '`(?=[\\w\\s$])(?:[^`$]|\\$\\{[A-Z][A-Z_]*\\})*`' }, { pattern: '`...${$X}...`' }] },
    ],
    'pattern-sinks': [
      focus('TEXT', ['$SQL.raw($TEXT)'], { SQL: '(?!String).*' }), focus('TEXT', ['$DB.exec($TEXT)', '$DB.execute($TEXT, ...)', '$DB.queryRaw($TEXT, ...)'], { DB: '(?i).*(?:db|pglite|client|pool|database|tx|connection|postgres|pg)' }),
      focus('TEXT', ['sql.raw($TEXT)', 'sql.lit($TEXT)', 'sql.literal($TEXT)', 'CompiledQuery.raw($TEXT, ...)', '$SQL.unsafe($TEXT, ...)']),
      focus('TEXT', ['$DB.query($TEXT, ...)', '$DB.query({..., text: $TEXT, ...}, ...)', '$DB.executeSql($TEXT, ...)', 'new Query($TEXT, ...)', 'new Query({..., text: $TEXT, ...}, ...)', '$DB.prepare($TEXT)', '$DB.executeQuery({..., sql: $TEXT, ...}, ...)']),
    ],
  },
  refuses: [
    'export const f = (db, name) => sql.raw(`select * from item where name = \'${name}\'`).execute(db);',
    'export async function f(pool, id) { return pool.query("select * from item where id = \'" + id + "\'"); }',
    'export async function f(pool, { id, tenant }) {\n  let text = `select * from item where tenant_id = ${tenant}`;\n  if (id) text += ` and id = ${id}`;\n  return await pool.query(text);\n}',
    'export async function f(client, order) { return client.query({ text: `select * from item order by ${order}`, values: [] }); }',
    'export const f = (order) => sql.raw(order);',
    'export async function f(db, parts) { await db.executeQuery(CompiledQuery.raw(["select", ...parts].join(" "))); }',
  ],
  allows: [
    'export const f = (db, name) => sql`select * from item where name = ${name}`.execute(db);',
    'export async function f(pool, id) { return pool.query("select * from item where id = $1", [id]); }',
    'export async function f(client, channel) { await client.query(`listen ${escapeIdentifier(channel)}`); }',
    'export const f = (tx, migration) => sql.raw(migration.sql).execute(tx);',
    'export const f = () => sql.raw("now()");',
  ],
};
