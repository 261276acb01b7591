import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { openServerDatabase } from '#app/data/server-database.ts';
import { AppError } from '#app/errors.ts';
import { testDatabases } from '#app/testing/database.ts';

const log = pino({ level: 'silent' });
const isUnavailable = (error: unknown) => error instanceof AppError && error.status === 503 && error.code === 'database-unavailable' && error.headers['Retry-After'] !== undefined;

for (const engine of testDatabases()) {
  test(`${engine.name}: a fault in a statement is no unavailable database`, async (t) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    await assert.rejects(sql`select 1 / 0`.execute(database.db), { code: '22012' });
    await assert.rejects(sql`select 9007199254740993::bigint`.execute(database.db), RangeError);
    // PGlite keeps the half-written message, and sends it before the next one.
    if (engine.name === 'PGlite') return;
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    await assert.rejects(sql`select ${cyclic}::jsonb`.execute(database.db), TypeError);
  });
}

for (const engine of testDatabases()) {
  test(`${engine.name}: a full disk is a 503, and ends with the disk`, async (t) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    await assert.rejects(sql.raw("do $$ begin raise exception 'no space' using errcode = '53100'; end $$").execute(database.db), isUnavailable);
    assert.deepEqual((await sql`select 1 as one`.execute(database.db)).rows, [{ one: 1 }]);
  });
}

for (const engine of testDatabases().filter(({ name }) => name === 'PostgreSQL')) {
  /** The database through a wire that can be cut, or go silent. */
  const openThroughWire = async (t: TestContext, poolSize = 2, queryTimeoutMs = 6_000) => {
    const database = await engine.open([]);
    const target = new URL(database.url ?? '');
    const sockets = new Set<Socket>();
    let passes = true;
    const wire = createServer((near) => {
      const far = connect(Number(target.port), target.hostname);
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => undefined).on('close', () => { near.destroy(); far.destroy(); });
      }
      near.on('data', (bytes) => passes && far.write(bytes));
      far.on('data', (bytes) => passes && near.write(bytes));
    });
    await once(wire.listen(0, '127.0.0.1'), 'listening');
    const { port } = wire.address() as AddressInfo;
    const wired = await openServerDatabase({ url: Object.assign(new URL(target), { port: String(port) }).href, poolSize, queryTimeoutMs, role: 'none' }, { log });
    const cut = () => { for (const socket of sockets) socket.destroy(); };
    t.after(async () => {
      cut();
      await wired.close();
      wire.close();
      await database.close();
    });
    return { database, wired, cut, silence: (silent: boolean) => { passes = !silent; }, refuse: () => { wire.close(); cut(); } };
  };

  test('PostgreSQL: a connection that is cut in a transaction is a 503, and the next statement works', async (t) => {
    const { wired, cut } = await openThroughWire(t);
    await assert.rejects(
      wired.db.transaction().execute(async (tx) => {
        await sql`select 1`.execute(tx);
        cut();
        await sql`select 2`.execute(tx);
      }),
      isUnavailable,
    );
    assert.deepEqual((await sql`select 3 as three`.execute(wired.db)).rows, [{ three: 3 }]);
  });

  test('PostgreSQL: ASVS 16.5.2: a server that went silent is a 503 in bounded time, and costs no connection of the pool', async (t) => {
    const { wired, silence } = await openThroughWire(t, 1, 400);
    await sql`select 1`.execute(wired.db);
    silence(true);
    const from = performance.now();
    await assert.rejects(sql`select 2`.execute(wired.db), isUnavailable);
    assert.ok(performance.now() - from < 3_000);
    silence(false);
    assert.deepEqual((await sql`select 3 as three`.execute(wired.db)).rows, [{ three: 3 }]);
  });

  test('PostgreSQL: a server that refuses connections is a 503 at once', async (t) => {
    const { wired, refuse } = await openThroughWire(t);
    refuse();
    await assert.rejects(sql`select 1`.execute(wired.db), isUnavailable);
  });

  test('PostgreSQL: a connection that an operator ends is a 503', async (t) => {
    const { wired } = await openThroughWire(t);
    await assert.rejects(sql`select pg_terminate_backend(pg_backend_pid())`.execute(wired.db), isUnavailable);
  });

  test('PostgreSQL: a statement that takes too long is a 503, and its connection goes on', async (t) => {
    const { wired } = await openThroughWire(t, 1);
    await sql`set statement_timeout = 50`.execute(wired.db);
    await assert.rejects(sql`select pg_sleep(5)`.execute(wired.db), isUnavailable);
    assert.deepEqual((await sql`select current_setting('statement_timeout') as kept`.execute(wired.db)).rows, [{ kept: '50ms' }]);
  });

  test('PostgreSQL: no free connection in time is a 503', async (t) => {
    const { wired } = await openThroughWire(t, 1);
    await wired.db.connection().execute(async () => {
      await assert.rejects(sql`select 1`.execute(wired.db), isUnavailable);
    });
  });
}
