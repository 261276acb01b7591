import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { createFeed } from '#app/live/feed.ts';
import { purgeEvents } from '#app/live/retention.ts';
import { sequence } from '#app/live/sequencer.ts';
import { until } from '#app/testing/condition.ts';
import { testDatabases, type TestedDatabase } from '#app/testing/database.ts';
import { commitEvent, truncateOutbox } from '#app/testing/live-fixtures.ts';

const NOW = new Date();
const LATER = new Date(NOW.getTime() + 1);

for (const engine of testDatabases()) {
  describe(`feed on ${engine.name}`, () => {
    let database: TestedDatabase;
    before(async () => {
      database = await engine.open();
    });
    after(() => database.close());
    beforeEach(() => truncateOutbox(database.owner));

    async function follow() {
      const delivered: number[] = [];
      let gaps = 0;
      const feed = await createFeed({
        db: database.db,
        deliver: ({ position }) => delivered.push(position),
        onGap: () => (gaps += 1),
        log: pino({ level: 'silent' }),
      });
      return { feed, delivered, gaps: () => gaps };
    }
    const publish = async (n: number) => {
      await commitEvent(database.owner, n);
      await sequence(database.db, NOW);
    };

    test('hands on what comes after its start, once and in order, over many batches', async () => {
      await publish(1);
      const { feed, delivered } = await follow();
      assert.equal(feed.position(), 1);
      await sql`insert into outbox_event (tenant_id, id, position, sequenced_at, type, subject, actor, occurred_at, data)
        select 'acme', gen_random_uuid(), n, now(), 't', 's', 'a', now(), '{}' from generate_series(2, 1201) as n`.execute(database.owner);
      feed.pull();
      feed.pull();
      await until('the last event', () => feed.position() === 1_201);
      feed.pull();
      await feed.stop();
      assert.deepEqual(delivered, Array.from({ length: 1_200 }, (_, index) => index + 2));
    });

    test('a reader that slept while retention removed what it had not read says so, and goes on from now', async () => {
      const { feed, delivered, gaps } = await follow();
      await publish(1);
      await publish(2);
      await purgeEvents(database.db, LATER);
      await publish(3);
      feed.pull();
      await until('the gap', () => gaps() === 1);
      assert.equal(feed.position(), 3);
      await publish(4);
      feed.pull();
      await until('the next event', () => delivered.length === 1);
      await feed.stop();
      assert.deepEqual(delivered, [4]);
      assert.equal(gaps(), 1);
    });

    test('a database that went back in time (a restored backup) does not silence the reader', async () => {
      await publish(1);
      await publish(2);
      const { feed, delivered, gaps } = await follow();
      await truncateOutbox(database.owner);
      feed.pull();
      await until('the gap', () => gaps() === 1);
      await publish(1);
      feed.pull();
      await until('the next event', () => delivered.length === 1);
      await feed.stop();
    });
  });
}
