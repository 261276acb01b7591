import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http, { type IncomingMessage } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { WebSocket } from 'ws';
import { type Config, type Environment, parseConfig } from '#app/config.ts';
import { AppError } from '#app/errors.ts';
import { type Service, startService } from '#app/service.ts';
import { createLog } from '#app/telemetry/log.ts';
import { until } from '#app/testing/condition.ts';
import { openTestDatabase, type TestedDatabase } from '#app/testing/database.ts';
import { type HeldTransaction, holdTransaction } from '#app/testing/live-fixtures.ts';
import { freePorts } from '#app/testing/ports.ts';
import { createRedis, findRedis } from '#app/testing/redis.ts';
import { startTestService, type TestService } from '#app/testing/service.ts';
import { connectSse } from '#app/testing/sse-client.ts';

const PAGE = '/docs';

async function start(t: TestContext, environment: Environment = {}): Promise<TestService & { readonly cookie: string }> {
  const service = await startTestService({ environment });
  t.after(() => service.close());
  const { jar } = await service.as('viewer');
  return { ...service, cookie: jar.read(service.url) };
}

/** With the service itself in hand, and a provider that is not there. */
async function startBare(t: TestContext, environment: Environment = {}): Promise<Service & { readonly config: Config; readonly database: TestedDatabase; readonly logLines: readonly string[] }> {
  const [port, adminPort] = await freePorts(2);
  const config = parseConfig({ NODE_ENV: 'test', PORT: String(port), ADMIN_PORT: String(adminPort), OIDC_ISSUER: 'http://127.0.0.1:1', OIDC_CLIENT_ID: 'stockade', ...environment });
  const logLines: string[] = [];
  const log = createLog({ level: 'info', destination: { write: (line) => void logLines.push(line) } });
  const database = await openTestDatabase();
  const service = await startService(config, { log, database });
  t.after(() => service.stop());
  return { ...service, config, database, logLines };
}

/** Whoever asks who is signed in waits until it ends. */
function lockSessions({ database }: TestService): Promise<HeldTransaction> {
  return holdTransaction(database.owner, async (tx) => {
    await sql`lock table session in access exclusive mode`.execute(tx);
  });
}

interface RequestUnderWay {
  readonly answer: Promise<{ readonly status: number | undefined; readonly text: string }>;
  readonly settled: () => boolean;
}

/** Keeps its connection alive; resolves when the server has begun with it, which is what `100 Continue` says. */
async function begin(t: TestContext, { url, cookie }: { readonly url: string; readonly cookie: string }): Promise<RequestUnderWay> {
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => { agent.destroy(); });
  const request = http.get(url + PAGE, { agent, headers: { cookie, expect: '100-continue' } });
  let settled = false;
  const read = async () => {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
    return { status: response.statusCode, text };
  };
  const answer = read().finally(() => (settled = true));
  answer.catch(() => undefined);
  await once(request, 'continue');
  return { answer, settled: () => settled };
}

interface Readiness {
  readonly status: string;
  readonly parts: readonly { readonly name: string; readonly required: boolean; readonly status: string }[];
}

async function askReadiness(adminUrl: string): Promise<readonly [number, Readiness]> {
  const response = await fetch(`${adminUrl}/readyz`);
  return [response.status, (await response.json()) as Readiness];
}

