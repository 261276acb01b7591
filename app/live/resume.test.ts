import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { Envelope } from '#app/live/cloud-event.ts';
import type { Gate } from '#app/lib/gate.ts';
import { leavePositionsBehind } from '#app/live/outbox.ts';
import { readLastEventId, resume } from '#app/live/resume.ts';
import { sequence } from '#app/live/sequencer.ts';
import { until } from '#app/testing/condition.ts';
import { testDatabases, type TestedDatabase } from '#app/testing/database.ts';
import { appendSample, commitEvent, createPaperSession, eventAt, type HeldTransaction, holdTransaction, type LiveServer, MOVED, numbersOf, SOURCE, startLive, subjectOf, truncateOutbox } from '#app/testing/live-fixtures.ts';
import { connectSse, type SseClient, type SseEvent } from '#app/testing/sse-client.ts';

const none = new URLSearchParams();

test('a position is read back as it was written, from the header or from the query', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (position) => {
      assert.equal(readLastEventId(String(position), none), position);
      assert.equal(readLastEventId(undefined, new URLSearchParams({ lastEventId: String(position) })), position);
    }),
  );
});

test('ASVS 1.4.2: anything else is a position beyond doubt, none, or malformed, and never throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom('-1', '1.0', '1e3', '0x10', '007', ' 7', '7 ', '9007199254740992', '99999999999999999999', '7,8', '٣')), (text) => {
      const read = readLastEventId(text, none);
      if (text === '') assert.equal(read, undefined);
      else assert.equal(read, String(Number(text)) === text && Number.isSafeInteger(Number(text)) && Number(text) >= 0 ? Number(text) : 'malformed');
    }),
  );
});

test('the header, which a reconnecting browser sends, goes before the query of the page’s first connection', () => {
  assert.equal(readLastEventId('9', new URLSearchParams('lastEventId=3')), 9);
  assert.equal(readLastEventId('', new URLSearchParams('lastEventId=3')), 3);
  assert.equal(readLastEventId(undefined, new URLSearchParams('lastEventId=3&lastEventId=4')), 'malformed');
  assert.equal(readLastEventId(undefined, none), undefined);
});

type Step =
  | { readonly kind: 'connect' | 'disconnect'; readonly client: number }
  /** So many events in one transaction. */
  | { readonly kind: 'commit'; readonly events: number }
  /** A transaction that writes now and ends with a later `end`, or at last. */
  | { readonly kind: 'hold' }
  | { readonly kind: 'end'; readonly which: number; readonly commit: boolean }
  /** Another tenant's event. */
  | { readonly kind: 'foreign' };

const CLIENTS = 3;
const client = fc.nat({ max: CLIENTS - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('connect' as const, 'disconnect' as const), client }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('commit' as const), events: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('hold' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat({ max: 2 }), commit: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('foreign' as const) }) },
);

/** A client that reconnects with the last id that it saw, and keeps everything that it was sent. */
class Follower {
  readonly seen: SseEvent[] = [];
  lastEventId = '0';
  #connection: SseClient | undefined;

