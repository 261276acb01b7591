import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import type { TracingConfig } from '#app/config.ts';
import { formatTraceparent, parseTraceparent } from '#app/lib/span.ts';
import { createLive } from '#app/live/live.ts';
import { createMetrics, expose } from '#app/telemetry/metrics.ts';
import { openTracing } from '#app/telemetry/tracing.ts';
import { until } from '#app/testing/condition.ts';
import { type SampleService, SAMPLE_CONFIG, startSampleService } from '#app/testing/sample-service.ts';
import { createSampleFeature } from '#app/testing/sample-feature.ts';
import { connectSse } from '#app/testing/sse-client.ts';
import { type ReceivedSpan, startTraceReceiver, type TraceReceiver } from '#app/testing/trace-receiver.ts';

const CREATED = 'sample.note.created.v1';
const CALLER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: true };

interface Traced {
  readonly service: SampleService;
  readonly receiver: TraceReceiver;
  readonly metrics: ReturnType<typeof createMetrics>;
  /** Sends what is left of the spans. */
  readonly flush: () => Promise<void>;
}

/** The public server, the live part behind it, and a collector; all of them real. */
async function start(t: TestContext, config: Partial<TracingConfig> = {}): Promise<Traced> {
  const receiver = await startTraceReceiver();
  const metrics = createMetrics();
  const log = pino({ level: 'silent' });
  const tracing = openTracing({ endpoint: receiver.endpoint, sampler: 'parentbased_always_on', ratio: 1, callers: 'strangers', ...config }, { log, metrics, delayMs: 1 });
  const live: { close?: () => Promise<void> } = {};
  const service = await startSampleService(async (database) => {
    const opened = await createLive({
      database,
      config: { heartbeatMs: 60_000, retentionMs: 86_400_000, pollMs: 60_000, bufferLimit: 256 },
      source: SAMPLE_CONFIG.publicUrl,
      events: createSampleFeature().module.events,
      can: () => true,
      revalidate: (subject) => Promise.resolve(subject),
      allowedOrigin: SAMPLE_CONFIG.publicUrl,
      log,
      metrics,
      clock: () => new Date(),
      tracing,
      limits: { goodbyeMs: 1 },
    });
    live.close = () => opened.close();
    return { live: opened, tracing, metrics };
  });
  t.after(async () => {
    await live.close?.();
    await service.close();
    await tracing.stop();
    await receiver.close();
  });
  return { service, receiver, metrics, flush: () => tracing.stop() };
}

const isNamed = (name: string) => (span: ReceivedSpan): boolean => span.name === name;
const createNote = (service: SampleService, id: string, more: { readonly text?: string; readonly headers?: Readonly<Record<string, string>> } = {}) => service.send('/api/v1/notes', { method: 'POST', as: 'clerk', json: { id, text: more.text ?? 'new' }, ...(more.headers && { headers: more.headers }) });

test('a request is a span named by its route, and each of its statements a span beneath it', async (t) => {
  const { service, receiver, flush } = await start(t);
  assert.equal((await createNote(service, 'n-1')).status, 201);
  await flush();
  const request = await receiver.sees('the request', isNamed('POST /api/v1/notes'));
  assert.deepEqual([request.kind, request.parentSpanId, request.failed], ['server', undefined, false]);
  assert.deepEqual(request.attributes, { 'http.request.method': 'POST', 'http.route': '/api/v1/notes', 'http.response.status_code': 201 });
  const beneath = receiver.childrenOf(request);
  assert.deepEqual(beneath.map(({ name }) => name).slice(-4), ['BEGIN', 'SAVEPOINT', 'publish outbox', 'COMMIT']);
  const publish = beneath.find(isNamed('publish outbox'));
  assert.ok(publish !== undefined);
  const [insertion] = receiver.childrenOf(publish);
  assert.deepEqual([insertion?.name, insertion?.kind, insertion?.attributes['db.system.name'], insertion?.attributes['db.operation.name']], ['INSERT outbox_event audit_entry', 'client', 'postgresql', 'INSERT']);
  for (const span of [...beneath, insertion ?? assert.fail()]) {
    assert.ok(span.startedMs >= request.startedMs - 1 && span.endedMs <= request.endedMs + 1, `${span.name} within the request`);
  }
});

