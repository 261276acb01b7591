// The register against the real schema: every table of every owner, and every column of it, once; and what is done with them works.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { parseConfig } from '#app/config.ts';
import type { Database, PersonalData } from '#app/feature.ts';
import { findFeatures } from '#app/features.ts';
import { collectRegister, describePlatformData } from '#app/privacy/register.ts';
import { testDatabases } from '#app/testing/database.ts';

const features = await findFeatures();
const describeAll = (): readonly PersonalData[] => [describePlatformData(parseConfig({})), ...features.flatMap(({ module }) => module.personalData ?? [])];
/** Of the GDPR, Article 6(1), but for those that nothing here rests on. */
const BASES = ['contract', 'legal obligation', 'legitimate interests'];

/** What differs between the register and the schema. */
async function compare(db: Database): Promise<readonly string[]> {
  const owners = describeAll();
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

for (const engine of testDatabases()) {
  test(`${engine.name}: bytes, and what is a secret by its name, are shown to nobody, unless they are the person's own text encrypted`, async (t) => {
    const database = await engine.open();
    t.after(() => database.close());
    const { rows } = await sql<{ table: string; column: string }>`
      select attrelid::regclass::text as table, attname::text as column from pg_attribute
      where attrelid in (select oid from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace) and attnum > 0 and not attisdropped
      and (atttypid = 'bytea'::regtype or attname ~ '(hash|digest|token|secret|wrapped|body|headers)')`.execute(database.owner);
    const columns = new Map(describeAll().flatMap(({ personal }) => personal.filter(({ rows: whose }) => !('unknown' in whose)).flatMap((entry) => Object.entries(entry.columns).map(([name, column]) => [`${entry.table}.${name}`, column] as const))));
    const found = rows.flatMap(({ table, column }) => { const named = columns.get(`${table}.${column}`); return named === undefined ? [] : [[`${table}.${column}`, named] as const]; });
    assert.ok(found.length >= 8, String(found.length));
    for (const [name, column] of found) assert.ok(typeof column === 'object' && ['secret', 'sealed'].includes(column.form), name);
  });
}

test('what points to a row stands before it; each has an owner, a purpose, a basis and an end, and each column says what it is', () => {
  for (const { personal, impersonal } of describeAll()) {
    for (const [index, { table, rows, purpose, basis, kept, columns, erasure }] of personal.entries()) {
      if ('of' in rows) assert.ok(personal.findIndex((one) => one.table === rows.of) > index, `${table} stands before ${rows.of}`);
      if ('unknown' in rows) assert.ok(rows.unknown.length > 10, table);
      assert.ok(purpose.length > 10 && (typeof kept === 'string' ? kept : kept.from).length > 4, table);
      assert.ok(BASES.includes(basis), `${table}: ${basis}`);
      // A row that nobody can be told to own can't be removed for anybody.
      assert.ok(['delete', 'unlink', 'blank', 'expires'].includes(erasure) && (erasure === 'expires') === 'unknown' in rows, table);
      for (const [name, column] of Object.entries(columns)) assert.match(typeof column === 'string' ? column : column.what, /^\S.{2,}/, `${table}.${name}`);
    }
    for (const [table, why] of Object.entries(impersonal)) assert.match(why, /\S+ \S+/, table);
  }
});

test('for how long sessions and events are kept follows the settings, in hours where they are whole', () => {
  const [minute, hour] = [60_000, 3_600_000];
  const keptOf = (table: string, sessionIdleMs: number) => describePlatformData({ identity: { sessionIdleMs, sessionAbsoluteMs: 8 * hour }, live: { retentionMs: 24 * hour } }).personal.find((entry) => entry.table === table)?.kept;
  assert.equal(keptOf('session', 2 * hour), 'until it ends: after 2 hours without a request, 8 hours at most');
  assert.equal(keptOf('session', 90 * minute), 'until it ends: after 90 minutes without a request, 8 hours at most');
  assert.equal(keptOf('outbox_event', hour), '24 hours');
});

test('the features’ tables stand before the platform’s, and who the person is goes last', () => {
  const register = collectRegister([{ title: 'Pets', personalData: { personal: [{ table: 'pet', purpose: 'p', basis: 'contract', kept: 'k', rows: { unknown: 'u' }, columns: {}, otherColumns: [], erasure: 'expires' }], impersonal: {} } }, { title: 'None' }], parseConfig({}));
  assert.equal(register.map(({ table, owner }) => `${owner} ${table}`).at(0), 'Pets pet');
  assert.deepEqual(register.slice(-2).map(({ table, owner }) => `${owner} ${table}`), ['Platform person_key', 'Platform person']);
});
