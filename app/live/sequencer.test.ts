import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { sql } from 'kysely';
import { LOCK_NOT_AVAILABLE, inTransaction, sqlState } from '#app/data/transaction.ts';
import type { Database } from '#app/feature.ts';
import { NAMESPACE, SEQUENCER_LOCK } from '#app/live/locks.ts';
import { readBatch, readHead } from '#app/live/outbox.ts';
import { purgeEvents } from '#app/live/retention.ts';
import { sequence } from '#app/live/sequencer.ts';
import { until } from '#app/testing/condition.ts';
import { testDatabases, type TestedDatabase } from '#app/testing/database.ts';
import { appendSample, commitEvent, holdTransaction, truncateOutbox } from '#app/testing/live-fixtures.ts';

const NOW = new Date();

/** As a sequencer takes it. */
async function takeLock(tx: Database): Promise<void> {
  await sql`select pg_advisory_xact_lock(${NAMESPACE}::integer, ${SEQUENCER_LOCK}::integer)`.execute(tx);
}

async function readNumbers(database: TestedDatabase): Promise<[number, unknown][]> {
  const { events } = await readBatch(database.db, { after: 0, limit: 100_000 });
  return events.map(({ position, data }) => [position, data['n']]);
}

for (const engine of testDatabases()) {
  describe(`sequencer on ${engine.name}`, () => {
    let database: TestedDatabase;
    before(async () => {
      database = await engine.open();
    });
    after(() => database.close());
    beforeEach(() => truncateOutbox(database.owner));

    test('events of one transaction keep the order in which they were written', async () => {
      await inTransaction(database.owner, async (tx) => {
        for (let n = 1; n <= 20; n += 1) await appendSample(tx, n);
      });
      assert.equal(await sequence(database.db, NOW), 20);
      assert.deepEqual(await readNumbers(database), Array.from({ length: 20 }, (_, index) => [index + 1, index + 1]));
    });

    test('there is nothing to do a second time, and positions go on without a gap', async () => {
      await commitEvent(database.owner, 1);
      assert.equal(await sequence(database.db, NOW), 1);
      assert.equal(await sequence(database.db, NOW), 0);
      await commitEvent(database.owner, 2);
      await sequence(database.db, NOW);
      assert.deepEqual(await readNumbers(database), [[1, 1], [2, 2]]);
    });

    test('more than one batch is numbered in one call', async () => {
      await sql`insert into outbox_event (tenant_id, id, type, subject, actor, occurred_at, data)
        select 'acme', gen_random_uuid(), 'sample.thing.moved.v1', 'things/1', 'clerk', now(), jsonb_build_object('n', n) from generate_series(1, 2500) as n order by n`.execute(database.owner);
      assert.equal(await sequence(database.db, NOW), 2_500);
      const numbers = await readNumbers(database);
      assert.equal(numbers.length, 2_500);
      assert.ok(numbers.every(([position, n], index) => position === index + 1 && n === position));
    });

    test('positions go on after retention has removed every event', async () => {
      await commitEvent(database.owner, 1, { tenantId: 'globex' });
      await commitEvent(database.owner, 2);
      await sequence(database.db, NOW);
      assert.equal(await purgeEvents(database.db, new Date(NOW.getTime() + 1)), 2);
      assert.equal(await readHead(database.db), 2);
      await commitEvent(database.owner, 3);
      await sequence(database.db, NOW);
      assert.deepEqual(await readNumbers(database), [[3, 3]]);
    });

    if (engine.name === 'PGlite') return;

    test('a transaction held open neither loses its event nor holds up another', async () => {
      const held = await holdTransaction(database.owner, (tx) => appendSample(tx, 1));
      await commitEvent(database.owner, 2);
      assert.equal(await sequence(database.db, NOW), 1);
      assert.deepEqual(await readNumbers(database), [[1, 2]]);
      await held.commit();
      assert.equal(await sequence(database.db, NOW), 1);
      assert.deepEqual(await readNumbers(database), [[1, 2], [2, 1]]);
    });

    test('a transaction that is rolled back leaves neither an event nor a gap', async () => {
      const held = await holdTransaction(database.owner, (tx) => appendSample(tx, 1));
      await commitEvent(database.owner, 2);
      await sequence(database.db, NOW);
      await held.rollback();
      await commitEvent(database.owner, 3);
      await sequence(database.db, NOW);
      assert.deepEqual(await readNumbers(database), [[1, 2], [2, 3]]);
    });

    test('a sequencer waits for the one before it until its positions are visible', async () => {
      await commitEvent(database.owner, 1);
      const first = await holdTransaction(database.owner, async (tx) => {
        await takeLock(tx);
        await sql`update outbox_event set position = 1, sequenced_at = now()`.execute(tx);
      });
      await commitEvent(database.owner, 2);
      const second = sequence(database.db, NOW);
      await until('the second to wait', async () => {
        const { rows } = await sql`select 1 from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`.execute(database.db);
        return rows.length === 1;
      });
      assert.deepEqual(await readNumbers(database), []);
      await first.commit();
      assert.equal(await second, 1);
      assert.deepEqual(await readNumbers(database), [[1, 1], [2, 2]]);
    });

    test('a sequencer gives up its turn after 4 s, below what a statement may take, and its connection forgets that bound', async () => {
      const held = await holdTransaction(database.owner, takeLock);
      const readTimeout = async () => (await sql<{ value: string }>`select current_setting('lock_timeout') as value`.execute(database.db)).rows[0]?.value;
      const usual = await readTimeout();
      await commitEvent(database.owner, 1);
      const from = performance.now();
      await assert.rejects(sequence(database.db, NOW), (error) => sqlState(error) === LOCK_NOT_AVAILABLE);
      assert.ok(performance.now() - from >= 3_900);
      await held.commit();
      assert.equal(await sequence(database.db, NOW), 1);
      assert.equal(await readTimeout(), usual);
      assert.notEqual(usual, '4s');
    });

    test('many sequencers beside many writers give each event one position, and a reader that follows never skips one', async () => {
      const events = 150;
      let writing = true;
      const followed: number[] = [];
      const seen = new Set<string>();
      const follow = async () => {
        let last = 0;
        while (writing || last < (await readHead(database.db))) {
          for (const event of (await readBatch(database.db, { after: last, limit: 7 })).events) {
            last = event.position;
            followed.push(last);
            seen.add(event.id);
          }
        }
      };
      const write = async (from: number) => {
        for (let n = from; n < from + events / 3; n += 1) {
          await commitEvent(database.owner, n);
          await sequence(database.db, NOW);
        }
      };
      const reading = follow();
      await Promise.all([write(0), write(1_000), write(2_000)]);
      writing = false;
      await reading;
      assert.deepEqual(followed, Array.from({ length: events }, (_, index) => index + 1));
      assert.equal(seen.size, events);
    });

    test('a sequencer whose connection is cut in the middle leaves the work to the next', async () => {
      await commitEvent(database.owner, 1);
      const cut = holdTransaction(database.owner, async (tx) => {
        await takeLock(tx);
        await sql`update outbox_event set position = 77, sequenced_at = now()`.execute(tx);
      });
      const held = await cut;
      const waiting = sequence(database.db, NOW);
      await sql`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and classid = ${NAMESPACE}`.execute(database.owner);
      assert.equal(await waiting, 1);
      await assert.rejects(held.commit());
      assert.deepEqual(await readNumbers(database), [[1, 1]]);
    });
  });
}
