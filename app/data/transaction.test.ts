import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { openServerDatabase } from '#app/data/server-database.ts';
import { inTransaction, sqlState } from '#app/data/transaction.ts';
import { testDatabases } from '#app/testing/database.ts';

for (const engine of testDatabases()) {
  test(`ASVS 2.3.3, 16.5.3: ${engine.name}: what was written is committed with the result, and undone with an error`, async (t) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    await sql`create table note (text text)`.execute(database.db);
    const write = (text: string) => (tx: typeof database.db) => sql`insert into note values (${text})`.execute(tx);
    assert.equal(await inTransaction(database.db, async (tx) => { await write('kept')(tx); return 'done'; }), 'done');
    const mistake = new Error('mistake');
    await assert.rejects(inTransaction(database.db, async (tx) => { await write('undone')(tx); throw mistake; }), (error) => error === mistake);
    assert.deepEqual((await sql`select text from note`.execute(database.db)).rows, [{ text: 'kept' }]);
  });

  test(`${engine.name}: a transaction with a failed statement does not look committed`, async (t) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    await assert.rejects(inTransaction(database.db, async (tx) => { await sql`select 1 / 0`.execute(tx).catch(() => undefined); return 'done'; }));
    assert.equal(await inTransaction(database.db, () => Promise.resolve('next')), 'next');
  });
}

for (const engine of testDatabases().filter(({ name }) => name === 'PostgreSQL')) {
  test('PostgreSQL: ASVS 15.4.3: data that others hold answers 503 and asks to try again', async (t) => {
    const database = await engine.open([]);
    const impatient = await openServerDatabase({ url: database.url ?? '', poolSize: 1, lockTimeoutMs: 50, role: 'none' }, { log: pino({ level: 'silent' }) });
    t.after(async () => {
      await impatient.close();
      await database.close();
    });
    await sql`create table note (text text)`.execute(database.db);
    await inTransaction(database.db, async (tx) => {
      await sql`lock table note`.execute(tx);
      await assert.rejects(inTransaction(impatient.db, (other) => sql`select * from note`.execute(other)), { status: 503, code: 'database-busy', headers: { 'Retry-After': '1' } });
    });
  });
}

test('only an error with a text code has an SQLSTATE', () => {
  assert.equal(sqlState(Object.assign(new Error('x'), { code: '23505' })), '23505');
  assert.equal(sqlState(new Error('x')), undefined);
  assert.equal(sqlState('23505'), undefined);
});