test('the way of an event is one trace: request, outbox, delivery to the live sessions; and the CloudEvent names it', async (t) => {
  const { service, receiver, flush } = await start(t);
  const streams = await Promise.all(['viewer', 'clerk'].map((user) => connectSse(`${service.origin}/api/v1/stream`, { authorization: `Bearer ${user}` })));
  await createNote(service, 'n-1');
  const [received] = await Promise.all(streams.map((stream) => stream.count(1)));
  const cloudEvent = JSON.parse(received?.[0]?.data ?? '') as { readonly id: string; readonly traceparent: string };
  for (const stream of streams) stream.close();
  await flush();
  const request = await receiver.sees('the request', isNamed('POST /api/v1/notes'));
  const publish = receiver.childrenOf(request).find(isNamed('publish outbox'));
  assert.deepEqual([publish?.kind, publish?.attributes['messaging.batch.message_count']], ['producer', 1]);
  const [delivery, ...others] = receiver.childrenOf(publish ?? assert.fail()).filter(({ kind }) => kind === 'consumer');
  assert.deepEqual(others, []);
  const { 'stockade.live.sessions': sessions, 'cloudevents.event_id': id, 'stockade.event.age_ms': age, ...rest } = delivery?.attributes ?? {};
  assert.deepEqual([delivery?.name, sessions, id, typeof age], [`deliver ${CREATED}`, 2, cloudEvent.id, 'number']);
  assert.deepEqual(rest, { 'messaging.system': 'outbox', 'messaging.destination.name': 'outbox', 'messaging.operation.type': 'process', 'messaging.operation.name': 'deliver', 'cloudevents.event_type': CREATED });
  assert.deepEqual(parseTraceparent(cloudEvent.traceparent), { traceId: request.traceId, spanId: publish?.spanId, sampled: true });
});

test('what runs for everybody is in nobody’s trace, whichever request has woken it', async (t) => {
  const { service, receiver, flush } = await start(t);
  const stream = await connectSse(`${service.origin}/api/v1/stream`, { authorization: 'Bearer viewer' });
  for (const id of ['n-1', 'n-2', 'n-3']) await createNote(service, id);
  await stream.count(3);
  stream.close();
  await flush();
  const requests = receiver.spans.filter(isNamed('POST /api/v1/notes'));
  assert.equal(new Set(requests.map(({ traceId }) => traceId)).size, 3);
  const texts = receiver.spans.map(({ attributes }) => String(attributes['db.query.text'] ?? ''));
  assert.deepEqual(texts.filter((text) => /sequence_outbox|outbox_horizon|position is null/.test(text)), []);
  // Each event was delivered in its own trace, although one run of the reader may have read them all.
  const deliveries = receiver.spans.filter(isNamed(`deliver ${CREATED}`));
  assert.deepEqual(deliveries.map(({ traceId }) => traceId).toSorted(), requests.map(({ traceId }) => traceId).toSorted());
});

test('an event that was not kept is delivered without a span, and one from before tracing without a trace', async (t) => {
  const { service, receiver, flush } = await start(t, { sampler: 'parentbased_always_off' });
  const stream = await connectSse(`${service.origin}/api/v1/stream`, { authorization: 'Bearer viewer' });
  await createNote(service, 'n-1');
  const [event] = await stream.count(1);
  const { traceparent } = JSON.parse(event?.data ?? '') as { readonly traceparent: string };
  assert.equal(parseTraceparent(traceparent)?.sampled, false);
  stream.close();
  await flush();
  assert.deepEqual(receiver.spans, []);
  const untraced = await startSampleService();
  t.after(() => untraced.close());
  await createNote(untraced, 'n-2');
  const stored = await untraced.db.$extendTables<{ outbox_event: { traceparent: string | null } }>().selectFrom('outbox_event').select('traceparent').execute();
  assert.deepEqual(stored, [{ traceparent: null }]);
});

