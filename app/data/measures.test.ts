import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { OpenDatabase } from '#app/data/database.ts';
import { measureDatabase } from '#app/data/measures.ts';
import { openServerDatabase } from '#app/data/server-database.ts';
import { until } from '#app/testing/condition.ts';
import { testDatabases } from '#app/testing/database.ts';

function measure(database: OpenDatabase): (series: string) => Promise<number | undefined> {
  const metrics = new Registry();
  measureDatabase(database, metrics);
  return async (series) => {
    const line = (await metrics.metrics()).split('\n').find((each) => each.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  };
}

const countOf = (operation: string, error = '') => `db_client_operation_duration_seconds_count{db_operation_name="${operation}",error_type="${error}"}`;
const POOL = 'db_client_connection_pool_name="service"';

for (const engine of testDatabases()) {
  test(`${engine.name}: statements are counted by operation, and by their fault, and of what they hold there is nothing`, async (t) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    const value = measure(database);
    await sql`select 1`.execute(database.db);
    await sql`with x as (select ${'canary'} as y) select * from x`.execute(database.db);
    await assert.rejects(sql`select 1 / 0`.execute(database.db));
    await database.db.transaction().execute((tx) => sql`create table canary (a text)`.execute(tx));
    assert.equal(await value(countOf('SELECT')), 2);
    assert.equal(await value(countOf('SELECT', '22012')), 1, 'SQLSTATE: division by zero');
    assert.equal(await value(countOf('BEGIN')), 1);
    assert.equal(await value(countOf('COMMIT')), 1);
    assert.equal(await value(countOf('_OTHER')), 1);
  });

  test(`${engine.name}: the pool tells how many connections there are, who has them, and who waits`, async (t) => {
    const database = await engine.open([]);
    const { promise: end, resolve: letGo } = Promise.withResolvers<undefined>();
    t.after(async () => {
      letGo(undefined);
      await database.close();
    });
    const value = measure(database);
    const most = (await value(`db_client_connection_max{${POOL}}`)) ?? 0;
    assert.ok(most >= 1);
    const used = () => value(`db_client_connection_count{${POOL},db_client_connection_state="used"}`);
    assert.equal(await value('stockade_database_available'), 1);
    const holders = Array.from({ length: most + 2 }, () => database.db.connection().execute(() => end));
    await until('two to wait, beside the check of this scrape', async () => ((await value(`db_client_connection_pending_requests{${POOL}}`)) ?? 0) >= 2);
    assert.equal(await used(), most);
    letGo(undefined);
    await Promise.all(holders);
    await until('all to be idle', async () => (await used()) === 0);
    assert.equal(await value(`db_client_connection_pending_requests{${POOL}}`), 0);
  });
}

for (const engine of testDatabases().filter(({ name }) => name === 'PostgreSQL')) {
  test('PostgreSQL: a scrape is answered within seconds while the database is silent, and says that it is away; and that it is back', async (t) => {
    const behind = await engine.open([]);
    const target = new URL(behind.url ?? '');
    const sockets = new Set<Socket>();
    let passes = true;
    const wire = createServer((near) => {
      const far = connect(Number(target.port), target.hostname);
      for (const socket of [near, far]) sockets.add(socket.on('error', () => undefined).on('close', () => { near.destroy(); far.destroy(); }));
      near.on('data', (bytes) => passes && far.write(bytes));
      far.on('data', (bytes) => passes && near.write(bytes));
    });
    await once(wire.listen(0, '127.0.0.1'), 'listening');
    const { port } = wire.address() as AddressInfo;
    const database = await openServerDatabase({ url: Object.assign(new URL(target), { port: String(port) }).href, poolSize: 2, role: 'none' }, { log: pino({ level: 'silent' }) });
    t.after(async () => {
      passes = true;
      await database.close();
      for (const socket of sockets) socket.destroy();
      wire.close();
      await behind.close();
    });
    const value = measure(database);
    assert.equal(await value('stockade_database_available'), 1);
    passes = false;
    const from = performance.now();
    assert.equal(await value('stockade_database_available'), 0);
    assert.ok(performance.now() - from < 5_000);
    passes = true;
    await until('the database to be back', async () => (await value('stockade_database_available')) === 1);
  });
}
