import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { sql } from 'kysely';
import { readBatch, readHead } from '#app/live/outbox.ts';
import { RETENTION_LOCK, tryLock } from '#app/live/locks.ts';
import { purgeEvents } from '#app/live/retention.ts';
import { sequence } from '#app/live/sequencer.ts';
import { testDatabases, type TestedDatabase } from '#app/testing/database.ts';
import { commitEvent, holdTransaction, truncateOutbox } from '#app/testing/live-fixtures.ts';

const at = (hour: number) => new Date(Date.UTC(2026, 10, 23, hour));

for (const engine of testDatabases()) {
  describe(`retention on ${engine.name}`, () => {
    let database: TestedDatabase;
    before(async () => {
      database = await engine.open();
    });
    after(() => database.close());
    beforeEach(() => truncateOutbox(database.owner));

    const left = async (tenantId: string) => {
      const { events, horizon } = await readBatch(database.db, { after: 0, tenantId, limit: 10_000 });
      return { positions: events.map(({ position }) => position), horizon };
    };

    test('ASVS 14.2.7: what is older goes, and each tenant’s horizon is the last of its own that went', async () => {
      await commitEvent(database.owner, 1, { tenantId: 'globex' });
      await commitEvent(database.owner, 2);
      await sequence(database.db, at(1));
      await commitEvent(database.owner, 3);
      await sequence(database.db, at(2));
      await commitEvent(database.owner, 4, { tenantId: 'globex' });
      await sequence(database.db, at(3));
      assert.equal(await purgeEvents(database.db, at(3)), 3);
      assert.deepEqual(await left('acme'), { positions: [], horizon: 3 });
      assert.deepEqual(await left('globex'), { positions: [4], horizon: 1 });
      assert.equal(await purgeEvents(database.db, at(3)), 0);
      assert.equal(await readHead(database.db), 4);
    });

    test('what has no position yet stays, however old', async () => {
      await commitEvent(database.owner, 1);
      assert.equal(await purgeEvents(database.db, at(23)), 0);
      assert.equal(await sequence(database.db, at(1)), 1);
    });

    test('only a prefix goes, even if a process whose clock is late has numbered an event behind', async () => {
      await commitEvent(database.owner, 1);
      await sequence(database.db, at(5));
      await commitEvent(database.owner, 2);
      await sequence(database.db, at(1));
      assert.equal(await purgeEvents(database.db, at(3)), 0);
      assert.equal(await purgeEvents(database.db, at(6)), 2);
    });

    test('more than one batch goes in one call', async () => {
      await sql`insert into outbox_event (tenant_id, id, position, sequenced_at, type, subject, actor, occurred_at, data)
        select 'acme', gen_random_uuid(), n, ${at(1)}::timestamptz, 't', 's', 'a', now(), '{}' from generate_series(1, 2500) as n`.execute(database.owner);
      assert.equal(await purgeEvents(database.db, at(2)), 2_500);
      assert.deepEqual(await left('acme'), { positions: [], horizon: 2_500 });
    });

    if (engine.name === 'PGlite') return;

    test('while one process purges, another leaves it to that one', async () => {
      await commitEvent(database.owner, 1);
      await sequence(database.db, at(1));
      const held = await holdTransaction(database.owner, async (tx) => {
        assert.equal(await tryLock(tx, RETENTION_LOCK), true);
      });
      assert.equal(await purgeEvents(database.db, at(2)), 0);
      await held.commit();
      assert.equal(await purgeEvents(database.db, at(2)), 1);
    });
  });
}
