import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from '@redis/client';
import { openSharedStore } from '#app/http/shared-store.ts';
import { createLog } from '#app/telemetry/log.ts';
import { until } from '#app/testing/condition.ts';
import { createRedis, findRedis } from '#app/testing/redis.ts';

const program = findRedis();
const skip = program === undefined && 'not run: no Valkey or Redis found';

test('its password is rotated: both are valid for a while, what stands goes on, and the next connection has the new one', { skip }, async (t) => {
  const server = await createRedis(program ?? '');
  await server.start();
  const owner = await createClient({ url: server.url }).connect();
  const change = async (...rules: readonly string[]) => owner.sendCommand(['ACL', 'SETUSER', 'service', ...rules]);
  await change('on', '+@all', '~*', '>canary/first');
  const addressOf = (password: string) => Object.assign(new URL(server.url), { username: 'service', password }).href;

  const lines: string[] = [];
  let address = addressOf('canary/first');
  const log = createLog({ level: 'trace', destination: { write: (line) => void lines.push(line) } });
  const store = openSharedStore(address, { log, currentUrl: (onProblem) => { onProblem('VALKEY_URL_FILE is empty'); return address; } });
  t.after(async () => {
    await store.close();
    // A client that is there when the server goes would be an error.
    owner.destroy();
    await server.stop();
  });
  // A busy machine may be slower than the store is allowed to be: asked until there is an answer.
  const connection = () => until('an answer', () => (store.client as typeof owner).sendCommand(['CLIENT', 'ID']).then(Number, () => undefined));
  await until('it to be connected', store.isReady);
  const first = await connection();

  await change('>canary/second');
  address = addressOf('canary/second');
  await change('<canary/first');
  assert.equal(await connection(), first, 'the connection that stands goes on');
  const killConnections = () => owner.sendCommand(['CLIENT', 'KILL', 'USER', 'service']);
  assert.equal(await killConnections(), 1);
  await until('another connection', async () => (await connection()) !== first);

  // Too early: the store has the next one, the file not yet.
  await change('>canary/third', '<canary/second');
  await killConnections();
  await until('a login to be refused', () => lines.some((line) => line.includes('WRONGPASS')));
  assert.equal(store.isReady(), false);
  address = addressOf('canary/third');
  await until('it to be connected again', store.isReady);
  assert.notEqual(await connection(), first);
  assert.ok(lines.some((line) => line.includes('VALKEY_URL_FILE is empty')));
  assert.deepEqual(lines.filter((line) => line.includes('canary')), []);
});
