import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { freePorts } from '#app/testing/ports.ts';

test('the ports differ, and each can be listened on', async (t) => {
  const ports = await freePorts(5);
  assert.equal(new Set(ports).size, 5);
  for (const port of ports) {
    const server = net.createServer();
    t.after(() => server.close());
    await once(server.listen(port, '127.0.0.1'), 'listening');
  }
});
