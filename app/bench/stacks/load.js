// The load generator of read and move: autocannon, with its connections spread over the loopback network.
import net from 'node:net';
import autocannon from 'autocannon';
import { percentile } from '../statistics.ts';

const connect = net.connect;
let address = 0;
// autocannon has no setting for the source; it asks net each time.
net.connect = (port, host) => {
  address = (address % 250) + 1;
  return connect({ port, host, ...(process.platform === 'linux' ? { localAddress: `127.0.1.${address}` } : {}) });
};

process.on('message', (work) => {
  run(work).then(
    (result) => process.send({ result }),
    (error) => process.send({ error: String(error?.stack ?? error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send('ready');

async function run({ origin, requests, connections, seconds, uniqueKeys }) {
  const durations = [];
  const statuses = {};
  let index = 0;
  const run = autocannon({
    url: origin,
    connections,
    duration: seconds,
    idReplacement: uniqueKeys,
    requests: requests.slice(0, 1),
    // Each connection has its own part of the list, and so its own subjects and rows.
    setupClient(client) {
      const share = requests.length / connections;
      client.setRequests(requests.slice(Math.floor(index * share), Math.floor((index + 1) * share)));
      index += 1;
    },
  });
  run.on('response', (_client, status, _bytes, duration) => {
    durations.push(duration);
    statuses[status] = (statuses[status] ?? 0) + 1;
  });
  const began = performance.now();
  const { errors, timeouts } = await run;
  const tookSeconds = (performance.now() - began) / 1_000;
  return { answers: durations.length, seconds: tookSeconds, errors, timeouts, statuses, p50Ms: percentile(durations, 0.5), p99Ms: percentile(durations, 0.99) };
}
