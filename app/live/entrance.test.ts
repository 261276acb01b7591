import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type ClientOptions, WebSocket } from 'ws';
import { until } from '#app/testing/condition.ts';
import { openTestDatabase, type TestedDatabase } from '#app/testing/database.ts';
import { commitEvent, commitLargeEvents, type LiveServer, MOVED, numbersOf, SOURCE, startLive, subjectOf, truncateOutbox } from '#app/testing/live-fixtures.ts';
import { connectSse } from '#app/testing/sse-client.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const COOKIE = { cookie: 'user=clerk' };

interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: string;
}

function connectSocket(url: string, options: ClientOptions): { socket: WebSocket; messages: Record<string, unknown>[]; opened: Promise<Answer | 'open'>; closed: Promise<number> } {
  const socket = new WebSocket(url, options);
  const messages: Record<string, unknown>[] = [];
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as Record<string, unknown>));
  socket.on('error', () => undefined);
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  const opened = new Promise<Answer | 'open'>((resolve) => {
    socket.on('open', () => { resolve('open'); });
    socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => { resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'], body }); });
    });
  });
  return { socket, messages, opened, closed };
}

describe('entrance', () => {
  let database: TestedDatabase;
  let server: LiveServer;
  before(async () => {
    database = await openTestDatabase();
  });
  after(() => database.close());
  beforeEach(() => truncateOutbox(database.owner));
  afterEach(() => server.close());

  const publish = async (n: number, more?: Parameters<typeof commitEvent>[2]) => {
    await commitEvent(database.owner, n, more);
    server.live.wake();
  };

  test('the stream’s head arrives before any event, with what keeps proxies from collecting or storing it', async () => {
    server = await startLive(database);
    const client = await connectSse(server.streamUrl, COOKIE);
    assert.equal(client.status, 200);
    assert.equal(client.headers['content-type'], 'text/event-stream; charset=utf-8');
    assert.equal(client.headers['cache-control'], 'no-store, no-transform');
    assert.equal(client.headers['x-accel-buffering'], 'no');
    await until('the first bytes', () => client.parser.lastEventId === '0');
    assert.equal(client.parser.retryMs, 2_000);
    assert.equal(server.live.sessionCount, 1);
    client.close();
    await until('the session to be forgotten', () => server.live.sessionCount === 0);
  });

  test('an event arrives as a CloudEvent whose id is the position', async () => {
    server = await startLive(database);
    const client = await connectSse(server.streamUrl, COOKIE);
    await publish(7);
    const [event] = await client.count(1);
    assert.equal(event?.id, '1');
    assert.equal(event.event, MOVED);
    const cloudEvent = JSON.parse(event.data) as Record<string, unknown>;
    assert.equal(cloudEvent['specversion'], '1.0');
    assert.equal(cloudEvent['source'], SOURCE);
    assert.equal(cloudEvent['subject'], 'things/7');
    assert.deepEqual(cloudEvent['data'], { n: 7 });
    client.close();
  });

  test('heartbeats keep a quiet stream open', async () => {
    server = await startLive(database, { config: { heartbeatMs: 10 } });
    const client = await connectSse(server.streamUrl, COOKIE);
    await until('three beats', () => client.parser.comments >= 4);
    assert.equal(client.closed, false);
    client.close();
  });

  test('a page of another origin is refused, a request without a credential as well, and a HEAD leaves no session', async () => {
    server = await startLive(database);
    assert.equal((await connectSse(server.streamUrl, { ...COOKIE, origin: 'https://evil.example' })).status, 403);
    assert.equal((await connectSse(server.streamUrl, { ...COOKIE, accept: 'text/html' })).status, 406);
    assert.equal((await connectSse(server.streamUrl)).status, 401);
    const head = request(server.streamUrl, { method: 'HEAD', headers: COOKIE, agent: false }).end();
    const [response] = (await once(head, 'response')) as [{ statusCode: number }];
    assert.equal(response.statusCode, 200);
    assert.equal(server.live.sessionCount, 0);
  });

  test('ASVS 2.4.1: one person’s sessions and the process’s are limited (CWE-770)', async () => {
    server = await startLive(database, { limits: { sessions: 3, sessionsPerSubject: 2 }, names: ['clerk', 'viewer', 'manager'] });
    const clients = [await connectSse(server.streamUrl, COOKIE), await connectSse(server.streamUrl, COOKIE)];
    const tooMany = await connectSse(server.streamUrl, COOKIE);
    assert.equal(tooMany.status, 429);
    clients.push(await connectSse(server.streamUrl, { cookie: 'user=viewer' }));
    const full = await connectSse(server.streamUrl, { cookie: 'user=manager' });
    assert.equal(full.status, 503);
    assert.equal(full.headers['retry-after'], '5');
    for (const client of clients) client.close();
  });

  test('a socket is told where it stands, then gets events, and resumes from the position that it names', async () => {
    server = await startLive(database);
    await publish(1);
    await until('the first event', () => server.live.position() === 1);
    const first = connectSocket(server.socketUrl, { headers: { ...COOKIE, origin: SOURCE } });
    assert.equal(await first.opened, 'open');
    await until('the position', () => first.messages.length === 1);
    assert.deepEqual(first.messages, [{ id: 1 }]);
    await publish(2);
    await until('the event', () => first.messages.length === 2);
    assert.equal(first.messages[1]?.['id'], 2);
    const second = connectSocket(`${server.socketUrl}?lastEventId=0`, { headers: { authorization: 'Bearer clerk' } });
    await until('both events', () => second.messages.length === 2);
    assert.deepEqual(second.messages.map(({ id }) => id), [1, 2]);
    assert.deepEqual(second.messages[1], first.messages[1]);
    const third = connectSocket(`${server.socketUrl}?lastEventId=x`, { headers: { authorization: 'Bearer clerk' } });
    await until('the resync', () => third.messages.length === 1);
    assert.deepEqual(third.messages, [{ id: 2, resync: { reason: 'malformed' } }]);
    for (const { socket } of [first, second, third]) socket.close();
  });

  test('ASVS 4.4.2: an upgrade is refused before it is made: no credential 401, foreign or missing origin 403, another path 404', async () => {
    server = await startLive(database);
    const refusals: [string, ClientOptions, number][] = [
      [server.socketUrl, { headers: { origin: SOURCE } }, 401],
      [server.socketUrl, { headers: COOKIE }, 403],
      [server.socketUrl, { headers: { ...COOKIE, origin: 'https://evil.example' } }, 403],
      [server.socketUrl.replace('/api/v1/socket', '/elsewhere'), { headers: { ...COOKIE, origin: SOURCE } }, 404],
    ];
    for (const [url, options, status] of refusals) {
      const answer = await connectSocket(url, options).opened;
      assert.ok(answer !== 'open');
      assert.equal(answer.status, status);
      assert.equal(answer.type, 'application/problem+json');
      assert.equal((JSON.parse(answer.body) as { status: number }).status, status);
    }
    assert.equal(server.live.sessionCount, 0);
  });

  test('ASVS 16.3.1, 16.3.3: an upgrade that is refused is logged, with its reason and its id, and without the path', async () => {
    const logLines: string[] = [];
    server = await startLive(database, { logLines });
    for (const [url, headers] of [[server.socketUrl, { ...COOKIE, origin: 'https://evil.example' }], [server.socketUrl, { cookie: 'user=nobody', origin: SOURCE }], [server.socketUrl.replace('/api/v1/socket', '/canary'), { ...COOKIE, origin: SOURCE }]] as const) await connectSocket(url, { headers }).opened;
    const lines = logLines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === 'upgrade refused');
    assert.deepEqual(lines.map(({ route, status, problem }) => [route, status, problem]), [['/api/v1/socket', 403, 'foreign-origin'], ['/api/v1/socket', 401, 'invalid-token'], ['none', 404, 'not-found']]);
    assert.ok(lines.every(({ requestId }) => typeof requestId === 'string'));
    assert.ok(!logLines.join('').includes('canary'));
  });

  test('a client that sends anything, or too much, is closed', async () => {
    server = await startLive(database);
    const options = { headers: { ...COOKIE, origin: SOURCE } };
    const small = connectSocket(server.socketUrl, options);
    await small.opened;
    small.socket.send('hello');
    assert.equal(await small.closed, 1008);
    const large = connectSocket(server.socketUrl, options);
    await large.opened;
    large.socket.send(Buffer.alloc(2_000));
    assert.equal(await large.closed, 1009);
    await until('no session', () => server.live.sessionCount === 0);
  });

  test('a socket that does not answer a ping by the next beat is dropped, one that does stays', async () => {
    server = await startLive(database, { config: { heartbeatMs: 30 } });
    const options = { headers: { authorization: 'Bearer clerk' } };
    const alive = connectSocket(server.socketUrl, options);
    const mute = connectSocket(server.socketUrl, { ...options, autoPong: false });
    await Promise.all([alive.opened, mute.opened]);
    let pings = 0;
    alive.socket.on('ping', () => (pings += 1));
    assert.equal(await mute.closed, 1006);
    await until('more beats', () => pings >= 4);
    assert.equal(alive.socket.readyState, WebSocket.OPEN);
    alive.socket.close();
  });

  test('ASVS 1.4.3: a client that vanishes in the middle of its upgrade leaves nothing behind', async () => {
    server = await startLive(database);
    const { port } = new URL(server.url);
    for (let count = 0; count < 20; count += 1) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.write('GET /api/v1/socket HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer clerk\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n');
      socket.resetAndDestroy();
    }
    const last = await connectSse(server.streamUrl, COOKIE);
    await until('only the last session', () => server.live.sessionCount === 1);
    last.close();
  });

  test('a sign-out ends the open sessions at once, over both transports', async () => {
    server = await startLive(database);
    const stream = await connectSse(server.streamUrl, COOKIE);
    const socket = connectSocket(server.socketUrl, { headers: { ...COOKIE, origin: SOURCE } });
    await socket.opened;
    const other = await connectSse(server.streamUrl, { cookie: 'user=manager' });
    server.subjects.delete('clerk');
    server.live.recheck();
    assert.equal(await socket.closed, 4401);
    await until('the end of the stream', () => stream.closed);
    assert.deepEqual(stream.events.map(({ event, data }) => [event, data]), [['end', '{"reason":"signed-out"}']]);
    assert.deepEqual(socket.messages.at(-1), { end: { reason: 'signed-out' } });
    await publish(1);
    await other.count(1);
    assert.equal(server.revalidated.count < 10, true);
    other.close();
  });

  test('a session that was authenticated before a sign-out and opens after it does not stay', async () => {
    server = await startLive(database);
    server.signedOut.add('clerk');
    server.live.recheck();
    const client = await connectSse(server.streamUrl, COOKIE);
    await until('the end', () => client.closed);
    assert.equal(client.events[0]?.event, 'end');
  });

  test('a session ends when its credential expires, and one whose login was used since goes on', async () => {
    let nowMs = Date.now();
    server = await startLive(database, { config: { heartbeatMs: 20 }, clock: () => new Date(nowMs) });
    const soon = { expiresAt: new Date(nowMs + 1_000) };
    server.subjects.set('clerk', subjectOf('clerk', soon));
    server.subjects.set('manager', subjectOf('manager', { roles: ['manager'], ...soon }));
    const idle = await connectSse(server.streamUrl, COOKIE);
    const active = await connectSse(server.streamUrl, { cookie: 'user=manager' });
    await until('both', () => server.live.sessionCount === 2);
    server.subjects.set('manager', subjectOf('manager', { roles: ['manager'], expiresAt: new Date(nowMs + 60_000) }));
    nowMs += 990;
    const before = server.revalidated.count;
    await until('the check before the end', () => server.revalidated.count > before + 1);
    nowMs += 10;
    await until('the end', () => idle.closed);
    assert.deepEqual(idle.events.map(({ event, data }) => [event, data]), [['end', '{"reason":"expired"}']]);
    await publish(1);
    await active.count(1);
    assert.deepEqual(numbersOf(active.events), [1]);
    active.close();
  });

  test('a drain sends every session away at different times, and lets nobody in', async () => {
    server = await startLive(database, { names: Array.from({ length: 20 }, (_, index) => `user-${index}`) });
    const streams = await Promise.all([...server.subjects.keys()].map((name) => connectSse(server.streamUrl, { cookie: `user=${name}` })));
    const socket = connectSocket(server.socketUrl, { headers: { authorization: 'Bearer user-1' } });
    await socket.opened;
    await server.live.drain();
    assert.equal(server.live.sessionCount, 0);
    await until('the end of all streams', () => streams.every(({ closed }) => closed));
    const delays = streams.map(({ parser }) => parser.retryMs ?? 0);
    assert.ok(delays.every((ms) => ms >= 500 && ms <= 5_000), delays.join());
    assert.ok(new Set(delays).size > 10, delays.join());
    assert.ok(streams.every(({ events }) => events.at(-1)?.event === 'reconnect'));
    assert.equal(await socket.closed, 1012);
    assert.ok('reconnect' in (socket.messages.at(-1) ?? {}));
    assert.equal((await connectSse(server.streamUrl, { cookie: 'user=user-1' })).status, 503);
    const late = await connectSocket(server.socketUrl, { headers: { authorization: 'Bearer user-1' } }).opened;
    assert.ok(late !== 'open');
    assert.equal(late.status, 503);
  });

  test('a stalled client holds up nobody: the others get every event, its buffer stays bounded, and it is told to read again', async () => {
    server = await startLive(database, { config: { bufferLimit: 20 } });
    const stalled = await connectSse(server.streamUrl, COOKIE);
    const stalledSocket = connectSocket(server.socketUrl, { headers: { authorization: 'Bearer clerk' } });
    await stalledSocket.opened;
    const quick = await connectSse(server.streamUrl, { cookie: 'user=manager' });
    stalled.pause();
    stalledSocket.socket.pause();
    // 40 MB, more than the sockets of both ends take, so that the rest waits in the process.
    const events = 400;
    const before = process.memoryUsage().arrayBuffers;
    await commitLargeEvents(database.owner, events);
    server.live.wake();
    await quick.count(events);
    assert.deepEqual(numbersOf(quick.events), Array.from({ length: events }, (_, index) => index + 1));
    // Neither stalled session may keep more than its buffer and what its socket holds.
    await until('the events’ memory to come back', () => {
      collectGarbage();
      return process.memoryUsage().arrayBuffers - before < 6_000_000;
    });
    stalled.resume();
    stalledSocket.socket.resume();
    await until('the stream’s resync', () => stalled.events.at(-1)?.event === 'resync');
    await until('the socket’s resync', () => 'resync' in (stalledSocket.messages.at(-1) ?? {}));
    assert.ok(stalled.events.length < events, 'it had been told to read again');
    assert.equal(stalled.events.at(-1)?.id, String(events));
    await publish(events + 1);
    await until('the next event', () => numbersOf(stalled.events).at(-1) === events + 1);
    await until('the next message', () => stalledSocket.messages.at(-1)?.['id'] === events + 1);
    assert.match(await server.metrics.metrics(), /^stockade_live_resyncs_total\{reason="overflow"\} 2$/m);
    assert.match(await server.metrics.metrics(), /^stockade_live_drops_total\{reason="overflow"\} 2$/m);
    for (const client of [stalled, quick]) client.close();
    stalledSocket.socket.terminate();
  });

  test('a client that takes nothing for two beats is dropped', async () => {
    let nowMs = Date.now();
    server = await startLive(database, { config: { heartbeatMs: 25, bufferLimit: 5 }, clock: () => new Date(nowMs) });
    const stalled = await connectSse(server.streamUrl, COOKIE);
    stalled.pause();
    await commitLargeEvents(database.owner, 400);
    server.live.wake();
    await until('all events', () => server.live.position() === 400);
    assert.equal(server.live.sessionCount, 1);
    nowMs += 50;
    await until('it to be dropped', () => server.live.sessionCount === 0);
    stalled.close();
  });
});
