// The whole service where it speaks TLS itself: what holds for plain HTTP holds there too.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { WebSocket } from 'ws';
import type { Environment } from '#app/config.ts';
import { until } from '#app/testing/condition.ts';
import { startTestService, type TestService } from '#app/testing/service.ts';
import { connectSse } from '#app/testing/sse-client.ts';

/** Towards the service as AWS's load balancer: TLS, and any certificate; towards the test plain, so that its clients need know of nothing. */
async function startFront(t: TestContext): Promise<{ readonly url: string; towards: number }> {
  const sockets = new Set<Socket>();
  const front = { url: '', towards: 0 };
  const server = net.createServer((near) => {
    const far = tls.connect({ port: front.towards, host: '127.0.0.1', rejectUnauthorized: false });
    for (const [one, other] of [[near, far], [far, near]] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroySoon();
      });
      one.pipe(other);
    }
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  front.url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return front;
}

async function start(t: TestContext, environment: Environment = {}): Promise<TestService> {
  const front = await startFront(t);
  const service = await startTestService({ environment: { LISTEN_TLS: 'self-signed', PUBLIC_URL: front.url, ...environment } });
  t.after(() => service.close());
  front.towards = service.config.port;
  return service;
}

async function ask(port: number, path: string, headers: Readonly<Record<string, string>> = {}): Promise<readonly [status: number | undefined, body: string]> {
  const request = https.get({ host: '127.0.0.1', port, path, agent: false, headers, rejectUnauthorized: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return [response.statusCode, await text(response)];
}

/** All that comes for these bytes, sent without TLS. */
async function askPlainly(port: number): Promise<string> {
  const socket = net.connect(port, '127.0.0.1').setEncoding('latin1').on('error', () => undefined);
  let answer = '';
  socket.on('data', (chunk: string) => (answer += chunk));
  socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(socket, 'close');
  return answer;
}

test('ASVS 12.3.1, 12.3.3: with LISTEN_TLS service and admin listener speak TLS alone', async (t) => {
  const { config } = await start(t);
  assert.equal((await ask(config.port, '/.well-known/change-password'))[0], 404);
  assert.match((await ask(config.admin.port, '/livez'))[1], /alive/);
  assert.match((await ask(config.admin.port, '/metrics'))[1], /^stockade_connections_open /m);
  for (const { port } of [config, config.admin]) {
    assert.doesNotMatch(await askPlainly(port), /HTTP|alive/);
    await assert.rejects(once(tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion: 'TLSv1.2' }), 'secureConnect'), { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
  }
  assert.match((await ask(config.admin.port, '/livez'))[1], /alive/);
});

test('a person signs in, follows a stream and a socket over TLS; at the stop both are told when to reconnect, and closed', async (t) => {
  const service = await start(t);
  const viewer = await service.as('viewer');
  assert.equal((await viewer.fetch('/docs')).status, 200);
  const headers = { cookie: viewer.jar.read(service.url) };
  const stream = await connectSse(`${service.url}/api/v1/stream`, headers);
  const socket = new WebSocket(`${service.url.replace('http', 'ws')}/api/v1/socket`, { headers, origin: service.url });
  const messages: unknown[] = [];
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString('utf8'))));
  const closed = once(socket, 'close') as Promise<[number]>;
  await Promise.all([once(socket, 'open'), until('the stream', () => stream.parser.retryMs)]);

  const stopping = performance.now();
  await service.close();
  assert.ok(performance.now() - stopping < service.config.shutdown.drainTimeoutMs / 2);
  await until('the end of the stream', () => stream.closed);
  assert.equal(stream.events.at(-1)?.event, 'reconnect');
  const [code] = await closed;
  assert.equal(code, 1012);
  assert.deepEqual(Object.keys(messages.at(-1) ?? {}), ['reconnect']);
});

test('what reached the load balancer without TLS is refused, though the way from there is encrypted', async (t) => {
  const { config } = await start(t, { TRUSTED_PROXIES: '1', PUBLIC_URL: 'https://127.0.0.1:1' });
  const [status, body] = await ask(config.port, '/api/v1/stream', { 'x-forwarded-proto': 'http' });
  assert.equal(status, 403);
  assert.match(body, /tls-required/);
  assert.equal((await ask(config.port, '/api/v1/stream', { 'x-forwarded-proto': 'https' }))[0], 401);
});
