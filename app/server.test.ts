import assert from 'node:assert/strict';
import { on, once } from 'node:events';
import { after, before, test } from 'node:test';
import { Registry } from 'prom-client';
import { WebSocket } from 'ws';
import { createOpenApi } from '#app/http/openapi.ts';
import { createLive, type Live } from '#app/live/live.ts';
import { createRoutes } from '#app/server.ts';
import { createLog } from '#app/telemetry/log.ts';
import { expectProblem } from '#app/testing/problem.ts';
import { createSampleFeature } from '#app/testing/sample-feature.ts';
import { type SampleService, startSampleService } from '#app/testing/sample-service.ts';

let service: SampleService;
before(async () => {
  service = await startSampleService();
});
after(() => service.close());

test('every route of the API is in its documentation, and every documented operation is a route', () => {
  const router = createRoutes(service.parts);
  const routed = router.stack.filter(({ path }) => typeof path === 'string' && path.startsWith('/api/')).flatMap(({ path, methods }) => methods.filter((method) => method !== 'HEAD').map((method) => `${method} ${String(path).replaceAll(/:(\w+)/g, '{$1}')}`));
  const { paths } = createOpenApi(service.parts.features, 'http://provider.test');
  const documented = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
  assert.ok(routed.length >= 7);
  assert.deepEqual([...routed].sort(), documented.sort());
});

test('a query answers its JSON with an ETag, and 304 to who has it', async () => {
  const response = await service.send('/api/v1/notes/a-1', { as: 'viewer' });
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { id: 'a-1', text: 'first', version: 1 });
  assert.equal(response.headers.get('etag'), '"1"');
  assert.equal(response.headers.get('cache-control'), 'no-store');
  const again = await service.send('/api/v1/notes/a-1', { as: 'viewer', headers: { 'if-none-match': 'W/"0", W/"1"' } });
  assert.equal(again.status, 304);
  const changed = await service.send('/api/v1/notes/a-1', { as: 'viewer', headers: { 'if-none-match': '"2"' } });
  assert.equal(changed.status, 200);
});

test('a HEAD has the headers of the GET and no body', async () => {
  const response = await service.send('/api/v1/notes/a-1', { method: 'HEAD', as: 'viewer' });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('etag'), '"1"');
  assert.equal(response.headers.get('content-length'), String(JSON.stringify({ id: 'a-1', text: 'first', version: 1 }).length));
  assert.equal(await response.text(), '');
  const missing = await service.send('/api/v1/notes/no', { method: 'HEAD', as: 'viewer' });
  assert.equal(missing.status, 404);
  assert.equal(missing.headers.get('content-type'), 'application/problem+json');
});

test('ASVS 13.4.5: health and figures are at the operator’s listener, and not here, for anybody', async () => {
  for (const path of ['/metrics', '/livez', '/readyz', '/healthz', '/debug', '/status', '/api/v1/metrics']) {
    for (const options of [{}, { as: 'clerk' }]) assert.equal((await service.send(path, options)).status, 404, path);
  }
});