  async connect(url: string): Promise<void> {
    this.#connection ??= await connectSse(url, { cookie: 'user=clerk', 'last-event-id': this.lastEventId });
  }
  disconnect(): void {
    if (this.#connection === undefined) return;
    this.#connection.close();
    this.seen.push(...this.#connection.events);
    this.lastEventId = this.#connection.parser.lastEventId || this.lastEventId;
    this.#connection = undefined;
  }
  numbers(): (number | string)[] {
    return numbersOf([...this.seen, ...(this.#connection?.events ?? [])]);
  }
}

for (const engine of testDatabases()) {
  describe(`resuming on ${engine.name}`, () => {
    let database: TestedDatabase;
    let server: LiveServer;
    before(async () => {
      database = await engine.open();
    });
    after(() => database.close());
    beforeEach(() => truncateOutbox(database.owner));
    afterEach(() => server.close());

    // PGlite has one connection: a transaction that is held would hold up everything.
    const mayHold = engine.name === 'PostgreSQL';

    async function play(steps: readonly Step[]): Promise<void> {
      const followers = Array.from({ length: CLIENTS }, () => new Follower());
      const held: { readonly transaction: HeldTransaction; readonly n: number }[] = [];
      const committed: number[] = [];
      let n = 0;
      const end = async (index: number, commit: boolean) => {
        const [taken] = held.splice(index, 1);
        if (taken === undefined) return;
        await (commit ? taken.transaction.commit() : taken.transaction.rollback());
        if (commit) committed.push(taken.n);
        server.live.wake();
      };
      for (const current of steps) {
        if (current.kind === 'connect') await followers[current.client]?.connect(server.streamUrl);
        else if (current.kind === 'disconnect') followers[current.client]?.disconnect();
        else if (current.kind === 'foreign') await commitEvent(database.owner, -1, { tenantId: 'globex' }).then(() => { server.live.wake(); });
        else if (current.kind === 'end') await end(current.which, current.commit);
        else if (current.kind === 'hold' && mayHold) {
          // One connection of the four must stay for the rest.
          if (held.length === 2) await end(0, true);
          const own = (n += 1);
          held.push({ n: own, transaction: await holdTransaction(database.owner, (tx) => appendSample(tx, own)) });
        } else {
          const count = current.kind === 'commit' ? current.events : 1;
          const numbers = Array.from({ length: count }, () => (n += 1));
          const transaction = await holdTransaction(database.owner, async (tx) => {
            for (const own of numbers) await appendSample(tx, own);
          });
          await transaction.commit();
          committed.push(...numbers);
          server.live.wake();
        }
      }
      while (held.length > 0) await end(0, true);
      for (const follower of followers) await follower.connect(server.streamUrl);
      await until('every client to have every event', () => followers.every((follower) => follower.numbers().length >= committed.length));
      const [first, ...others] = followers.map((follower) => follower.numbers());
      assert.ok(first);
      for (const other of others) assert.deepEqual(other, first, 'one order for all');
      assert.deepEqual(first.toSorted((a, b) => Number(a) - Number(b)), committed.toSorted((a, b) => a - b), 'each event once');
      for (const follower of followers) follower.disconnect();
    }

    test('a buffer that overflows while the past is read costs nothing: the rest is read from the database', async () => {
      server = await startLive(database);
      const state = { position: 0 };
      const { session, written } = createPaperSession(subjectOf(), new Set([MOVED]), { bufferLimit: 2, position: () => state.position });
      const publish = async (numbers: readonly number[]) => {
        for (const own of numbers) await commitEvent(database.owner, own);
        await sequence(database.db, new Date());
        for (const own of numbers) {
          state.position = own;
          session.deliver(new Envelope(eventAt(own), SOURCE));
        }
      };
      await publish([1, 2, 3]);
      let reads = 0;
      const gate: Gate = async (work) => {
        const result = await work();
        if ((reads += 1) === 1) await publish([4, 5, 6, 7]);
        return result;
      };
      await resume(session, 0, { db: database.db, gate, source: SOURCE, position: () => state.position, replayEvents: 100 });
      await publish([8]);
      // 1 to 3 were delivered live before the client resumed from 0.
      assert.deepEqual(written, [1, 2, 3, 1, 2, 3, 4, 5, 6, 7, 8]);
      assert.equal(reads, 2);
    });

    test('after a restore that lost events, whoever resumes from a lost one is told to read everything anew, even where others have its position by now', async () => {
      server = await startLive(database);
      const follow = (lastEventId: string) => connectSse(server.streamUrl, { cookie: 'user=clerk', 'last-event-id': lastEventId });
      const commit = async (numbers: readonly number[]) => {
        for (const own of numbers) await commitEvent(database.owner, own);
        server.live.wake();
      };
      const before = await follow('0');
      await commit([1, 2, 3]);
      const known = (await before.count(3)).map(({ id }) => Number(id));
      await server.close();
      await sql`delete from outbox_event where position > 1`.execute(database.owner);
      const left = await leavePositionsBehind(database.db);
      server = await startLive(database);
      await commit([4, 5, 6]);
      await until('the new events to have their positions', () => server.live.position() === left + 3);
      const again = await follow(String(known.at(-1)));
      const [told] = await again.count(1);
      assert.equal(told?.event, 'resync');
      await commit([7]);
      const events = await again.count(2);
      assert.deepEqual(numbersOf(events), ['resync', 7]);
      assert.ok(events.every(({ id }) => Number(id) > Math.max(...known)), 'no position is given twice');
      // As before: what was read since is resumed from.
      again.close();
      const later = await follow(events[0]?.id ?? '');
      assert.deepEqual(numbersOf(await later.count(1)), [7]);
      later.close();
      // Of whose tenant nothing is left.
      const elsewhere = createPaperSession(subjectOf('gus', { tenantId: 'globex' }), new Set([MOVED]), { position: () => server.live.position() });
      await resume(elsewhere.session, 2, { db: database.db, gate: (work) => work(), source: SOURCE, position: () => server.live.position(), replayEvents: 100 });
      assert.deepEqual(elsewhere.written.map((notice) => (typeof notice === 'number' ? notice : notice.kind)), ['resync']);
    });

    test('through any sequence of connections, losses, commits and rollbacks each client sees each event once, in one order', async () => {
      server = await startLive(database);
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
          await server.close();
          await truncateOutbox(database.owner);
          server = await startLive(database, { config: { bufferLimit: 3 } });
          await play(steps);
        }),
        { numRuns: mayHold ? 40 : 15 },
      );
    });
  });
}
