import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { listFiles } from '../rules/tree.ts';
import { Unusable } from './gate.ts';
import { gate, judgeMigrations } from './migrations_keep_tenants_apart.gate.ts';

const root = path.resolve(import.meta.dirname, '../..');
const SECURE = "create table crate (tenant_id text not null, id uuid not null, primary key (tenant_id, id));\nalter table crate enable row level security;\ncreate policy tenant on crate using (tenant_id = current_setting('app.tenant_id', true));\n";
const TENANT = "tenant_id = current_setting('app.tenant_id', true)";
const rulesOf = (text: string) => [...new Set(judgeMigrations(new Map([['app/features/crates/migrations/0001_crates.sql', text]])).map(({ rule }) => rule))];

const REFUSED: Readonly<Record<string, readonly string[]>> = {
  'row-security-off': ['alter table crate disable row level security', 'ALTER TABLE crate\n  NO FORCE ROW LEVEL SECURITY', 'set local row_security = off', "alter role app_tenant set row_security to 'off'", "do $$ begin execute format('alter table %I disable row level security', 'crate'); end $$", "select '--'; alter table crate disable /* why */ row level security", "select set_config('row_security', 'off', false)", 'set local role postgres'],
  'policy-of-every-tenant': [
    'create policy everybody on crate using (true)', 'create policy readers on crate for select to app_reader using (1 = 1)', 'create policy w on crate for insert to app_tenant with check (true)', `create policy w on crate using (${TENANT}) with check (true)`,
    `create policy w on crate using (${TENANT} or is_shared)`, 'create policy w on crate using (tenant_id = tenant_id)', 'alter policy tenant on crate using (true)', 'create policy w on crate to app_platform, app_tenant using (true)', `create policy w on crate using ((${TENANT}) or (shared and owner = current_user))`,
    "create policy w on crate using (tenant_id = coalesce(current_setting('app.tenant_id', true), tenant_id))", `create policy w on crate using (not (${TENANT}))`, 'create policy w on crate for select to app_tenant', "create policy w on crate using (tenant_id in (current_setting('app.tenant_id', true), 'shared'))",
  ],
  'table-without-row-security': ['create table slot (tenant_id text not null, id int)', 'create table if not exists public.slot (id int, tenant_id text)', 'create unlogged table slot as select * from crate', 'create table slot (like crate including all)', 'create table slot (id int); alter table slot add column tenant_id text'],
  'grant-to-everybody': ['grant select on crate to public', 'grant usage on schema public to app_tenant, public', 'alter default privileges in schema public grant select on tables to public'],
  'grant-beyond-rows': ['grant all on crate to app_tenant', 'grant all privileges on all tables in schema public to app_reader', 'grant select, truncate on crate to app_tenant', 'grant select on all tables in schema public to app_reader', 'alter default privileges grant select on tables to app_reader', 'grant select on crate to app_reader with grant option', 'grant create on schema public to app_tenant', "do $$ begin execute 'grant all on crate to app_tenant'; end $$"],
  'role-with-more-rights': ['alter role app_tenant bypassrls', 'create role reporter superuser', 'create user reporter with login createrole', 'alter table crate owner to app_tenant', 'grant app_platform to app_tenant', 'grant pg_read_all_data to app_reader', 'grant postgres to current_user'],
  'function-of-its-owner': [
    "create function f() returns int language sql security definer as $$ select 1 $$; revoke execute on function f from public", "create function f() returns int language sql security definer set search_path = '' as $$ select 1 $$", 'alter function f() security definer',
  ],
  'view-of-its-owner': ['create view all_crates as select * from crate', 'create or replace view v (a) with (security_barrier) as select 1', 'create materialized view m as select * from crate; grant select on m to app_tenant', 'alter view v set (security_invoker = false)', 'create view v with (security_invoker = off) as select 1'],
  'way-out-of-the-database': ["create function f() returns int language plpython3u as $$ import os $$", "create function f() returns int as 'x', 'y' language c", 'create extension dblink', "copy crate to program 'sh'", "copy crate from '/etc/passwd'", "select pg_read_file('/etc/passwd')", 'create extension if not exists plpython3u', "alter system set log_statement = 'none'"],
};

const ALLOWED: readonly string[] = [
  `create policy own on crate using (${TENANT} and owner = current_setting('app.subject_id', true))`, `create policy a on crate for update to app_tenant using (${TENANT}) with check (${TENANT})`, `create policy a on crate using ((${TENANT}) and (shared or open))`,
  "create policy a on crate using (tenant_id = (select current_setting('app.tenant_id', true)))", "create policy a on crate using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))", 'create policy platform on crate to app_platform using (true)', 'create policy n on crate as restrictive for delete using (not is_locked)', 'create policy p on crate for select to app_platform using (true)',
  'grant select, insert (id), update on crate to app_tenant', 'grant usage on schema public to app_reader', 'revoke all on crate from public', 'revoke all on function f() from public', 'alter default privileges revoke execute on functions from public', 'grant execute on function f to app_platform',
  'create table unit (code text primary key)', 'create view v with (security_invoker = true) as select * from crate', 'create or replace view v with (security_invoker) as select 1', 'create materialized view m as select 1; grant select on m to app_platform',
  "create function f() returns int language sql security definer set search_path = '' as $$ select 1 $$; revoke execute on function f() from public", 'create or replace function f() returns trigger as $$ begin return new; end $$ language plpgsql', 'create role app_auditor nologin noinherit nobypassrls nosuperuser',
  "comment on table crate is 'disable row level security: never'", '-- grant all on crate to public;', "insert into crate values ('grants', 'to the public')", 'create extension if not exists pg_trgm', "select set_config('lock_timeout', '4s', true)", 'create index crate_level on crate (tenant_id, id)', 'drop policy if exists old on crate', 'create table slot (tenant_id text); drop table slot',
];

for (const [rule, examples] of Object.entries(REFUSED)) {
  test(`${rule} is found in a migration that is otherwise in order`, () => {
    for (const example of examples) assert.ok(rulesOf(`${SECURE}${example};\n`).includes(rule), `${example}: ${rulesOf(`${SECURE}${example};\n`).join()}`);
  });
}

test('what a migration has to do is let pass', () => {
  assert.deepEqual(rulesOf(SECURE), []);
  for (const example of ALLOWED) assert.deepEqual(rulesOf(`${SECURE}${example};\n`), [], example);
});

test('the migrations that there are keep tenants apart, and a later one may secure what an earlier one made', () => {
  const files = listFiles(root, 'app').filter((file) => gate.reads.test(file));
  assert.ok(files.length >= 5, `only ${files.length} migrations were found`);
  assert.deepEqual(judgeMigrations(new Map(files.map((file) => [file, readFileSync(path.join(root, file), 'utf8')]))), []);
});

test('a finding names its line; a text that does not end is no verdict', () => {
  const [finding] = judgeMigrations(new Map([['app/data/migrations/0001_a.sql', `${SECURE}\n-- so\ngrant all\n on crate to app_tenant;\n`]]));
  assert.deepEqual([finding?.rule, finding?.line], ['grant-beyond-rows', 6]);
  assert.throws(() => judgeMigrations(new Map([['app/data/migrations/0001_a.sql', "select 'a"]])), Unusable);
});
