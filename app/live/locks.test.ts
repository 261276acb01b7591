import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RETENTION_LOCK, SEQUENCER_LOCK, tryLock } from '#app/live/locks.ts';
import { inTransaction } from '#app/data/transaction.ts';
import { testDatabases } from '#app/testing/database.ts';
import { holdTransaction } from '#app/testing/live-fixtures.ts';

for (const engine of testDatabases()) {
  describe(`advisory locks on ${engine.name}`, () => {
    test('a lock is free again after the transaction that took it', async () => {
      const database = await engine.open();
      try {
        const turn = () => inTransaction(database.db, (tx) => tryLock(tx, RETENTION_LOCK));
        assert.deepEqual([await turn(), await turn()], [true, true]);
      } finally {
        await database.close();
      }
    });

    if (engine.name === 'PGlite') return;

    test('the two locks are independent, and each has one holder', async () => {
      const database = await engine.open();
      try {
        const held = await holdTransaction(database.owner, async (tx) => {
          assert.equal(await tryLock(tx, SEQUENCER_LOCK), true);
        });
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
