import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { Database } from '#app/feature.ts';
import { createRateLimits } from '#app/http/rate-limit.ts';
import { openSignInStore, purgeSignInLimits } from '#app/http/sign-in-store.ts';
import { testDatabases } from '#app/testing/database.ts';
import { startSampleService, UNREACHED } from '#app/testing/sample-service.ts';

const log = pino({ level: 'silent' });
const LIMIT = 3;

/** As one process of several on the same database. */
async function startProcess(db: Database) {
  const metrics = new Registry();
  const limits = createRateLimits({ perMinute: { ...UNREACHED, 'sign-in': LIMIT }, trustedProxies: 1, store: undefined, signInStore: openSignInStore(db, { log }), log, metrics });
  const service = await startSampleService({ limits });
  return {
    signIn: async (address: string) => (await service.send('/auth/callback?code=x', { headers: { 'x-forwarded-for': address } })).status === 429,
    read: async (address: string) => (await service.send('/docs', { headers: { 'x-forwarded-for': address } })).status,
    isStoreUp: async () => /^stockade_rate_limit_store_up 1$/m.test(await metrics.metrics()),
    close: () => service.close(),
  };
}

for (const engine of testDatabases()) {
  describe(`sign-in limits on ${engine.name}`, () => {
    test('CWE-770: two processes count the sign-ins of an address together, and another’s apart', async (t) => {
      const database = await engine.open();
      const processes = [await startProcess(database.db), await startProcess(database.db)] as const;
      t.after(async () => {
        for (const one of processes) await one.close();
        await database.close();
      });
      const [first, second] = processes;
      assert.deepEqual([await first.signIn('192.0.2.1'), await second.signIn('192.0.2.1'), await first.signIn('192.0.2.1')], [false, false, false]);
      assert.deepEqual([await first.signIn('192.0.2.1'), await second.signIn('192.0.2.1')], [true, true]);
      assert.deepEqual([await first.signIn('192.0.2.2'), await second.signIn('192.0.2.2')], [false, false]);
    });

    test('whoever is over the limit, and whoever does not sign in, costs no write', async (t) => {
      const database = await engine.open();
      const one = await startProcess(database.db);
      t.after(async () => {
        await one.close();
        await database.close();
      });
      const points = async () => (await sql<{ points: number }>`select points from sign_in_limit`.execute(database.db)).rows;
      for (let count = 0; count < LIMIT + 1; count += 1) await one.signIn('192.0.2.1');
      assert.deepEqual(await points(), [{ points: LIMIT + 1 }]);
      assert.equal(await one.signIn('192.0.2.1'), true);
      assert.equal(await one.read('192.0.2.9'), 200);
      assert.deepEqual(await points(), [{ points: LIMIT + 1 }]);
    });

    test('what has ended is removed, what counts still is kept', async (t) => {
      const database = await engine.open();
      t.after(() => database.close());
      const now = new Date();
      await sql`insert into sign_in_limit values ('a', 1, ${now.getTime() - 1}), ('b', 1, ${now.getTime() + 60_000})`.execute(database.db);
      assert.equal(await purgeSignInLimits(database.db, now), 1);
      assert.deepEqual((await sql`select key from sign_in_limit`.execute(database.db)).rows, [{ key: 'b' }]);
    });

    test('while the database is away each process counts for itself and says so; once it is back they count together', async (t) => {
      const database = await engine.open();
      let away = false;
      const executeQuery: Database['executeQuery'] = (query) => (away ? Promise.reject(new Error('away')) : database.db.executeQuery(query));
      const faulty = Object.assign(Object.create(database.db) as Database, { executeQuery });
      const [first, second] = [await startProcess(faulty), await startProcess(database.db)];
      t.after(async () => {
        await first.close();
        await second.close();
        await database.close();
      });
      assert.equal(await first.isStoreUp(), true);
      away = true;
      const counted: boolean[] = [];
      for (let count = 0; count < LIMIT + 1; count += 1) counted.push(await first.signIn('192.0.2.1'));
      assert.deepEqual(counted, [false, false, false, true]);
      assert.equal(await first.isStoreUp(), false);
      away = false;
      for (let count = 0; count < LIMIT; count += 1) assert.equal(await second.signIn('192.0.2.3'), false);
      assert.equal(await first.signIn('192.0.2.3'), true);
      assert.equal(await first.isStoreUp(), true);
    });
  });
}
