import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test, type TestContext } from 'node:test';
import { Registry } from 'prom-client';
import { until } from '#app/testing/condition.ts';
import { SAMPLE_CONFIG, startSampleService } from '#app/testing/sample-service.ts';

async function start(t: TestContext, connections: { readonly idleMs?: number; readonly most?: number; readonly mostOfAddress?: number | undefined }) {
  const metrics = new Registry();
  const service = await startSampleService(() => Promise.resolve({ metrics, config: { ...SAMPLE_CONFIG, connections: { ...SAMPLE_CONFIG.connections, ...connections } } }));
  const sockets: net.Socket[] = [];
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await service.close();
  });
  const port = Number(new URL(service.origin).port);
  return {
    metrics,
    /** Connected, and answered once; or closed by the server. */
    connect: async (localAddress = '127.0.0.1'): Promise<net.Socket> => {
      const socket = net.connect({ port, host: '127.0.0.1', localAddress }).on('error', () => undefined);
      sockets.push(socket);
      socket.write('GET /docs HTTP/1.1\r\nHost: stockade.test\r\n\r\n');
      socket.resume();
      await new Promise((resolve) => socket.once('data', resolve).once('close', resolve));
      return socket;
    },
  };
}

const count = async (metrics: Registry, name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await metrics.metrics())?.[1]);

test('CWE-770: one address holds so many connections and no more, and another is served', async (t) => {
  const { connect, metrics } = await start(t, { mostOfAddress: 3 });
  const held = [await connect(), await connect(), await connect()];
  assert.deepEqual(held.map(({ destroyed }) => destroyed), [false, false, false]);
  assert.equal((await connect()).destroyed, true);
  assert.equal((await connect('127.0.0.2')).destroyed, false);
  assert.equal(await count(metrics, 'stockade_connections_refused_total\\{limit="address"\\}'), 1);
  held[0]?.destroy();
  await until('the place to be free', async () => (await count(metrics, 'stockade_connections_open')) === 3);
  assert.equal((await connect()).destroyed, false);
});

test('CWE-770: the process holds so many connections and no more, and those that it has are served on', async (t) => {
  const { connect, metrics } = await start(t, { most: 2 });
  const [first] = [await connect('127.0.0.1'), await connect('127.0.0.2')];
  assert.equal((await connect('127.0.0.3')).destroyed, true);
  assert.equal(await count(metrics, 'stockade_connections_refused_total\\{limit="process"\\}'), 1);
  first.write('GET /docs HTTP/1.1\r\nHost: stockade.test\r\n\r\n');
  await once(first, 'data');
});

test('an idle connection is kept as long as was set, and not as long as Node would (5 s and its margin)', async (t) => {
  const { connect } = await start(t, { idleMs: 500 });
  const socket = await connect();
  const from = performance.now();
  await once(socket, 'close');
  const keptMs = performance.now() - from;
  assert.ok(keptMs > 500 && keptMs < 4_500, `${keptMs} ms`);
});
