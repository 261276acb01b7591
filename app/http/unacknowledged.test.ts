import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { parseTable, readUnacknowledged } from '#app/http/unacknowledged.ts';
import { until } from '#app/testing/condition.ts';

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

test('of IPv4, IPv6 and mapped peers, those that have not taken everything are named as Node names them', () => {
  const table = [
    '   0: 0100007F:1F90 0200000A:C001 01 00000A00:00000000 00:00000000 00000000     0        0 1 1 0 20 0 0 10 -1',
    '   1: 0100007F:1F90 0300000A:C002 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0 20 0 0 10 -1',
    '   2: 0100007F:1F91 0400000A:C003 01 00000A00:00000000 00:00000000 00000000     0        0 1 1 0 20 0 0 10 -1',
    '   3: 00000000000000000000000001000000:1F90 B80D0120000000000000000001000000:C004 01 00000001:00000000 00:00000000',
    '   4: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000500000A:C005 08 00000002:00000000 00:00000000',
  ].join('\n');
  assert.deepEqual(parseTable(`${HEAD}${table}\n`, 8_080), [
    ['10.0.0.2 49153', 2_560],
    ['2001:db8::1 49156', 1],
    ['::ffff:10.0.0.5 49157', 2],
  ]);
  assert.deepEqual(parseTable('what it was before Linux 2', 8_080), []);
});

for (const host of ['127.0.0.1', '::1', '::']) {
  test(`a peer that reads nothing is seen on ${host}`, { skip: process.platform === 'linux' ? false : 'only Linux tells' }, async () => {
    const accepted: net.Socket[] = [];
    const server = net.createServer((socket) => {
      accepted.push(socket);
      socket.on('error', () => undefined);
      socket.write(Buffer.alloc(8_000_000));
    });
    await once(server.listen(0, host), 'listening');
    const { port } = server.address() as AddressInfo;
    const client = net.connect(port, host === '::' ? '127.0.0.1' : host).pause();
    try {
      const waiting = await until('the system to hold some of it', async () => {
        const [socket] = accepted;
        const unacknowledged = await readUnacknowledged(port);
        return socket !== undefined && (unacknowledged?.of(socket) ?? 0) > 0 && unacknowledged?.of(socket);
      });
      assert.ok(waiting < 8_000_000);
      assert.equal((await readUnacknowledged(port))?.of({ remoteAddress: '192.0.2.1', remotePort: 1 }), 0);
    } finally {
      client.destroy();
      server.close();
    }
  });
}
