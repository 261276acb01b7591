// A table or a column that the request names: quoted, so that it is no command, and still whichever one it likes (CWE-943).
import { CHECKED, focus, REQUEST_DATA } from './patterns.ts';
import type { WeaknessRule } from './weakness.ts';

export const rule: WeaknessRule = {
  cwe: 943,
  message: 'The request names what a statement reads or sorts by: a column that nobody may see, compared or sorted, is read out value by value.',
  fix: 'Look the name up in a table of yours (`const COLUMNS = { name: "name_key" }`, `COLUMNS[sort]`), and put the answer into sql.ref.',
  match: {
    mode: 'taint',
    'pattern-sources': REQUEST_DATA,
    'pattern-sanitizers': CHECKED,
    'pattern-sinks': [
      focus('NAME', ['sql.$MAKE(..., $NAME, ...)', '$KYSELY.sql.$MAKE(..., $NAME, ...)'], { MAKE: 'ref|id|table|raw|lit|literal' }),
      focus('NAME', ['$DB.dynamic.$MAKE($NAME, ...)', '$EB.dynamic.$MAKE($NAME)'], { MAKE: 'ref|table' }),
      focus('NAME', ['$DB.$FROM($NAME)'], { FROM: 'selectFrom|updateTable|deleteFrom|insertInto|innerJoin|leftJoin' }),
    ],
  },
  refuses: [
    'export const q = defineQuery({ handle: ({ db, query }) => sql`select * from item order by ${sql.ref(query.sort)}`.execute(db) });',
    'export const f = (ctx, db) => db.selectFrom("item").orderBy(db.dynamic.ref(String(ctx.query.sort)));',
    'export const f = ({ db, params }) => sql`select count(*) from ${sql.table(params.kind)}`.execute(db);',
    'export const f = ({ db, body }) => { const column = sql.id("item", body.column); return sql`select ${column} from item`.execute(db); };',
    'export const f = ({ db, params }) => db.selectFrom(params.table).selectAll();',
  ],
  allows: [
    'const COLUMNS = { name: "name_key" };\nexport const f = ({ db, query }) => sql`select 1 from item order by ${sql.ref(COLUMNS[query.sort])}`.execute(db);',
    'export const f = (db, table) => sql`select count(*) from ${sql.table(table)}`.execute(db);',
    'export const f = ({ db, query }) => sql`select 1 from item where name = ${query.name}`.execute(db);',
  ],
};
