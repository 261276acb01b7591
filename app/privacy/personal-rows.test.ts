// Export and erasure against every table there is, with marked values in every column: complete, and nobody else's.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { inTransaction } from '#app/data/transaction.ts';
import type { Database } from '#app/feature.ts';
import { parseConfig } from '#app/config.ts';
import { findFeatures } from '#app/features.ts';
import { countRows, eraseRows, exportTables, type Whose } from '#app/privacy/personal-rows.ts';
import { collectRegister, type Register } from '#app/privacy/register.ts';
import { openTestDatabase, type TestDatabase, testDatabases } from '#app/testing/database.ts';
import { createTestPrivacy } from '#app/testing/privacy.ts';

const modules = (await findFeatures()).map(({ module }) => module);
/** Made by the directory of people itself. */
const OWN = ['person', 'person_key'];

interface Column {
  readonly name: string;
  readonly type: string;
  readonly made: boolean;
}

async function columnsOf(db: Database, table: string): Promise<readonly Column[]> {
  const { rows } = await sql<Column>`
    select attname::text as name, format_type(atttypid, null) as type, attidentity <> '' or attgenerated <> '' as made
    from pg_attribute where attrelid = ${table}::regclass and attnum > 0 and not attisdropped order by attnum`.execute(db);
  return rows;
}

/** What a table's own rules would refuse of marked values; foreign keys among them. */
async function dropChecks(db: Database): Promise<void> {
  const { rows } = await sql<{ table: string; name: string }>`select conrelid::regclass::text as table, conname::text as name from pg_constraint where contype in ('c', 'f') and connamespace = 'public'::regnamespace`.execute(db);
  for (const { table, name } of rows) await sql`alter table ${sql.table(table)} drop constraint ${sql.ref(name)}`.execute(db);
}

function markedValue(mark: string, type: string): unknown {
  if (type === 'uuid') return randomUUID();
  if (type === 'bytea') return Buffer.from(mark);
  if (type === 'jsonb') return JSON.stringify({ deep: [mark] });
  if (type === 'text[]') return [mark];
  if (type === 'boolean') return true;
  if (/^timestamp/.test(type)) return new Date('2026-11-01T08:00:00.000Z');
  if (/int|numeric/.test(type)) return 1 + (Buffer.from(mark).reduce((sum, byte) => (sum * 31 + byte) % 30_000, 7));
  return mark;
}

/** One row in each table that can be told to be this person's, marked column by column. */
async function plant(owner: Database, told: Register, whose: Whose, word: string): Promise<ReadonlyMap<string, string>> {
  const marks = new Map<string, string>();
  const accountId = whose.subjectId.replace(/^.*:/, '');
  for (const { table, rows } of told) {
    if (OWN.includes(table)) continue;
    const columns = (await columnsOf(owner, table)).filter(({ made }) => !made);
    const values = columns.map(({ name, type }) => {
      if (name === 'tenant_id') return whose.tenantId;
      if ('column' in rows && name === rows.column) return 'of' in rows || rows.prefix !== undefined ? accountId : rows.holds === 'person' ? whose.personId : whose.subjectId;
      marks.set(`${table}.${name}`, `${word}-${table}-${name}`);
      return markedValue(`${word}-${table}-${name}`, type);
    });
    await sql`insert into ${sql.table(table)} (${sql.join(columns.map(({ name }) => sql.ref(name)))}) values (${sql.join(values.map((value, index) => sql`${value}::${sql.raw(columns[index]?.type ?? 'text')}`))})`.execute(owner);
  }
  return marks;
}

/** Every row of every table as text, bytes as they read. */
async function dump(owner: Database): Promise<string> {
  const { rows: tables } = await sql<{ name: string }>`select relname::text as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`.execute(owner);
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql<{ text: string }>`select row_to_json(one)::text as text from ${sql.table(name)} as one`.execute(owner);
    texts.push(...rows.map(({ text }) => `${name} ${text.replaceAll(/\\\\x([0-9a-f]*)/g, (_, hex: string) => Buffer.from(hex, 'hex').toString('latin1'))}`));
  }
  return texts.join('\n');
}

