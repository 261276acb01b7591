import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { type CloseServer, prepareClose, shutDown } from '#app/shutdown.ts';
import { until } from '#app/testing/condition.ts';

const log = pino({ level: 'silent' });

test('steps run in order, and a failed one does not stop the next', async () => {
  const ran: string[] = [];
  const step = (name: string, fails = false) => ({
    name,
    run: () => {
      ran.push(name);
      return fails ? Promise.reject(new Error(name)) : Promise.resolve();
    },
  });
  const unfinished = await shutDown([step('one'), step('two', true), step('three')], { deadlineMs: 10_000, log });
  assert.deepEqual(ran, ['one', 'two', 'three']);
  assert.deepEqual(unfinished, ['two']);
});

test('a step that hangs ends at the deadline, and what came after it is named as unfinished', async () => {
  const hang = { name: 'hang', run: () => new Promise(() => undefined) };
  let ranLater = false;
  const later = { name: 'later', run: () => Promise.resolve((ranLater = true)) };
  assert.deepEqual(await shutDown([hang, later], { deadlineMs: 20, log }), ['hang', 'later']);
  assert.equal(ranLater, false);
});

test('the process lives until the deadline, even if what it waits for does not keep it alive', async () => {
  const program = `
    import { pino } from 'pino';
    import { shutDown } from '#app/shutdown.ts';
    const hang = { name: 'hang', run: () => new Promise(() => undefined) };
    void shutDown([hang], { deadlineMs: 20, log: pino({ level: 'silent' }) }).then((unfinished) => console.log(unfinished.join()));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { cwd: import.meta.dirname });
  assert.equal(stdout, 'hang\n');
});

interface Listening {
  readonly port: number;
  readonly server: http.Server;
  readonly close: CloseServer;
}

/** With Node's keep-alive of a minute, which no test here waits for. */
async function listen(t: TestContext, handle?: http.RequestListener): Promise<Listening> {
  const server = http.createServer({ keepAliveTimeout: 60_000 }, handle);
  const close = prepareClose(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, server, close };
}

interface RawClient {
  readonly socket: net.Socket;
  /** The server's end. */
  readonly peer: net.Socket;
  readonly text: () => string;
  readonly closed: () => boolean;
}

/** Sends these bytes, and waits until the server has read them. */
async function send(t: TestContext, { port, server }: Listening, bytes: string): Promise<RawClient> {
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const socket = net.connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  let [text, closed] = ['', false];
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => undefined).on('close', () => (closed = true));
  socket.write(bytes);
  const [peer] = await accepted;
  await until('the server to read', () => peer.bytesRead === bytes.length);
  return { socket, peer, text: () => text, closed: () => closed };
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
/** Far beyond what a test may take: who waits for it fails. */
const LONG_MS = 60_000;

test('a request under way is answered, told that the connection ends, and its keep-alive is not waited for', { timeout: 20_000 }, async (t) => {
  const arrived = Promise.withResolvers<http.ServerResponse>();
  const listening = await listen(t, (_request, response) => {
    arrived.resolve(response);
  });
  const client = await send(t, listening, GET);
  const response = await arrived.promise;
  const closed = listening.close(LONG_MS);
  response.end('done');
  await closed;
  await until('the end', client.closed);
  assert.match(client.text(), /\r\nConnection: close\r\n[^]*done$/);
});

test('an answer whose head is out when the close begins is finished, and its keep-alive is not waited for', { timeout: 20_000 }, async (t) => {
  const arrived = Promise.withResolvers<http.ServerResponse>();
  const listening = await listen(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 9 }).write('half');
    arrived.resolve(response);
  });
  const client = await send(t, listening, GET);
  const response = await arrived.promise;
  const closed = listening.close(LONG_MS);
  response.end(' done');
  await closed;
  await until('the end', client.closed);
  assert.match(client.text(), /half done$/);
});

test('an answer that a slow client is still reading is not cut short', { timeout: 20_000 }, async (t) => {
  // More than the sockets of both ends take.
  const size = 30_000_000;
  const listening = await listen(t, (_request, response) => void response.end(Buffer.alloc(size)));
  const socket = net.connect(listening.port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write(GET);
  await once(socket, 'readable');
  const closed = listening.close(LONG_MS);
  let received = 0;
  socket.on('data', ({ length }: Buffer) => (received += length));
  await Promise.all([closed, once(socket, 'end')]);
  assert.ok(received > size, `${received} bytes`);
});

test('idle connections are closed at once, also where a refusal overtook the body that it refused', { timeout: 20_000 }, async (t) => {
  const listening = await listen(t, (_request, response) => void response.end('done'));
  const unused = await send(t, listening, '');
  const used = await send(t, listening, GET);
  const refused = await send(t, listening, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n');
  await until('the answers', () => [used, refused].every(({ text }) => text().endsWith('done')));
  const before = refused.peer.bytesRead;
  refused.socket.write('body');
  await until('the body', () => refused.peer.bytesRead === before + 4);
  await listening.close(LONG_MS);
  await until('the end', () => [unused, used, refused].every(({ closed }) => closed()));
});

test('a request whose head is still coming in is waited for', { timeout: 20_000 }, async (t) => {
  const listening = await listen(t, (_request, response) => void response.end('done'));
  const client = await send(t, listening, GET.slice(0, -2));
  const closed = listening.close(LONG_MS);
  client.socket.write(GET.slice(-2));
  await closed;
  await until('the end', client.closed);
  assert.match(client.text(), /done$/);
});

for (const [what, bytes] of [
  ['a request that never ends', GET],
  ['a head that never ends', GET.slice(0, -2)],
  ['a connection that was upgraded', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
] as const) {
  test(`${what} is cut at the drain time`, { timeout: 20_000 }, async (t) => {
    const listening = await listen(t, () => undefined);
    listening.server.on('upgrade', (_request, stream) => stream.on('error', () => undefined));
    const client = await send(t, listening, bytes);
    const closed = listening.close(50);
    assert.equal(client.closed(), false);
    await closed;
    await until('the cut', client.closed);
  });
}

test('a server that does not listen can not be closed', async () => {
  await assert.rejects(prepareClose(http.createServer())(LONG_MS), { code: 'ERR_SERVER_NOT_RUNNING' });
});
