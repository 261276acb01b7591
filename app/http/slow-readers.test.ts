import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type Server, type ServerResponse } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { resetSlowReaders, type SlowReaderOptions } from '#app/http/slow-readers.ts';
import { until } from '#app/testing/condition.ts';

const QUICK = { windowMs: 200, everyMs: 50 };
/** More than the system's buffers hold on a loopback device. */
const LARGE = Buffer.alloc(24_000_000);

async function serve(answer: (response: ServerResponse) => void, options: Partial<SlowReaderOptions>): Promise<{ readonly server: Server; readonly open: () => number; readonly ask: () => net.Socket }> {
  const server = http.createServer((_request, response) => {
    answer(response);
  });
  resetSlowReaders(server, { ...QUICK, ...options });
  let open = 0;
  server.on('connection', (socket) => {
    open += 1;
    socket.once('close', () => (open -= 1));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    server,
    open: () => open,
    ask: () => {
      const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined).pause();
      client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      return client;
    },
  };
}

const unknowable = { readUnacknowledged: () => Promise.resolve(undefined) };

for (const [what, body, options] of [
  ['in the process', LARGE, { ...unknowable, minBytesPerSecond: 1e9 }],
  ['in the process, as Linux tells', LARGE, {}],
  ['in the system’s buffers alone', Buffer.alloc(16), { readUnacknowledged: () => Promise.resolve({ of: () => 16 }) }],
] as const) {
  test(`CWE-400: a client that takes nothing is reset: its answer waits ${what}`, async () => {
    const { server, open, ask } = await serve((response) => response.end(body), options);
    const client = ask();
    try {
      await until('the connection to be there', () => open() === 1);
      const from = performance.now();
      await until('it to be gone', () => open() === 0);
      assert.ok(performance.now() - from > QUICK.windowMs / 2);
    } finally {
      client.destroy();
      server.close();
    }
  });
}

test('who has taken all stays, and so does who takes it slowly but steadily', async () => {
  let waiting = 10_000;
  const { server, open, ask } = await serve((response) => response.end(Buffer.alloc(16)), { minBytesPerSecond: 1, readUnacknowledged: () => Promise.resolve({ of: () => (waiting = Math.max(0, waiting - 500)) }) });
  const client = ask();
  try {
    await until('all to be taken', () => waiting === 0);
    assert.equal(open(), 1);
  } finally {
    client.destroy();
    server.close();
    server.closeAllConnections();
  }
});

test('a live stream and an upgraded connection are left to their own heartbeat', async () => {
  let looks = 0;
  const { server, open, ask } = await serve(
    (response) => {
      // As every answer has by then: only beside such a header are those of writeHead to be read again.
      response.setHeader('X-Request-Id', 'a');
      response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' }).write(LARGE);
    },
    { readUnacknowledged: () => ((looks += 1), Promise.resolve({ of: () => 1 })) },
  );
  server.on('upgrade', (_request, socket) => socket.on('error', () => undefined).write(LARGE));
  const stream = ask();
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined).pause();
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  // A third, which is looked at, shows that the time has passed.
  const third = net.connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined).pause();
  third.write('nonsense\r\n\r\n');
  try {
    await until('the others to be there', () => open() >= 2);
    const from = performance.now();
    await until('several windows to pass', () => performance.now() - from > 4 * QUICK.windowMs);
    assert.ok(open() >= 2, `${open()} after ${looks} looks`);
  } finally {
    for (const each of [stream, socket, third]) each.destroy();
    server.close();
    server.closeAllConnections();
  }
});
