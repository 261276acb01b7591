import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { openServerDatabase } from '#app/data/server-database.ts';
import { AppError } from '#app/errors.ts';
import { testDatabases } from '#app/testing/database.ts';

const log = pino({ level: 'silent' });
const onServer = testDatabases().filter(({ name }) => name === 'PostgreSQL');

for (const engine of onServer) {
  const openTwo = async (t: TestContext) => {
    const database = await engine.open([]);
    assert.ok(database.url);
    const other = await openServerDatabase({ url: database.url, poolSize: 1, role: 'none' }, { log });
    t.after(async () => {
      await other.close();
      await database.close();
    });
    const dropConnections = () => sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`.execute(other.db);
    return { database, other, dropConnections };
  };

  test('PostgreSQL: the next query works after the server dropped idle connections', async (t) => {
    const { database, dropConnections } = await openTwo(t);
    await sql`select 1`.execute(database.db);
    await dropConnections();
    // One that the pool has not yet noticed may fail; what counts is that it comes back by itself.
    const deadline = Date.now() + 5_000;
    for (;;) {
      try {
        assert.deepEqual((await sql`select 1 as one`.execute(database.db)).rows, [{ one: 1 }]);
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
    }
  });

  test('PostgreSQL: a transaction whose connection is dropped fails, and the process lives on', async (t) => {
    const { database, dropConnections } = await openTwo(t);
    await assert.rejects(
      database.db.transaction().execute(async (tx) => {
        await sql`select 1`.execute(tx);
        await dropConnections();
        await sql`select 2`.execute(tx);
      }),
    );
    assert.deepEqual((await sql`select 3 as three`.execute(database.db)).rows, [{ three: 3 }]);
  });

  test('PostgreSQL: a listener hears again after its connection was dropped, and is told that it may have missed something', async (t) => {
    const { database, other, dropConnections } = await openTwo(t);
    const heard: string[] = [];
    const waiting = { resolve: (): void => undefined };
    const next = () => new Promise<void>((resolve) => { waiting.resolve = resolve; });
    await database.listen('stock', (payload) => { heard.push(payload); waiting.resolve(); });
    let arrived = next();
    await other.notify('stock', 'before');
    await arrived;
    arrived = next();
    await dropConnections();
    await arrived;
    arrived = next();
    await other.notify('stock', 'after');
    await arrived;
    assert.deepEqual(heard, ['before', '', 'after']);
  });

  test('PostgreSQL: ASVS 15.4.3: a statement that waits for a lock gives up in time', async (t) => {
    const { database } = await openTwo(t);
    assert.ok(database.url);
    const impatient = await openServerDatabase({ url: database.url, poolSize: 1, lockTimeoutMs: 50, role: 'none' }, { log });
    t.after(() => impatient.close());
    await sql`create table note (text text)`.execute(database.db);
    await database.db.transaction().execute(async (tx) => {
      await sql`lock table note`.execute(tx);
      await assert.rejects(sql`select * from note`.execute(impatient.db), { code: '55P03' });
    });
  });

  test('PostgreSQL: ASVS 13.2.6: connections carry their name and their limits', async (t) => {
    const { database } = await openTwo(t);
    const { rows } = await sql`select current_setting('application_name') as name, current_setting('statement_timeout') as statement,
      current_setting('lock_timeout') as lock, current_setting('idle_in_transaction_session_timeout') as idle`.execute(database.db);
    assert.deepEqual(rows, [{ name: 'stockade', statement: '5s', lock: '3s', idle: '10s' }]);
  });
}

test('a server that does not answer is an error that names the address and no credentials', async (t) => {
  // Accepts and hangs up, so that no port has to be guessed.
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await assert.rejects(openServerDatabase({ url: `postgres://user:hunter2@127.0.0.1:${port}/stock`, poolSize: 1 }, { log }), (error) => {
    assert.ok(error instanceof AppError);
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}/stock can't be used`));
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  });
});
