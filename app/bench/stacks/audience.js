// The listeners of the fan-out: thousands of raw connections from many loopback addresses, that only look when an event is whole.
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { percentile } from '../statistics.ts';

const CONNECT_AT_ONCE = 64;
const EVENT_DEADLINE_MS = 20_000;
/** RFC 6455, 5.5.3: an unmasked ping is answered with a masked pong; the mask of zeros is one. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
const EVENT = Buffer.from('"event"');
const SSE_EVENT = Buffer.from('\nevent: ');
const SSE_END = Buffer.from('\n\n');

let target;
let received = [];
let complete;
const sockets = [];
const faults = [];

process.on('message', (work) => {
  (work.kind === 'connect' ? connectAll(work) : publish(work)).then(
    (result) => process.send({ result }),
    (error) => process.send({ error: String(error?.stack ?? error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send('ready');

async function connectAll({ transport, origin, path, tokens, perToken, sessions }) {
  target = { ...hostOf(origin) };
  let next = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: CONNECT_AT_ONCE }, async () => {
      while (next < sessions) {
        const index = next++;
        await connect(transport, path, tokens[Math.floor(index / perToken)], index);
      }
    }),
  );
  return { sessions: sockets.length, seconds: (performance.now() - began) / 1_000 };
}

function hostOf(origin) {
  const { hostname, port } = new URL(origin);
  return { host: hostname, port: Number(port) };
}

function connect(transport, path, token, index) {
  return new Promise((resolve, reject) => {
    const localAddress = process.platform === 'linux' ? `127.${1 + (index % 4)}.${Math.floor(index / 4) % 250}.1` : undefined;
    const socket = net.connect({ ...target, localAddress });
    const own = transport === 'websocket' ? ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`] : ['Accept: text/event-stream'];
    socket.setNoDelay(true);
    socket.write([`GET ${path} HTTP/1.1`, `Host: ${target.host}:${target.port}`, `Authorization: Bearer ${token}`, ...own, '', ''].join('\r\n'));
    const read = transport === 'websocket' ? readFrames(socket) : readEvents();
    let head = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      if (head === undefined) return read(chunk);
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      const status = Number(head.subarray(9, 12));
      if (status !== (transport === 'websocket' ? 101 : 200)) return reject(new Error(`session ${index} was answered ${head.toString()}`));
      sockets.push(socket);
      const rest = head.subarray(end + 4);
      head = undefined;
      if (rest.length > 0) read(rest);
      resolve();
    });
    socket.on('error', reject);
    socket.on('close', () => faults.push(`session ${index} was closed`));
  });
}

/** Server frames: unmasked, one a message. */
function readFrames(socket) {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 2) {
      const short = rest[1] & 0x7f;
      const headLength = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (rest.length < headLength) return;
      const length = short === 127 ? Number(rest.readBigUInt64BE(2)) : short === 126 ? rest.readUInt16BE(2) : short;
      if (rest.length < headLength + length) return;
      const opcode = rest[0] & 0x0f;
      if (opcode === 9) socket.write(PONG);
      else if (opcode === 1 && rest.subarray(headLength, headLength + length).includes(EVENT)) arrived();
      rest = rest.subarray(headLength + length);
    }
  };
}

/** The chunks of HTTP are left in: an event is whole when its empty line is there. */
function readEvents() {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(SSE_END); end !== -1; end = rest.indexOf(SSE_END)) {
      if (rest.subarray(0, end).includes(SSE_EVENT)) arrived();
      rest = rest.subarray(end + SSE_END.length);
    }
  };
}

function arrived() {
  received.push(performance.now());
  if (received.length === sockets.length) complete?.();
}

/** One event: how long after its request was sent it was there, and how long after the first of all listeners. */
async function publish({ request }) {
  received = [];
  const whole = new Promise((resolve, reject) => {
    complete = resolve;
    setTimeout(() => reject(new Error(`only ${received.length} of ${sockets.length} got the event; ${faults.slice(0, 3).join(', ')}`)), EVENT_DEADLINE_MS).unref();
  });
  const sentAt = performance.now();
  const [response] = await Promise.all([fetch(request.url, request), whole]);
  await response.body?.cancel();
  if (response.status !== 201 || faults.length > 0) throw new Error(`the change was answered ${response.status}; ${faults.slice(0, 3).join(', ')}`);
  const first = Math.min(...received);
  const delays = received.map((at) => at - sentAt);
  const behindFirst = received.map((at) => at - first);
  return { received: received.length, p50Ms: percentile(delays, 0.5), p99Ms: percentile(delays, 0.99), firstMs: first - sentAt, spreadP50Ms: percentile(behindFirst, 0.5), spreadP99Ms: percentile(behindFirst, 0.99) };
}
