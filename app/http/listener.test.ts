import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { limitConnections } from '#app/http/connections.ts';
import { createListener, makeIdentity } from '#app/http/listener.ts';
import { resetSlowReaders } from '#app/http/slow-readers.ts';
import { answerSocketErrors } from '#app/http/socket-errors.ts';
import { type CloseServer, prepareClose } from '#app/shutdown.ts';
import { until } from '#app/testing/condition.ts';

const identity = await makeIdentity(new Date());
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
/** Far beyond what a test may take: who waits for it fails. */
const LONG_MS = 60_000;

interface Listening {
  readonly server: Server;
  readonly port: number;
  readonly close: CloseServer;
  readonly logLines: readonly string[];
  /** Connections, whether they have shaken hands or not. */
  readonly open: () => number;
}

async function listen(t: TestContext, answer: RequestListener, { prepare, handshakeMs }: { readonly prepare?: (server: Server) => void; readonly handshakeMs?: number } = {}): Promise<Listening> {
  const server = createListener({ keepAliveTimeout: LONG_MS }, identity, answer, handshakeMs);
  const logLines: string[] = [];
  answerSocketErrors(server, pino({ base: null }, { write: (line: string) => void logLines.push(line) }), {});
  prepare?.(server);
  const close = prepareClose(server);
  const wires = new Set<Socket>();
  server.on('connection', (wire) => {
    wires.add(wire);
    wire.once('close', () => wires.delete(wire));
  });
  t.after(() => {
    for (const wire of wires) wire.destroy();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { server, port: (server.address() as AddressInfo).port, close, logLines, open: () => wires.size };
}

const greet: RequestListener = (_request, response) => response.end('hello');

interface Client {
  readonly socket: tls.TLSSocket;
  readonly text: () => string;
  readonly closed: () => boolean;
}

/** Believes the certificate of this listener and of no other. */
async function shakeHands(t: TestContext, { port }: Listening, { reads = true, ...options }: tls.ConnectionOptions & { readonly reads?: boolean } = {}): Promise<Client> {
  const socket = tls.connect({ port, host: '127.0.0.1', ca: identity.cert, checkServerIdentity: () => undefined, ...options });
  t.after(() => socket.destroy());
  let [text, closed] = ['', false];
  socket.setEncoding('latin1').on('close', () => (closed = true));
  if (reads) socket.on('data', (chunk: string) => (text += chunk));
  await once(socket, 'secureConnect');
  socket.on('error', () => undefined);
  return { socket, text: () => text, closed: () => closed };
}

async function ask(listening: Listening): Promise<number | undefined> {
  const request = https.get({ port: listening.port, host: '127.0.0.1', agent: false, ca: identity.cert, checkServerIdentity: () => undefined });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

test('the certificate is signed by its own key, a new one each time, and good for a year', async () => {
  const now = new Date('2026-01-02T03:04:05.678Z');
  const [certificate, other] = (await Promise.all([makeIdentity(now), makeIdentity(now)])).map(({ cert }) => new X509Certificate(cert));
  assert.ok(certificate !== undefined && other !== undefined);
  assert.equal(certificate.verify(certificate.publicKey), true);
  assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  assert.deepEqual([certificate.validFromDate.toISOString(), certificate.validToDate.toISOString()], ['2026-01-01T03:04:05.000Z', '2027-01-02T03:04:05.000Z']);
  assert.notEqual(other.serialNumber, certificate.serialNumber);
  assert.equal(other.verify(certificate.publicKey), false);
});

test('without an identity it is plain HTTP', async (t) => {
  const server = createListener({}, undefined, greet);
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  assert.equal(await response.text(), 'hello');
});

test('ASVS 12.3.1, 12.3.3: TLS 1.3 with HTTP/1.1 is spoken; TLS 1.2, and who speaks HTTP/2 alone, is refused', async (t) => {
  const listening = await listen(t, greet);
  const { socket } = await shakeHands(t, listening, { ALPNProtocols: ['h2', 'http/1.1'] });
  assert.deepEqual([socket.getProtocol(), socket.alpnProtocol], ['TLSv1.3', 'http/1.1']);
  await assert.rejects(shakeHands(t, listening, { maxVersion: 'TLSv1.2' }), { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
  await assert.rejects(shakeHands(t, listening, { ALPNProtocols: ['h2'] }), { code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' });
  assert.equal(await ask(listening), 200);
});

for (const [what, bytes] of [
  ['plain HTTP', GET],
  ['what is neither', 'nonsense\r\n\r\n'],
  ['a handshake that is malformed', '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00'],
] as const) {
  test(`${what} gets no answer in plain text, its connection ends, one line tells of it, and the next client is served`, async (t) => {
    const reached: string[] = [];
    const listening = await listen(t, (request, response) => {
      reached.push(String(request.url));
      response.end();
    });
    const client = net.connect(listening.port, '127.0.0.1').setEncoding('latin1').on('error', () => undefined);
    let text = '';
    client.on('data', (chunk: string) => (text += chunk));
    client.write(bytes, 'latin1');
    await once(client, 'close');
    assert.doesNotMatch(text, /HTTP|hello/);
    // At most an alert record of TLS.
    assert.ok(text === '' || text.startsWith('\x15'), JSON.stringify(text));
    await until('the line', () => listening.logLines.length === 1);
    assert.match(listening.logLines[0] ?? '', /"code":"ERR_SSL_[A-Z_]+","msg":"TLS handshake failed"/);
    assert.deepEqual(reached, []);
    assert.equal(await ask(listening), 200);
  });
}

test('malformed HTTP gets its problem over TLS', async (t) => {
  const listening = await listen(t, greet);
  const client = await shakeHands(t, listening);
  client.socket.write('nonsense\r\n\r\n');
  await until('the end', client.closed);
  assert.match(client.text(), /^HTTP\/1\.1 400 [^]*malformed-request/);
});

test('CWE-400: who does not finish the handshake is sent away', async (t) => {
  const listening = await listen(t, greet, { handshakeMs: 100 });
  const client = net.connect(listening.port, '127.0.0.1');
  await once(client.resume(), 'close');
  assert.match(listening.logLines.join(), /"code":"ERR_TLS_HANDSHAKE_TIMEOUT"/);
});

test('CWE-400: a client that takes nothing is reset', async (t) => {
  const listening = await listen(t, (_request, response) => response.end(Buffer.alloc(24_000_000)), {
    prepare: (server) => {
      resetSlowReaders(server, { windowMs: 200, everyMs: 50 });
    },
  });
  const { socket } = await shakeHands(t, listening, { reads: false });
  socket.write(GET);
  await until('it to be gone', () => listening.open() === 0);
});

test('who has taken all stays', async (t) => {
  let looks = 0;
  const listening = await listen(t, greet, {
    prepare: (server) => {
      // Five looks take less than the window on a slow machine too.
      resetSlowReaders(server, { windowMs: 2_000, everyMs: 10, readUnacknowledged: () => ((looks += 1), Promise.resolve({ of: () => (looks < 5 ? 1 : 0) })) });
    },
  });
  const client = await shakeHands(t, listening);
  client.socket.write(GET);
  await until('several looks', () => looks >= 5);
  assert.match(client.text(), /hello$/);
  assert.equal(listening.open(), 1);
});

test('one address holds so many connections and no more, and all are counted', async (t) => {
  const metrics = new Registry();
  const listening = await listen(t, greet, {
    prepare: (server) => {
      limitConnections(server, { most: 10, mostOfAddress: 2 }, metrics);
    },
  });
  const first = await shakeHands(t, listening);
  await shakeHands(t, listening);
  await assert.rejects(shakeHands(t, listening));
  const read = async () => /^stockade_connections_open (\d+)$/m.exec(await metrics.metrics())?.[1];
  await until('two to be open', async () => (await read()) === '2');
  assert.match(await metrics.metrics(), /stockade_connections_refused_total\{limit="address"\} 1/);
  first.socket.destroy();
  await until('one to be open', async () => (await read()) === '1');
  await shakeHands(t, listening);
});

test('at the end idle connections and handshakes are closed at once, a request under way is answered, one that is coming in is waited for', { timeout: 30_000 }, async (t) => {
  const arrived = Promise.withResolvers<ServerResponse>();
  const listening = await listen(t, (request, response) => {
    if (request.url === '/slow') arrived.resolve(response);
    else response.end('hello');
  });
  const silent = net.connect(listening.port, '127.0.0.1');
  t.after(() => silent.destroy());
  const silentClosed = once(silent.resume(), 'close');
  const [unused, used, slow, half] = [await shakeHands(t, listening), await shakeHands(t, listening), await shakeHands(t, listening), await shakeHands(t, listening)];
  used.socket.write(GET);
  await until('the answer', () => used.text().endsWith('hello'));
  half.socket.write(GET.slice(0, -2));
  slow.socket.write(GET.replace('/', '/slow'));
  const response = await arrived.promise;

  const closed = listening.close(LONG_MS);
  await Promise.all([silentClosed, until('the idle ones to go', () => unused.closed() && used.closed())]);
  assert.deepEqual([slow.closed(), half.closed()], [false, false]);
  half.socket.write(GET.slice(-2));
  response.end('done');
  await closed;
  await until('the end', () => slow.closed() && half.closed());
  assert.match(slow.text(), /\r\nConnection: close\r\n[^]*done$/);
  assert.match(half.text(), /hello$/);
});

test('what does not end is cut at the drain time', { timeout: 30_000 }, async (t) => {
  const arrived = Promise.withResolvers<undefined>();
  const listening = await listen(t, () => {
    arrived.resolve(undefined);
  });
  const client = await shakeHands(t, listening);
  client.socket.write(GET);
  await arrived.promise;
  await listening.close(50);
  await until('the end', client.closed);
});
