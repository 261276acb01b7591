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
  t.after(() => server.stop());
  const owner = await createClient({ url: server.url }).connect();
  t.after(() => { owner.destroy(); });
  const change = async (...rules: readonly string[]) => owner.sendCommand(['ACL', 'SETUSER', 'service', ...rules]);
  await change('on', '+@all', '~*', '>canary/first');
  const addressOf = (password: string) => Object.assign(new URL(server.url), { username: 'service', password }).href;

  const lines: string[] = [];
  let address = addressOf('canary/first');
  const log = createLog({ level: 'trace', destination: { write: (line) => void lines.push(line) } });
  const store = openSharedStore(address, { log, currentUrl: (onProblem) => { onProblem('VALKEY_URL_FILE is empty'); return address; } });
  t.after(store.close);
  const whoAmI = async () => (store.client as typeof owner).sendCommand(['ACL', 'WHOAMI']);
  await until('it to be connected', store.isReady);
  assert.equal(await whoAmI(), 'service');

  await change('>canary/second');
  address = addressOf('canary/second');
  await change('<canary/first');
  assert.equal(await whoAmI(), 'service', 'the connection that stands goes on');
  const killConnections = () => owner.sendCommand(['CLIENT', 'KILL', 'USER', 'service']);
  assert.equal(await killConnections(), 1);
  await until('the loss to be noticed and mended', async () => (await whoAmI().catch(() => '')) === 'service');

  // Too early: the store has the next one, the file not yet.
  await change('>canary/third', '<canary/second');
  await killConnections();
  await until('a login to be refused', () => lines.some((line) => line.includes('WRONGPASS')));
  assert.equal(store.isReady(), false);
  address = addressOf('canary/third');
  await until('it to be connected again', store.isReady);
  assert.equal(await whoAmI(), 'service');
  assert.ok(lines.some((line) => line.includes('VALKEY_URL_FILE is empty')));
  assert.deepEqual(lines.filter((line) => line.includes('canary')), []);
});
