import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from 'pg';
import { pino } from 'pino';
import { Channels, Listener } from '#app/data/listener.ts';
import { testDatabases } from '#app/testing/database.ts';

const log = pino({ level: 'silent' });

test('a channel is forgotten with its last listener', () => {
  const channels = new Channels();
  const heard: string[] = [];
  const first = (payload: string) => heard.push(`first ${payload}`);
  const second = (payload: string) => heard.push(`second ${payload}`);
  channels.add('a', first);
  channels.add('a', second);
  assert.deepEqual([channels.remove('a', first), channels.names], [false, ['a']]);
  channels.deliver('a', '1');
  assert.deepEqual([channels.remove('a', second), channels.names], [true, []]);
  assert.equal(channels.remove('a', second), false);
  channels.deliver('a', '2');
  assert.deepEqual(heard, ['second 1']);
});

test('listening fails when there is no connection, and may be tried again', async () => {
  const listener = new Listener(() => new Client({ host: '127.0.0.1', port: 1, connectionTimeoutMillis: 1_000 }), log);
  await assert.rejects(listener.listen('a', () => undefined));
  await assert.rejects(listener.listen('a', () => undefined));
  await listener.close();
});

for (const engine of testDatabases().filter(({ name }) => name === 'PostgreSQL')) {
  test('PostgreSQL: it keeps trying while the server is away, and ends at once when it is closed meanwhile', async (t) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    const state = { connections: 0, away: false };
    const third = Promise.withResolvers<undefined>();
    const clients: Client[] = [];
    const listener = new Listener(() => {
      state.connections += 1;
      if (state.connections === 3) third.resolve(undefined);
      const client = new Client(state.away ? { host: '127.0.0.1', port: 1 } : { connectionString: database.url ?? '' });
      clients.push(client);
      return client;
    }, log);
    await listener.listen('a', () => undefined);
    state.away = true;
    await clients[0]?.end();
    await third.promise;
    await listener.close();
    await assert.rejects(listener.listen('b', () => undefined), { name: 'AbortError' });
  });
}