async function prepare(t: TestContext, engine: TestDatabase) {
  const database = await engine.open();
  t.after(() => database.close());
  await dropChecks(database.owner);
  const register = collectRegister(modules, parseConfig({}));
  const told = register.filter(({ rows }) => !('unknown' in rows));
  const { people } = createTestPrivacy();
  const db = database.forTenant('acme');
  const make = async (name: string): Promise<Whose & { readonly personId: string }> => {
    const subjectId = `account:${randomUUID()}`;
    return { tenantId: 'acme', subjectId, personId: await people.of(db, 'acme').idOf({ id: subjectId, name }) };
  };
  const [cleo, dora] = [await make('Cleo Canary'), await make('Dora Other')];
  return { database, register, told, people, db, cleo, dora, marks: await plant(database.owner, told, cleo, 'mine'), others: await plant(database.owner, told, dora, 'theirs') };
}

for (const engine of testDatabases()) {
  test(`${engine.name}: an export holds every personal column of every table, and neither a secret nor anybody else's`, async (t) => {
    const { register, told, people, db, cleo, marks } = await prepare(t, engine);
    const exported = await inTransaction(db, async (tx) => {
      const tables = [];
      for (const { pages, ...table } of exportTables(tx, register, cleo, people.of(tx, 'acme'))) tables.push({ ...table, rows: (await Array.fromAsync(pages)).flat() });
      return tables;
    });
    assert.deepEqual(exported.map(({ table }) => table), register.map(({ table }) => table), 'also where nothing is kept');
    for (const { table, rows } of told) assert.equal(exported.find((one) => one.table === table)?.rows.length, 1, `${table} ${JSON.stringify(rows)}`);
    const text = JSON.stringify(exported.map(({ table, rows }) => [table, rows]));
    const decoded = `${text} ${[...text.matchAll(/"([A-Za-z0-9+/]{12,}=*)"/g)].map(([, base64 = '']) => Buffer.from(base64, 'base64').toString('latin1')).join(' ')}`;
    for (const { table, columns, otherColumns } of told) {
      const row = exported.find((one) => one.table === table)?.rows[0] ?? {};
      const shown = Object.entries(columns).filter(([, column]) => typeof column === 'string' || column.form !== 'secret').map(([name]) => name);
      assert.deepEqual(Object.keys(row).toSorted(), shown.toSorted(), table);
      for (const name of shown) {
        const mark = marks.get(`${table}.${name}`);
        if (mark !== undefined && typeof row[name] !== 'number' && typeof row[name] !== 'boolean' && !(row[name] instanceof Date) && !/^[0-9a-f-]{36}$/.test(String(row[name]))) assert.ok(decoded.includes(mark), `${table}.${name}`);
      }
      for (const name of [...otherColumns, ...Object.keys(columns).filter((column) => !shown.includes(column))]) assert.ok(!decoded.includes(`mine-${table}-${name}"`), `${table}.${name} is not to be shown`);
    }
    assert.ok(decoded.includes('Cleo Canary') && decoded.includes(cleo.subjectId));
    assert.ok(!decoded.includes('theirs-') && !decoded.includes('Dora'), 'nothing of another person');
  });

  test(`${engine.name}: an erasure leaves nothing by which the person is found, and everything of others`, async (t) => {
    const { database, register, told, people, db, cleo, dora, marks } = await prepare(t, engine);
    const events = register.filter(({ erasure }) => erasure === 'blank').map(({ table }) => table);
    for (const table of events) await sql`update ${sql.table(table)} set data = ${JSON.stringify({ actor: { name: 'Cleo Canary' }, text: 'Cleo Canary was here', id: cleo.subjectId })}::text::jsonb where actor = ${cleo.personId}`.execute(database.owner);
    const before = await dump(database.owner);
    assert.ok(before.includes(cleo.subjectId));
    const erased = await inTransaction(db, (tx) => eraseRows(tx, register, cleo, [cleo.subjectId, 'Cleo Canary']));
    const after = await dump(database.owner);
    assert.equal(erased, told.filter(({ erasure }) => erasure === 'delete').length);
    assert.ok(!after.includes(cleo.subjectId), 'the provider’s id is nowhere');
    for (const { table, erasure } of told) {
      const left = after.includes(`mine-${table}-`);
      const planted = [...marks.values()].some((mark) => before.includes(mark) && mark.startsWith(`mine-${table}-`));
      assert.equal(left, planted && erasure !== 'delete', table);
      if (erasure !== 'delete') assert.ok(after.includes(cleo.personId), `${table} stays, under the id`);
    }
    for (const table of events) assert.ok(after.includes('"Erased person"'), table);
    assert.ok(after.includes('Cleo Canary was here') === events.length > 0, 'a whole value is met, no part of a text: free text is the writer’s own');
    assert.equal((await people.of(db, 'acme').known([dora.personId])).size, 1);
    const lines = (text: string, word: string) => text.split('\n').filter((line) => line.includes(word)).toSorted();
    assert.deepEqual(lines(after, 'theirs-'), lines(before, 'theirs-'));
    people.forget('acme', cleo.personId);
    assert.equal((await people.of(db, 'acme').known([cleo.personId])).size, 0);
  });

  test(`${engine.name}: of somebody whom no record names, what is kept by their id alone goes, and no record`, async (t) => {
    const { database, register, told, db, cleo } = await prepare(t, engine);
    const whose: Whose = { ...cleo, personId: undefined };
    const bySubject = told.filter(({ rows }) => 'of' in rows || ('holds' in rows && rows.holds === 'subject'));
    const counts = await countRows(db, register, whose);
    assert.deepEqual([...counts].map(([table, count]) => `${table} ${count}`), bySubject.map(({ table }) => `${table} 1`));
    const before = await dump(database.owner);
    assert.equal(await inTransaction(db, (tx) => eraseRows(tx, register, whose, [cleo.subjectId])), bySubject.filter(({ erasure }) => erasure === 'delete').length);
    const after = await dump(database.owner);
    const lines = (text: string) => text.split('\n').filter((line) => line.includes(cleo.personId)).length;
    assert.equal(lines(after), lines(before));
  });
}