async function isListening(port: number): Promise<boolean> {
  const probe = net.connect(port, '127.0.0.1');
  try {
    await once(probe, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    probe.destroy();
  }
}

/** What holds this process open, beyond what did `before`: the image from which the embedded databases of other tests began, for one. */
function keepsAlive(before: readonly string[] = []): readonly string[] {
  const known = [...before];
  return process.getActiveResourcesInfo().filter((name) => {
    const index = known.indexOf(name);
    if (index !== -1) known.splice(index, 1);
    return index === -1;
  });
}

function errorsOf(logLines: readonly string[]): readonly unknown[] {
  return logLines.map((line) => JSON.parse(line) as { level: number | string }).filter(({ level }) => level === 50 || level === 'error');
}

test('a service that is told to stop says so first and goes on serving, until the load balancer looks away', async (t) => {
  const service = await start(t, { SHUTDOWN_UNREADY_SECONDS: '2' });
  assert.equal((await askReadiness(service.adminUrl))[0], 200);
  const stopped = service.close();
  const [[status, readiness], served] = await Promise.all([askReadiness(service.adminUrl), fetch(service.url + PAGE)]);
  assert.deepEqual([status, readiness.status], [503, 'stopping']);
  assert.equal(served.status, 200);
  assert.equal(served.headers.get('connection'), 'close');
  await stopped;
});

test('while requests are under way the process is alive and lets nobody new in; they get their full answer, and their keep-alive is not waited for', async (t) => {
  const service = await start(t);
  const whole = await (await fetch(service.url + PAGE, { headers: { cookie: service.cookie } })).text();
  const locked = await lockSessions(service);
  const request = await begin(t, service);

  const stopping = performance.now();
  const stopped = service.close();
  await until('the port to be closed', async () => !(await isListening(service.config.port)));
  assert.equal((await fetch(`${service.adminUrl}/livez`)).status, 200);
  const [status, readiness] = await askReadiness(service.adminUrl);
  assert.deepEqual([status, readiness.status], [503, 'stopping']);
  assert.equal(request.settled(), false);

  await locked.commit();
  const { status: answered, text } = await request.answer;
  assert.equal(answered, 200);
  assert.equal(text, whole);
  await stopped;
  assert.ok(performance.now() - stopping < service.config.shutdown.drainTimeoutMs / 2);
  assert.deepEqual(errorsOf(service.logLines), []);
  for (const { port } of [service.config, service.config.admin]) assert.equal(await isListening(port), false);
});

test('open streams and sockets are told when to reconnect, and closed', async (t) => {
  const service = await start(t);
  const headers = { cookie: service.cookie };
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
  const last = stream.events.at(-1);
  assert.equal(last?.event, 'reconnect');
  // How the times are spread is shown by live/entrance.test.ts.
  assert.ok((stream.parser.retryMs ?? 0) > 0);
  assert.equal((JSON.parse(last.data) as { afterMs: number }).afterMs, stream.parser.retryMs);
  const [code] = await closed;
  assert.equal(code, 1012);
  assert.deepEqual(Object.keys(messages.at(-1) ?? {}), ['reconnect']);
});

test('a request that never ends is cut at the drain time, and the rest is stopped in order', async (t) => {
  const service = await start(t, { SHUTDOWN_DRAIN_SECONDS: '1' });
  const locked = await lockSessions(service);
  const request = await begin(t, service);
  const stopping = performance.now();
  const stopped = service.close();
  await assert.rejects(request.answer, { code: 'ECONNRESET' });
  const cutAfterMs = performance.now() - stopping;
  assert.ok(cutAfterMs > 900 && cutAfterMs < 3_000, `${cutAfterMs} ms`);
  await locked.rollback();
  await stopped;
  assert.deepEqual(errorsOf(service.logLines), []);
  await assert.rejects(service.database.check(1_000), 'the database is closed');
});

test('a stop ends at the deadline even if the database never answers, and names what was not finished', { timeout: 60_000 }, async (t) => {
  const service = await startBare(t, { SHUTDOWN_DRAIN_SECONDS: '1' });
  const locked = await holdTransaction(service.database.owner, async (tx) => {
    await sql`select 1`.execute(tx);
  });
  // Also where it fails: what it holds would keep the whole run waiting.
  t.after(async () => {
    await locked.rollback();
    await service.database.close().catch(() => undefined);
  });
  const stopping = performance.now();
  const unfinished = await service.stop();
  assert.ok(performance.now() - stopping < 9_000);
  assert.equal(unfinished.at(-1), 'database');
  assert.ok(!unfinished.includes('requests'));
  assert.equal(await service.stop(), unfinished, 'it stops once');
});

test('a start that fails half-way leaves nothing behind: no port, nothing that keeps the process alive, and the data folder is free', { timeout: 120_000 }, async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-service-'));
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  const [port = 0, providerPort = 0, adminPort = 0] = await freePorts(3);
  const ports = { PORT: port, PROVIDER_PORT: providerPort, ADMIN_PORT: adminPort };
  const config = parseConfig({ NODE_ENV: 'test', DATA_DIRECTORY: directory, ...Object.fromEntries(Object.entries(ports).map(([name, value]) => [name, String(value)])) });
  const logLines: string[] = [];
  const log = createLog({ level: 'info', destination: { write: (line) => void logLines.push(line) } });
  const startAll = () => startService(config, { log });

  for (const [setting, taken] of Object.entries(ports)) {
    const squatter = net.createServer();
    t.after(() => squatter.close());
    await once(squatter.listen(taken, '127.0.0.1'), 'listening');
    // The probes of freePorts are still closing.
    await until('the squatter alone', () => keepsAlive().filter((name) => name === 'TCPServerWrap').length === 1);
    const before = keepsAlive();
    await assert.rejects(startAll(), (error: unknown) => error instanceof AppError && error.message.includes(`set ${setting} to`), setting);
    for (const other of Object.values(ports)) assert.equal(await isListening(other), other === taken, `with ${setting} taken, port ${other}`);
    await until('nothing to be left', () => keepsAlive(before).length === 0);
    squatter.close();
    await once(squatter, 'close');
  }
  const service = await startAll();
  assert.deepEqual(service.parts.map(({ part }) => part), ['PostgreSQL', 'OpenID provider', 'Admin', 'Service']);
  assert.deepEqual(await service.stop(), []);
  assert.deepEqual(errorsOf(logLines), []);
});

test('readiness names the database that is gone, and takes the process out of service', async (t) => {
  const service = await startTestService();
  t.after(() => service.close());
  await service.database.close();
  assert.deepEqual(await askReadiness(service.adminUrl), [
    503,
    {
      status: 'not ready',
      parts: [
        { name: 'database', required: true, status: 'down' },
        { name: 'identity provider', required: false, status: 'up' },
      ],
    },
  ]);
  assert.equal((await fetch(`${service.adminUrl}/livez`)).status, 200);
});

test('without its identity provider the service starts, says that it is down, and stays in service', async (t) => {
  const { config, logLines } = await startBare(t);
  const [status, readiness] = await askReadiness(`http://127.0.0.1:${config.admin.port}`);
  assert.deepEqual([status, readiness.status], [200, 'ready']);
  assert.deepEqual(readiness.parts, [
    { name: 'database', required: true, status: 'up' },
    { name: 'identity provider', required: false, status: 'down' },
  ]);
  assert.equal(logLines.filter((line) => line.includes('the identity provider does not answer yet')).length, 1);
});

const redis = findRedis();
test('with VALKEY_URL the limits are counted in the store, and its state is among the metrics', { skip: redis === undefined && 'not run: neither valkey-server nor redis-server is on the PATH' }, async (t) => {
  const store = await createRedis(redis ?? '');
  await store.start();
  t.after(() => store.stop());
  const service = await startTestService({ environment: { VALKEY_URL: store.url } });
  t.after(() => service.close());
  const metrics = async () => (await fetch(`${service.adminUrl}/metrics`)).text();
  await until('the store to be used', async () => /^stockade_rate_limit_store_up 1$/m.test(await metrics()));
  assert.equal((await fetch(`${service.url}/docs`)).headers.get('ratelimit-policy'), '"address";q=100000000;w=60');
});