test('each exemplar leads to a span of the same route, and to the one line of the log', async (t) => {
  const { service, receiver, metrics, flush } = await start(t, { sampler: 'parentbased_traceidratio', ratio: 0.5 });
  const paths = ['/api/v1/notes', '/api/v1/notes/a-1', '/api/v1/notes/nothing', '/docs', '/nowhere', '/door', '/openapi.json'];
  for (let round = 0; round < 8; round += 1) for (const each of paths) await (await service.send(each, { as: 'viewer' })).text();
  await until('every line', () => service.logLines.filter((line) => line.includes('"msg":"request"')).length === 8 * paths.length);
  await flush();
  const { text } = await expose(metrics, 'application/openmetrics-text');
  const exemplars = [...text.matchAll(/^http_server_request_duration_seconds_bucket\{[^}]*http_route="([^"]*)"[^}]*\} \d+ # \{trace_id="(\w+)",span_id="(\w+)"\}/gm)];
  assert.ok(new Set(exemplars.map(([, route]) => route)).size >= 4, `exemplars of ${exemplars.length} buckets`);
  for (const [, route, traceId, spanId] of exemplars) {
    const spans = receiver.spans.filter((span) => span.traceId === traceId && span.spanId === spanId);
    assert.deepEqual(spans.map(({ attributes }) => attributes['http.route'] ?? ''), [route]);
    const lines = service.logLines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line['trace_id'] === traceId && line['msg'] === 'request');
    assert.deepEqual(lines.map((line) => [line['route'], line['span_id'], line['trace_flags']]), [[route === '' ? 'none' : route, spanId, '01']]);
  }
  // What is not kept has its ids in the log all the same, and says that there is nothing to be found.
  const left = service.logLines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line['trace_flags'] === '00');
  assert.ok(left.length > 0 && left.every((line) => !receiver.spans.some(({ traceId }) => traceId === line['trace_id'])));
});

test('a line that is written within a request carries the span in which it is written', async (t) => {
  const { service, receiver, flush } = await start(t);
  assert.equal((await createNote(service, 'n-1', { text: 'explode' })).status, 500);
  await flush();
  const request = await receiver.sees('the request', isNamed('POST /api/v1/notes'));
  const failed = service.logLines.map((line) => JSON.parse(line) as Record<string, unknown>).find((line) => line['msg'] === 'request failed');
  assert.deepEqual([failed?.['trace_id'], failed?.['span_id'], failed?.['trace_flags']], [request.traceId, request.spanId, '01']);
  assert.deepEqual([request.failed, request.attributes['error.type']], [true, 'internal-error']);
  assert.ok(receiver.childrenOf(request).some(isNamed('ROLLBACK')));
});

test('what a client did wrong is no error, and what it makes up is no name', async (t) => {
  const { service, receiver, flush } = await start(t);
  for (const method of ['PROPFIND', 'PURGE']) await (await service.send('/nowhere', { method })).text();
  await (await service.send('/api/v1/notes/nothing', { as: 'viewer' })).text();
  await (await service.send('/api/v1/notes/nothing')).text();
  await flush();
  const shown = receiver.spans.map(({ name, failed, attributes }) => [name, failed, attributes['http.request.method'], attributes['http.response.status_code']]);
  assert.deepEqual(shown.toSorted(), [['GET /api/v1/notes/{id}', false, 'GET', 401], ['GET /api/v1/notes/{id}', false, 'GET', 404], ['HTTP', false, '_OTHER', 404], ['HTTP', false, '_OTHER', 404]].toSorted());
});

test('a live stream and a WebSocket are spans of their opening, which are sent while they are open', async (t) => {
  const { service, receiver } = await start(t);
  const stream = await connectSse(`${service.origin}/api/v1/stream`, { authorization: 'Bearer viewer' });
  const opened = await receiver.sees('the stream', isNamed('GET /api/v1/stream'));
  assert.equal(opened.attributes['http.response.status_code'], 200);
  const socket = new WebSocket(`${service.origin.replace('http', 'ws')}/api/v1/socket`, { headers: { authorization: 'Bearer viewer' } });
  await once(socket, 'open');
  await receiver.sees('the socket', (span) => span.name === 'GET /api/v1/socket' && span.attributes['http.response.status_code'] === 101);
  const refused = new WebSocket(`${service.origin.replace('http', 'ws')}/api/v1/socket`);
  await once(refused, 'error');
  const refusal = await receiver.sees('the refusal', (span) => span.name === 'GET /api/v1/socket' && span.attributes['http.response.status_code'] === 401);
  assert.equal(refusal.failed, false);
  assert.ok(!stream.closed && socket.readyState === WebSocket.OPEN);
  stream.close();
  socket.terminate();
});