test('a column that is encrypted for the person is opened for them, whichever table it is of', async (t) => {
  const database = await openTestDatabase();
  t.after(() => database.close());
  const { people } = createTestPrivacy();
  const db = database.forTenant('acme');
  const acme = people.of(db, 'acme');
  const personId = await acme.idOf({ id: 'clerk', name: 'Cleo' });
  await sql`insert into idempotency_key (tenant_id, subject_id, operation_id, key, fingerprint, status, headers, body, created_at) values ('acme', 'clerk', 'op', 'k', 'f', 200, '{}', '', now())`.execute(database.owner);
  const sealed = (await acme.seal(personId, 'open text', 'idempotency_key.sealed')).toString('base64');
  await sql`alter table idempotency_key add column sealed bytea`.execute(database.owner);
  await sql`update idempotency_key set sealed = decode(${sealed}, 'base64')`.execute(database.owner);
  const entry = { table: 'idempotency_key', owner: 'Pets', purpose: 'p', basis: 'contract', kept: { days: 3, from: 'the last visit' }, rows: { column: 'subject_id', holds: 'subject' }, columns: { key: 'k', sealed: { what: 'a text', form: 'sealed' } }, otherColumns: [], erasure: 'delete' } as const;
  const of = (whose: Whose) => inTransaction(db, async (tx) => {
    const tables = [];
    for (const { kept, pages } of exportTables(tx, [entry], whose, people.of(tx, 'acme'))) tables.push({ kept, rows: (await Array.fromAsync(pages)).flat() });
    return tables;
  });
  assert.deepEqual(await of({ tenantId: 'acme', subjectId: 'clerk', personId }), [{ kept: '3 days from the last visit', rows: [{ key: 'k', sealed: 'open text' }] }]);
  assert.deepEqual(await of({ tenantId: 'acme', subjectId: 'clerk', personId: undefined }), [{ kept: '3 days from the last visit', rows: [{ key: 'k', sealed }] }]);
});

test('a register that says a row belongs to a table that is not in it is refused', async (t) => {
  const database = await openTestDatabase();
  t.after(() => database.close());
  const stray = { table: 'pet', owner: 'Pets', purpose: 'p', basis: 'contract', kept: 'k', rows: { column: 'a', of: 'b' }, columns: {}, otherColumns: [], erasure: 'delete' } as const;
  await assert.rejects(countRows(database.db, [stray], { tenantId: 'acme', subjectId: 's', personId: undefined }), { name: 'TypeError', message: 'The register says that rows of pet belong to b, which is not in it.' });
});
