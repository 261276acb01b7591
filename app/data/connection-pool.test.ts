import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { types } from 'pg';
import { columnTypes } from '#app/data/connection-pool.ts';
import { testDatabases } from '#app/testing/database.ts';

for (const engine of testDatabases()) {
  test(`${engine.name}: values arrive as the same JavaScript values`, async (t) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    const { rows } = await sql`select 9007199254740991::bigint as big, count(*) as counted, timestamptz '2026-11-23 14:00:00+02' as moment,
      date '2026-11-23' as day, '{"a":[1]}'::jsonb as document, 1.5::numeric as exact, ${{ b: 'x' }}::jsonb as given, null::bigint as nothing`.execute(database.db);
    assert.deepEqual(rows, [
      { big: 9_007_199_254_740_991, counted: 1, moment: new Date('2026-11-23T12:00:00Z'), day: '2026-11-23', document: { a: [1] }, exact: '1.5', given: { b: 'x' }, nothing: null },
    ]);
  });

  test(`${engine.name}: a bigint beyond what a number can hold is an error, not another number`, async (t) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    await assert.rejects(sql`select 9007199254740993::bigint`.execute(database.db), /9007199254740993 does not fit/);
    assert.deepEqual((await sql`select 1 as one`.execute(database.db)).rows, [{ one: 1 }]);
  });

  test(`${engine.name}: a transaction that was left open is not handed to the next caller`, async (t) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    await sql`create table note (text text)`.execute(database.db);
    await database.db.connection().execute(async (connection) => {
      await sql`begin`.execute(connection);
      await sql`insert into note values ('forgotten')`.execute(connection);
    });
    await sql`insert into note values ('kept')`.execute(database.db);
    assert.deepEqual((await sql`select text from note`.execute(database.db)).rows, [{ text: 'kept' }]);
  });

  test(`${engine.name}: a failed statement gives its connection back`, async (t) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    // More failures than there are connections.
    for (let i = 0; i < 6; i += 1) {
      await assert.rejects(sql`select 1 / ${i * 0}::int`.execute(database.db), { code: '22012' });
      await assert.rejects(database.db.transaction().execute((tx) => sql`select no_such_column`.execute(tx)), { code: '42703' });
    }
    assert.deepEqual((await sql`select 1 as one`.execute(database.db)).rows, [{ one: 1 }]);
  });

  test(`${engine.name}: several statements without parameters run in one call`, async (t) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    await sql.raw("create table a (x int); insert into a values (1); create table b (y text); insert into b values ('; -- ''')").execute(database.db);
    assert.deepEqual((await sql`select x, y from a, b`.execute(database.db)).rows, [{ x: 1, y: "; -- '" }]);
  });

  test(`${engine.name}: transactions at the same time don't see into each other`, async (t) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    await sql`create table note (writer int, ending text)`.execute(database.db);
    const write = (writer: number) =>
      database.db.transaction().execute(async (tx) => {
        await sql`insert into note values (${writer}, 'first')`.execute(tx);
        await sql`insert into note values (${writer}, 'last')`.execute(tx);
        const { rows } = await sql<{ writers: number }>`select count(distinct writer) filter (where writer <> ${writer} and writer % 2 = 1) as writers from note`.execute(tx);
        assert.equal(rows[0]?.writers, 0, 'what another transaction rolled back was visible');
        if (writer % 2 === 1) throw new Error('odd');
      });
    const results = await Promise.allSettled(Array.from({ length: 12 }, (_, writer) => write(writer)));
    assert.deepEqual(results.map(({ status }) => status), Array.from({ length: 12 }, (_, writer) => (writer % 2 === 1 ? 'rejected' : 'fulfilled')));
    assert.deepEqual((await sql`select count(*) as count from note`.execute(database.db)).rows, [{ count: 12 }]);
  });
}

test('pg keeps its own parsers for everybody else in the process', () => {
  assert.equal((types.getTypeParser(types.builtins.INT8) as (text: string) => unknown)('7'), '7');
  assert.equal((columnTypes.getTypeParser(types.builtins.INT8) as (text: string) => unknown)('7'), 7);
});
