import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { openDatabase } from '#app/data/database.ts';
import { readBatch } from '#app/live/outbox.ts';
import { until } from '#app/testing/condition.ts';
import { testDatabases, type TestedDatabase } from '#app/testing/database.ts';
import { appendSample, commitEvent, holdTransaction, type LiveServer, numbersOf, PRICED, startLive, subjectOf, truncateOutbox } from '#app/testing/live-fixtures.ts';
import { connectSse } from '#app/testing/sse-client.ts';

const CLERK = { cookie: 'user=clerk' };
const MANAGER = { cookie: 'user=manager' };

for (const engine of testDatabases()) {
  describe(`live on ${engine.name}`, () => {
    let database: TestedDatabase;
    let server: LiveServer;
    before(async () => {
      database = await engine.open();
    });
    after(() => database.close());
    beforeEach(() => truncateOutbox(database.owner));
    afterEach(() => server.close());

    const publish = async (n: number, more?: Parameters<typeof commitEvent>[2]) => {
      await commitEvent(database.owner, n, more);
      server.live.wake();
    };
    const connect = (headers: Record<string, string> = CLERK, after?: number | string) => connectSse(`${server.streamUrl}${after === undefined ? '' : `?lastEventId=${after}`}`, headers);

    test('every session of the tenant sees a change, and none of another tenant', async () => {
      server = await startLive(database, { names: ['clerk', 'manager', 'stranger'] });
      server.subjects.set('stranger', subjectOf('stranger', { tenantId: 'globex' }));
      const clerk = await connect();
      const manager = await connect(MANAGER);
      const stranger = await connect({ cookie: 'user=stranger' });
      await publish(1);
      await publish(2, { type: PRICED });
      await publish(3, { tenantId: 'globex' });
      await publish(4);
      await until('all', () => manager.events.length === 3 && clerk.events.length === 2 && stranger.events.length === 1);
      assert.deepEqual(numbersOf(manager.events), [1, 2, 4]);
      assert.deepEqual(numbersOf(clerk.events), [1, 4]);
      assert.deepEqual(numbersOf(stranger.events), [3]);
      for (const client of [clerk, manager, stranger]) client.close();
    });

    test('what a crashed writer committed and never announced is delivered by the next poll', async () => {
      server = await startLive(database, { config: { pollMs: 20 } });
      const client = await connect();
      await commitEvent(database.owner, 1);
      await client.count(1);
      client.close();
    });

    test('it stops its work when the database can not be told that nobody listens any more', async () => {
      server = await startLive({ ...database, listen: () => Promise.resolve(() => Promise.reject(new Error('gone'))) });
      const client = await connect();
      await server.live.close();
      await until('the stream to end', () => client.closed);
    });

    test('what was committed before the process started is sequenced at its start', async () => {
      await commitEvent(database.owner, 1);
      server = await startLive(database);
      await until('the position', () => server.live.position() === 1);
    });

    test('a client that resumes gets what it missed and then what comes, once', async () => {
      server = await startLive(database);
      const first = await connect();
      await publish(1);
      await first.count(1);
      first.close();
      await publish(2);
      await publish(3, { tenantId: 'globex' });
      await publish(4);
      const second = await connectSse(server.streamUrl, { ...CLERK, 'last-event-id': first.parser.lastEventId });
      await second.count(2);
      await publish(5);
      await second.count(3);
      assert.deepEqual(numbersOf(second.events), [2, 4, 5]);
      second.close();
    });

    test('a client that was sent nothing yet resumes from where it subscribed', async () => {
      server = await startLive(database);
      await publish(1);
      await until('the event', () => server.live.position() === 1);
      const first = await connect();
      await until('the position', () => first.parser.lastEventId === '1');
      first.close();
      await publish(2);
      const second = await connect(CLERK, first.parser.lastEventId);
      await second.count(1);
      assert.deepEqual(numbersOf(second.events), [2]);
      second.close();
    });

    test('a page that reads the position before its data has no gap between the two', async () => {
      server = await startLive(database);
      const position = server.live.position();
      await publish(1);
      await until('the event', () => server.live.position() === 1);
      const client = await connect(CLERK, position);
      await client.count(1);
      client.close();
    });

    test('more than one batch is replayed, and what happens meanwhile follows in order', async () => {
      server = await startLive(database, { config: { bufferLimit: 5 } });
      for (let n = 1; n <= 450; n += 1) await commitEvent(database.owner, n);
      server.live.wake();
      await until('the events', () => server.live.position() === 450);
      const client = await connect(CLERK, 0);
      for (let n = 451; n <= 500; n += 1) await publish(n);
      await client.count(500);
      assert.deepEqual(numbersOf(client.events), Array.from({ length: 500 }, (_, index) => index + 1));
      client.close();
    });

    test('a position that is malformed, from the future, purged or too far back makes the client read again and go on from now', async () => {
      const clock = { ms: Date.now() };
      server = await startLive(database, { config: { retentionMs: 1_000 }, limits: { replayEvents: 3 }, clock: () => new Date(clock.ms) });
      for (const n of [1, 2, 3]) await publish(n);
      await until('three events', () => server.live.position() === 3);
      const reasonOf = async (position: string) => {
        const client = await connectSse(server.streamUrl, { ...CLERK, 'last-event-id': position });
        const [event] = await client.count(1);
        client.close();
        assert.equal(event?.event, 'resync');
        assert.equal(event.id, String(server.live.position()));
        return (JSON.parse(event.data) as { reason: string }).reason;
      };
      assert.equal(await reasonOf('-1'), 'malformed');
      assert.equal(await reasonOf('999'), 'unknown');
      await publish(4);
      await until('four events', () => server.live.position() === 4);
      assert.equal(await reasonOf('0'), 'too-far');
      // The purge runs by itself.
      clock.ms += 2_000;
      await until('the purge', async () => (await readBatch(database.db, { after: 0, tenantId: 'acme', limit: 1 })).horizon === 4);
      assert.equal(await reasonOf('1'), 'too-old');
      const client = await connect(CLERK, 4);
      await publish(5);
      await client.count(1);
      assert.deepEqual(numbersOf(client.events), [5]);
      client.close();
    });

    test('close ends sessions and timers, and may come twice', async () => {
      server = await startLive(database, { config: { pollMs: 5, heartbeatMs: 5 } });
      const client = await connect();
      await server.live.close();
      await until('the stream’s end', () => client.closed);
      server.live.wake();
      server.live.recheck();
      assert.equal(server.live.sessionCount, 0);
    });

    if (engine.name === 'PGlite') return;

    test('a transaction held open neither loses its event nor holds up others, also for a client that resumes in between', async () => {
      server = await startLive(database);
      const client = await connect();
      const held = await holdTransaction(database.owner, (tx) => appendSample(tx, 1));
      await publish(2);
      await client.count(1);
      assert.deepEqual(numbersOf(client.events), [2]);
      client.close();
      const resumed = await connect(CLERK, client.parser.lastEventId);
      await until('the session', () => server.live.sessionCount === 1);
      await publish(3);
      await resumed.count(1);
      await held.commit();
      server.live.wake();
      await resumed.count(2);
      assert.deepEqual(numbersOf(resumed.events), [3, 1]);
      assert.deepEqual(resumed.events.map(({ id }) => id), ['2', '3']);
      resumed.close();
    });

    test('two processes: an event written by one is delivered by the other, and a killed one’s by whoever polls', async () => {
      const children = [await startProcess(database.url), await startProcess(database.url)] as const;
      server = await startLive(database, { config: { pollMs: 50 } });
      try {
        const clients = await Promise.all(children.map(({ streamUrl }) => connectSse(streamUrl, CLERK)));
        await children[0].write(1, true);
        await Promise.all(clients.map((client) => client.count(1)));
        await children[1].write(2, true);
        await Promise.all(clients.map((client) => client.count(2)));
        for (const client of clients) assert.deepEqual(numbersOf(client.events), [1, 2]);
        // Killed after its commit and before it told anybody.
        await children[0].write(3, false);
        children[0].child.kill('SIGKILL');
        await clients[1]?.count(3);
        await until('the first client to lose its connection', () => clients[0]?.closed);
        const resumed = await connect(CLERK, clients[0]?.parser.lastEventId);
        await resumed.count(1);
        assert.deepEqual(numbersOf(resumed.events), [3]);
        for (const client of [resumed, ...clients]) client.close();
      } finally {
        for (const { child } of children) if (child.connected) child.disconnect();
      }
    });

    test('a sign-out in one process ends the sessions of another', async () => {
      server = await startLive(database);
      const second = await openDatabase({ kind: 'server', url: database.url ?? '', poolSize: 2 }, { log: pino({ level: 'silent' }) });
      const other = await startLive(second);
      try {
        const client = await connectSse(other.streamUrl, CLERK);
        other.subjects.delete('clerk');
        server.live.recheck();
        await until('the end', () => client.closed);
        assert.equal(client.events.at(-1)?.event, 'end');
      } finally {
        await other.close();
        await second.close();
      }
    });
  });
}

async function startProcess(url: string | undefined): Promise<{ child: ChildProcess; streamUrl: string; write(n: number, wake: boolean): Promise<void> }> {
  const child = fork(fileURLToPath(new URL('../testing/live-process.ts', import.meta.url)), [url ?? ''], { execArgv: ['--disable-warning=ExperimentalWarning'] });
  const [ready] = (await once(child, 'message')) as [{ streamUrl: string }];
  return {
    child,
    streamUrl: ready.streamUrl,
    async write(n, wake) {
      child.send({ write: n, wake });
      await once(child, 'message');
    },
  };
}
