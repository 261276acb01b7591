import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sql } from 'kysely';
import { lock, RETENTION_LOCK, SEQUENCER_LOCK, tryLock } from '#app/live/locks.ts';
import { inTransaction } from '#app/data/transaction.ts';
import { testDatabases } from '#app/testing/database.ts';
import { holdTransaction } from '#app/testing/live-fixtures.ts';

for (const engine of testDatabases()) {
  describe(`advisory locks on ${engine.name}`, () => {
    test('a lock bounds how long it is held and waited for, and the connection forgets it after the transaction', async () => {
      const database = await engine.open();
      const readTimeout = async (db: typeof database.db) => (await sql<{ value: string }>`select current_setting('idle_in_transaction_session_timeout') as value`.execute(db)).rows[0]?.value;
      try {
        const before = await readTimeout(database.db);
        await inTransaction(database.db, async (tx) => {
          await lock(tx, SEQUENCER_LOCK);
          assert.equal(await readTimeout(tx), '4s');
        });
        assert.equal(await readTimeout(database.db), before);
        assert.notEqual(before, '4s');
      } finally {
        await database.close();
      }
    });

    if (engine.name === 'PGlite') return;

    test('the two locks are independent, and each has one holder', async () => {
      const database = await engine.open();
      try {
        const held = await holdTransaction(database.db, (tx) => lock(tx, SEQUENCER_LOCK));
        await inTransaction(database.db, async (tx) => {
          assert.equal(await tryLock(tx, SEQUENCER_LOCK), false);
          assert.equal(await tryLock(tx, RETENTION_LOCK), true);
        });
        await held.commit();
        await inTransaction(database.db, async (tx) => {
          assert.equal(await tryLock(tx, SEQUENCER_LOCK), true);
        });
      } finally {
        await database.close();
      }
    });
  });
}