test('ASVS 13.4.4: TRACE is refused everywhere, and nothing of the request comes back', async () => {
  for (const path of ['/', '/docs', '/notes', '/api/v1/notes/a-1', '/openapi.json']) {
    const answer = await service.sendRaw(`TRACE ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer clerk\r\nX-Canary: canary\r\nConnection: close\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 405 /, path);
    assert.ok(!answer.includes('canary') && !answer.includes('message/http'), path);
  }
});

test('ASVS 14.2.5: what ends like a file is no other name of a page, and no cache keeps its answer', async () => {
  for (const path of ['/notes/x.css', '/notes.css', '/notes;x.css', '/notes%2Fx.css', '/notes/%0ax.js', '/api/v1/notes/a-1.json', '/account/sessions/x.png', '/docs/x.css']) {
    const answer = await service.send(path, { headers: { cookie: 'session=clerk' } });
    assert.ok([400, 401, 404].includes(answer.status), `${path} ${answer.status}`);
    assert.equal(answer.headers.get('cache-control'), 'no-store', path);
    assert.ok(!(await answer.text()).includes('The clerk, you'), path);
  }
});

test('without a page at the root, the root leads to the documentation', async () => {
  const response = await service.send('/');
  assert.equal(response.status, 303);
  assert.equal(response.headers.get('location'), '/docs');
});

test('the stream is for who is known; its HEAD opens none', async () => {
  assert.equal((await service.send('/api/v1/stream')).status, 401);
  const stream = await service.send('/api/v1/stream', { as: 'viewer', headers: { accept: 'text/event-stream' } });
  assert.equal(await stream.text(), ': for viewer\n\n');
  assert.equal((await service.send('/api/v1/stream', { method: 'HEAD', as: 'viewer' })).headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const plain = await service.send('/api/v1/socket', { as: 'viewer' });
  assert.equal(plain.headers.get('upgrade'), 'websocket');
  await expectProblem(plain, 426, 'upgrade-required');
});

test('a process that is stopping asks its clients to connect anew', async () => {
  let ready = true;
  const stopping = await startSampleService({ isReady: () => ready });
  try {
    ready = false;
    assert.equal((await stopping.send('/docs')).headers.get('connection'), 'close');
  } finally {
    await stopping.close();
  }
});

test('CWE-400: a client that sends its headers slowly is told so and cut off, while others are served', { timeout: 30_000 }, async () => {
  const slow = service.sendRaw('GET /docs HTTP/1.1\r\nHost: a\r\nX-Slow: ');
  assert.equal((await service.send('/openapi.json')).status, 200);
  const answer = await slow;
  assert.match(answer, /^HTTP\/1\.1 408 /);
  assert.match(answer, /problems\/request-timeout/);
});

test('with the real live part, a committed command reaches a stream and a socket', { timeout: 30_000 }, async () => {
  const sample = createSampleFeature();
  let live: Live | undefined;
  const withLive = await startSampleService(async (database) => {
    live = await createLive({
      database,
      config: { heartbeatMs: 10_000, retentionMs: 60_000, pollMs: 200, bufferLimit: 100 },
      source: 'http://stockade.test',
      events: sample.module.events,
      can: () => true,
      revalidate: (subject) => Promise.resolve(subject),
      allowedOrigin: 'http://stockade.test',
      log: createLog({ level: 'silent' }),
      metrics: new Registry(),
      clock: () => new Date(),
    });
    return { live };
  });
  try {
    const headers = { authorization: 'Bearer viewer' };
    const stream = await fetch(`${withLive.origin}/api/v1/stream`, { headers });
    assert.equal(stream.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    assert.ok(stream.headers.get('content-security-policy'));
    const socket = new WebSocket(`${withLive.origin.replace('http', 'ws')}/api/v1/socket`, { headers });
    const messages = on(socket, 'message');
    await once(socket, 'open');
    assert.equal((await withLive.send('/api/v1/notes', { method: 'POST', as: 'clerk', json: { id: 'live-1', text: 'seen' } })).status, 201);
    assert.ok(stream.body);
    let seen = '';
    for await (const chunk of stream.body.pipeThrough(new TextDecoderStream())) {
      seen += chunk;
      if (seen.includes('"subject":"notes/live-1"')) break;
    }
    assert.match(seen, /event: sample\.note\.created\.v1/);
    for await (const [data] of messages) if (String(data).includes('"subject":"notes/live-1"')) break;
    socket.terminate();
    const stranger = new WebSocket(`${withLive.origin.replace('http', 'ws')}/api/v1/socket`);
    const [error] = (await once(stranger, 'error').catch((failure: unknown) => [failure])) as [Error];
    assert.match(error.message, /401/);
  } finally {
    await live?.close();
    await withLive.close();
  }
});

test('ASVS 4.1.1: every answer with content names its type, and text its encoding', async () => {
  const html = { accept: 'text/html' };
  const types = new Set<string>();
  for (const [path, options] of [
    ['/docs', { headers: html }],
    ['/notes', { as: 'viewer', headers: html }],
    ['/sign-in', { headers: html }],
    ['/nothing', { headers: html }],
    ['/nothing', {}],
    ['/openapi.json', {}],
    ['/api/v1/notes', { as: 'viewer' }],
    ['/api/v1/notes', {}],
    ['/api/v1/stream', { as: 'viewer' }],
    ['/favicon.svg', {}],
  ] as const) {
    const response = await service.send(path, options);
    const type = response.headers.get('content-type') ?? '';
    const body = await response.text();
    if (body === '') continue;
    types.add(type);
    if (/^text\//.test(type)) assert.match(type, /^text\/(?:html|event-stream); charset=utf-8$/, path);
    // Of JSON and XML the format itself says the encoding (RFC 8259, 8.1; XML 1.0, 4.3.3).
    else assert.match(type, /^(?:application\/(?:problem\+)?json|image\/svg\+xml)(?:; charset=utf-8)?$/, path);
    if (type.startsWith('text/html')) assert.match(body, /^<!doctype html>/);
    if (type.startsWith('application/')) assert.doesNotThrow(() => JSON.parse(body) as unknown, path);
  }
  for (const expected of ['text/html; charset=utf-8', 'application/json', 'application/problem+json']) assert.ok([...types].some((type) => type.startsWith(expected)), expected);
});
