// The register against the real schema: every table of every owner, and every column of it, once; and what is done with them works.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { parseConfig } from '#app/config.ts';
import type { Database, PersonalData } from '#app/feature.ts';
import { findFeatures } from '#app/features.ts';
import { collectRegister, describePlatformData } from '#app/privacy/register.ts';
import { testDatabases } from '#app/testing/database.ts';

const owners: readonly PersonalData[] = [describePlatformData(parseConfig({})), ...(await findFeatures()).flatMap(({ module }) => module.personalData ?? [])];

/** What differs between the register and the schema. */
async function compare(db: Database): Promise<readonly string[]> {
  const { rows } = await sql<{ table: string; columns: string[] }>`
    select c.relname as table, array_agg(a.attname::text order by a.attnum) as columns from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind in ('r', 'p') and n.nspname = 'public' group by c.relname order by c.relname`.execute(db);
  const listed = owners.flatMap(({ personal, impersonal }) => [...personal.map(({ table }) => table), ...Object.keys(impersonal)]);
  const problems = listed.filter((table, index) => listed.indexOf(table) !== index).map((table) => `${table} is listed twice`);
  problems.push(...listed.filter((table) => !rows.some((row) => row.table === table)).map((table) => `${table} is listed and not there`));
  for (const { table, columns } of rows) {
    if (!listed.includes(table)) problems.push(`the table ${table} is not in the register`);
    const entry = owners.flatMap(({ personal }) => personal).find((one) => one.table === table);
    if (entry === undefined) continue;
    const named = [...Object.keys(entry.columns), ...entry.otherColumns];
    problems.push(...columns.filter((column) => !named.includes(column)).map((column) => `the column ${table}.${column} is not in the register`));
    problems.push(...named.filter((column) => !columns.includes(column)).map((column) => `${table}.${column} is listed and not there`));
    problems.push(...named.filter((column, index) => named.indexOf(column) !== index).map((column) => `${table}.${column} is listed twice`));
  }
  return problems;
}

for (const engine of testDatabases()) {
  test(`${engine.name}: every table and every column is in the register; a new column, table or a renamed one is found`, async (t) => {
    const database = await engine.open();
    t.after(() => database.close());
    assert.deepEqual(await compare(database.owner), []);
    await sql.raw('alter table session add column shoe_size integer; create table pet (tenant_id text, name text); alter table person rename column seen_at to met_at').execute(database.owner);
    assert.deepEqual(await compare(database.owner), [
      'the column person.met_at is not in the register',
      'person.seen_at is listed and not there',
      'the table pet is not in the register',
      'the column session.shoe_size is not in the register',
    ]);
  });
}

test('what points to a row stands before it, with an owner, a purpose, a basis and an end', () => {
  for (const { personal } of owners) {
    for (const [index, { table, rows, purpose, kept }] of personal.entries()) {
      if ('of' in rows) assert.ok(personal.findIndex((one) => one.table === rows.of) > index, `${table} stands before ${rows.of}`);
      assert.ok(purpose.length > 10 && (typeof kept === 'string' ? kept : kept.from).length > 4, table);
    }
  }
  const register = collectRegister([{ title: 'Pets', personalData: { personal: [{ table: 'pet', purpose: 'p', basis: 'contract', kept: 'k', rows: { unknown: 'u' }, columns: {}, otherColumns: [], erasure: 'expires' }], impersonal: {} } }, { title: 'None' }], parseConfig({}));
  assert.deepEqual(register.map(({ table, owner }) => `${owner} ${table}`).at(0), 'Pets pet');
  assert.equal(register.at(-1)?.table, 'person', 'who the person is goes last');
});
