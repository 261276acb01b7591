// The rules that every migration keeps: each table and index carries the tenant, and the release before runs on the new schema.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { readMigrations } from '#app/data/migration-files.ts';
import type { Database } from '#app/feature.ts';
import { findMigrationSources, testDatabases } from '#app/testing/database.ts';

/** schema_migrations tells of the schema, which all tenants share; sign_in_limit of addresses from which nobody is known yet; service_key is the service's own. */
const WITHOUT_TENANT = ['schema_migrations', 'sign_in_limit', 'service_key'];

async function findWithoutTenant(db: Database): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    with own as (
      select c.oid, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'm') and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema' and not (c.relname = any(${WITHOUT_TENANT}))
    )
    select 'table ' || own.relname as name from own
    where not exists (select from pg_attribute a where a.attrelid = own.oid and a.attname = 'tenant_id' and a.attnotnull and a.atttypid = 'text'::regtype)
    union all
    select 'index ' || i.indexrelid::regclass from own join pg_index i on i.indrelid = own.oid
    where not exists (
      select from pg_attribute a where a.attrelid = own.oid and a.attname = 'tenant_id'
      and a.attnum = any((i.indkey::smallint[])[0:i.indnkeyatts - 1]))
    order by name`.execute(db);
  return rows.map(({ name }) => name);
}

interface Rule {
  readonly pattern: RegExp;
  readonly problem: string;
  /** A `-- contract: <reason>` in the first line allows it. */
  readonly contract: boolean;
}
const RULES: readonly Rule[] = [
  { pattern: /\bdrop\s+(column|table|type|view|constraint|default)\b/i, problem: 'drops what the previous release may use', contract: true },
  { pattern: /\balter\s+table\b.*\bdrop\s+(?!not\s+null\b|constraint\b|column\b|default\b|expression\b|identity\b)/i, problem: 'drops what the previous release may use', contract: true },
  { pattern: /\brename\b/i, problem: 'renames what the previous release uses', contract: true },
  { pattern: /\balter\s+(column\s+)?\S+\s+(set\s+data\s+)?type\b/i, problem: 'changes a type, which rewrites the table', contract: true },
  { pattern: /\bset\s+not\s+null\b/i, problem: 'forbids null, which the previous release may write', contract: true },
  { pattern: /\b(truncate|delete\s+from)\b/i, problem: 'deletes rows', contract: true },
  { pattern: /^\s*(begin|commit|rollback|start\s+transaction)\b/i, problem: 'controls the transaction that the migration runs in', contract: false },
  { pattern: /\bconcurrently\b/i, problem: 'can\'t run in a transaction', contract: false },
];

/** What stands between the previous release and this migration. */
function lintMigration(text: string): readonly string[] {
  const hasReason = /^-- contract: \S/.test(text);
  const statements = text
    .replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'/g, ' ')
    .split(';')
    .map((statement) => statement.replaceAll(/\s+/g, ' ').trim());
  const created = new Set(statements.flatMap((statement) => /^create (?:unlogged )?table (?:if not exists )?(\S+)/i.exec(statement)?.[1]?.toLowerCase() ?? []));
  return statements.flatMap((statement) => {
    const problems = RULES.filter(({ pattern, contract }) => pattern.test(statement) && !(contract && hasReason)).map(({ problem }) => problem);
    const table = /^(?:create (?:unique )?index .*? on (?:only )?|alter table (?:if exists )?(?:only )?)([^\s(]+)/i.exec(statement)?.[1]?.toLowerCase();
    if (table === undefined || created.has(table) || hasReason) return problems;
    if (/^create (unique )?index/i.test(statement)) problems.push('indexes a table that is in use, which holds up its writers');
    if (/\badd (column )?(?!constraint\b|primary\b|unique\b|foreign\b|check\b).*\bnot null\b/i.test(statement) && !/\bdefault\b/i.test(statement)) problems.push('adds a column that the previous release does not fill');
    if (/\badd (constraint|primary|unique|foreign|check)\b/i.test(statement) && !/\bnot valid$/i.test(statement)) problems.push('adds a constraint without NOT VALID, which scans the table under a lock');
    return problems;
  });
}

/** Tables that row-level security doesn't hold to the tenant; what goes round it; and rights that anybody has. */
async function findUnheld(db: Database): Promise<readonly string[]> {
  const { rows } = await sql<{ problem: string }>`
    with own as (
      select c.oid, c.relname, c.relrowsecurity, c.relacl from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'm') and n.nspname not like 'pg\_%' and n.nspname <> 'information_schema'
    ), policy as (
      select own.relname, p.polname, p.polroles = '{0}' as for_all, array(select rolname::text from pg_roles where oid = any(p.polroles)) as roles,
        pg_get_expr(p.polqual, p.polrelid) as condition, p.polwithcheck is null and p.polcmd = '*' and p.polpermissive as whole
      from own join pg_policy p on p.polrelid = own.oid
    )
    select relname || ' has no row-level security' as problem from own where not relrowsecurity and not (relname = any(${WITHOUT_TENANT}))
    union all
    select relname || ' has no policy for the tenant' from own where not (relname = any(${WITHOUT_TENANT})) and not exists (
      select from policy where policy.relname = own.relname and for_all and whole and condition = ${TENANT_CONDITION})
    union all
    select relname || ' opens itself by the policy ' || polname from policy where roles <> '{app_platform}' and condition is distinct from ${TENANT_CONDITION}
    union all
    select relname || ' lets everybody ' || lower(privilege_type) from own, aclexplode(relacl) where grantee = 0
    union all
    select relname || ' has no tenant and lets ' || grantee::regrole || ' ' || lower(privilege_type) from own, aclexplode(relacl)
      where relname = any(${WITHOUT_TENANT}) and grantee::regrole::text in ('app_tenant', 'app_reader')
    order by problem`.execute(db);
  return rows.map(({ problem }) => problem);
}
const TENANT_CONDITION = "(tenant_id = current_setting('app.tenant_id'::text, true))";

for (const engine of testDatabases()) {
  test(`${engine.name}: every table, index and key of every migration carries tenant_id`, async (t) => {
    const database = await engine.open();
    t.after(() => database.close());
    assert.deepEqual(await findWithoutTenant(database.owner), []);
    await sql.raw(`
      create table shared (id int primary key);
      create table loose (tenant_id text, id int);
      create table good (tenant_id text not null, id int, name text, primary key (tenant_id, id), unique (name, tenant_id));
      create index good_name on good (name);
      create unique index good_covering on good (name) include (tenant_id);`).execute(database.owner);
    assert.deepEqual(await findWithoutTenant(database.owner), ['index good_covering', 'index good_name', 'index shared_pkey', 'table loose', 'table shared']);
  });

  test(`${engine.name}: row-level security holds every table of every migration to the tenant`, async (t) => {
    const database = await engine.open();
    t.after(() => database.close());
    assert.deepEqual(await findUnheld(database.owner), []);
    await sql.raw(`
      create table bare (tenant_id text not null);
      create table careless (tenant_id text not null);
      alter table careless enable row level security;
      create policy tenant on careless using (true);
      create table public_one (tenant_id text not null);
      alter table public_one enable row level security;
      create policy tenant on public_one using (tenant_id = current_setting('app.tenant_id', true));
      grant select on public_one to public;
      create policy reports on session to app_reader using (true);
      grant select on sign_in_limit to app_tenant;`).execute(database.owner);
    assert.deepEqual(await findUnheld(database.owner), [
      'bare has no policy for the tenant',
      'bare has no row-level security',
      'careless has no policy for the tenant',
      'careless opens itself by the policy tenant',
      'public_one lets everybody select',
      'session opens itself by the policy reports',
      'sign_in_limit has no tenant and lets app_tenant select',
    ]);
  });
}

test('every migration leaves a schema that the previous release runs on', async () => {
  const migrations = await readMigrations(await findMigrationSources());
  assert.ok(migrations.length > 0);
  assert.deepEqual(migrations.flatMap(({ id, sql: text }) => lintMigration(text).map((problem) => `${id} ${problem}`)), []);
});

const BAD: readonly string[] = [
  'alter table item drop column name;',
  'ALTER TABLE item DROP name;',
  'drop table item;',
  'alter table item rename column a to b;',
  'alter table item rename to thing;',
  'alter table item alter column a type bigint;',
  'alter table item alter a set data type bigint;',
  'alter table item\n  alter column a\n  set not null;',
  'create index item_name on item (tenant_id, name);',
  'create unique index item_name on item (tenant_id, name);',
  'alter table item add column a text not null;',
  'alter table item add constraint c check (a > 0);',
  'alter table item add unique (tenant_id, a);',
  'truncate item;',
  'delete from item;',
];
for (const text of BAD) {
  test(`a migration is refused: ${text.replaceAll(/\s+/g, ' ')}`, () => {
    assert.equal(lintMigration(text).length > 0, true);
    assert.equal(lintMigration(`-- contract:\n${text}`).length > 0, true, 'an empty reason is none');
    assert.deepEqual(lintMigration(`-- contract: the release before no longer uses it\n${text}`), []);
  });
}
for (const text of ['begin; select 1;', 'select 1; commit;', 'create index concurrently a on b (tenant_id);']) {
  test(`no reason allows: ${text}`, () => {
    assert.equal(lintMigration(`-- contract: a reason\n${text}`).length, 1);
  });
}
for (const text of [
  'create table a (tenant_id text not null, name text, check (name <> \'drop column\')); create index a_name on a (tenant_id, name); alter table a add constraint c check (true);',
  'create unlogged table a (tenant_id text not null, name text); create index a_name on a (tenant_id, name);',
  'alter table item add column a text;',
  "alter table item add column a text not null default 'x';",
  'alter table item add constraint c check (a > 0) not valid;',
  'alter table item alter column a drop not null;',
  '-- drop column\n/* rename */ alter table item add column a text;',
]) {
  test(`a migration passes: ${text.replaceAll(/\s+/g, ' ')}`, () => {
    assert.deepEqual(lintMigration(text), []);
  });
}
