import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readScript, tablesWithout } from './sql-statements.ts';

const codes = (text: string) => readScript(text).statements.map(({ code }) => code);

test('a file is its statements, in lower case and without comments, each with its line', () => {
  const { statements, isWhole } = readScript("-- one;\nCreate  Table a (\n  b text default 'x;y' -- ;\n);\n\n/* two; /* three */ ; */ grant select on \"A\" to b;\n");
  assert.deepEqual(statements.map(({ line, text }) => [line, text]), [[2, "create table a ( b text default 'x;y' )"], [3, 'x'], [3, 'y'], [6, 'grant select on A to b']]);
  assert.ok(isWhole);
});

test('what a body or a string holds are statements too, on their own lines', () => {
  assert.deepEqual(codes("do $$ begin\n if x then execute 'alter table a disable row level security'; end if; end $$;"), ['do $$', "begin if x then execute ''", 'alter table a disable row level security', 'end if', 'end']);
  assert.deepEqual(readScript('create function f() returns int language sql as $body$\nselect 1;\nselect 2 $body$;').statements.map(({ line }) => line), [1, 2, 3]);
  assert.deepEqual(codes("execute E'grant all on \\'x\\' to y'"), ["execute ''", "grant all on '' to y", 'x']);
});

test('what looks like a comment within a string hides nothing, and a comment in the catalogue runs nowhere', () => {
  assert.deepEqual(codes("select '--'; drop table a; select '/*'; drop table b"), ["select ''", 'drop table a', "select ''", '/*', 'drop table b']);
  assert.deepEqual(codes("comment on table a is 'grant all to public'"), ["comment on table a is ''"]);
});

test('a text that does not end is not whole', () => {
  for (const text of ["select 'a", 'select "a', '/* a /* b */']) assert.equal(readScript(text).isWhole, false, text);
  assert.equal(readScript("select 'it''s', $$ it's $$, $1").isWhole, true);
});

test('a table is without a column where nothing gave it one, and nothing may have', () => {
  const scripts = ["create table unit (code text primary key); create table public.item (tenant_id text, id int)", "create table late (id int); create table copied (like item); create table made as select 1", "alter table late add column tenant_id text; create unlogged table if not exists country (code text default 'tenant_id')"];
  assert.deepEqual([...tablesWithout('tenant_id', scripts)], ['unit', 'country']);
});
