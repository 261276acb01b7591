import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { frameText } from '#app/live/text-frame.ts';

test('a client reads each message as it was, at every form that its length takes', async (t) => {
  const texts = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000].map((length) => 'x'.repeat(length)).concat('Grüße, 世界 🚀', 'ü'.repeat(63));
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  server.on('connection', (_socket, { socket: stream }) => {
    for (const text of texts) stream.write(frameText(text));
  });
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  t.after(() => {
    client.terminate();
    server.close();
  });
  const received: string[] = [];
  client.on('message', (data: RawData, isBinary) => {
    assert.equal(isBinary, false);
    received.push((data as Buffer).toString());
    if (received.length === texts.length) client.emit('all');
  });
  await once(client, 'all');
  assert.deepEqual(received, texts);
});