test('the log names a stranger’s trace beside our own, and a trusted one as the trace', async (t) => {
  const traceparent = formatTraceparent(CALLER);
  const lineOf = async (config: Partial<TracingConfig>) => {
    const { service } = await start(t, config);
    await (await service.send('/docs', { headers: { traceparent } })).text();
    return JSON.parse(await until('the line', () => service.logLines.find((line) => line.includes('"route":"/docs"')))) as Record<string, unknown>;
  };
  const [strange, trusted] = [await lineOf({}), await lineOf({ callers: 'trusted' })];
  assert.deepEqual([strange['caller_trace_id'], strange['trace_id'] === CALLER.traceId], [CALLER.traceId, false]);
  assert.deepEqual([trusted['caller_trace_id'], trusted['trace_id']], [undefined, CALLER.traceId]);
});

test('ASVS 14.2.6, 16.2.5: nothing that a request or a statement holds leaves with the spans', async (t) => {
  const { service, receiver, flush } = await start(t);
  const headers = { 'user-agent': 'canary-agent', 'x-forwarded-for': '203.0.113.77', 'x-request-id': 'canary-request-id', traceparent: formatTraceparent(CALLER), tracestate: 'canary=1', baggage: 'canary=1' };
  assert.deepEqual([(await createNote(service, 'canary-id', { text: 'canary-text', headers })).status, (await createNote(service, 'canary-id', { text: 'canary-text', headers })).status], [201, 409]);
  await createNote(service, 'n-2', { text: 'explode', headers });
  await service.send('/api/v1/notes/canary-path?canary=canary', { as: 'viewer', headers });
  await service.send('/canary-path?canary=canary', { headers, method: 'CANARY' });
  await service.send('/notes?find=canary-query', { as: 'viewer', headers });
  await service.send('/notes', { as: 'viewer', headers: { ...headers, cookie: 'canary=canary', referer: 'https://canary.example/' } });
  await service.send('/door', { method: 'POST', form: { password: 'canary-password' }, headers });
  await flush();
  await receiver.sees('the requests', isNamed('POST /api/v1/notes'));
  // Who asked, from where, in which tenant.
  assert.deepEqual(receiver.text().match(/canary|203\.0\.113|127\.0\.0\.1|clerk|viewer|acme/gi), null);
});

test('every attribute is one of OpenTelemetry’s, or begins with our own name', async (t) => {
  const { service, receiver, flush } = await start(t);
  const stream = await connectSse(`${service.origin}/api/v1/stream`, { authorization: 'Bearer viewer' });
  await createNote(service, 'n-1');
  await stream.count(1);
  stream.close();
  await createNote(service, 'n-2', { text: 'explode' });
  await flush();
  const conventions = path.dirname(createRequire(createRequire(import.meta.url).resolve('@opentelemetry/sdk-trace')).resolve('@opentelemetry/semantic-conventions'));
  const texts = await Promise.all(['stable_attributes.mjs', 'experimental_attributes.mjs'].map((file) => readFile(path.join(conventions, file), 'utf8')));
  const known = new Set([...texts.join('\n').matchAll(/^const ATTR_\w+ = "([^"]+)"/gm)].map(([, name]) => name));
  assert.ok(known.size > 500 && known.has('http.route'));
  const used = new Set(receiver.spans.flatMap(({ attributes, resource }) => [...Object.keys(attributes), ...Object.keys(resource)]));
  assert.ok(used.size >= 20, String(used.size));
  assert.deepEqual([...used].filter((name) => !name.startsWith('stockade.') && !known.has(name)), []);
});
