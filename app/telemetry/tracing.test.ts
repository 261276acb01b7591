import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { TracingConfig } from '#app/config.ts';
import { formatTraceparent, type Span } from '#app/lib/span.ts';
import { openTracing, type Tracing } from '#app/telemetry/tracing.ts';
import { until } from '#app/testing/condition.ts';
import { serve } from '#app/testing/local-server.ts';
import { freePorts } from '#app/testing/ports.ts';
import { startTraceReceiver, type TraceReceiver } from '#app/testing/trace-receiver.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';
const context = (sampled: boolean) => formatTraceparent({ traceId: TRACE, spanId: CALLER, sampled });

interface Traced {
  readonly tracing: Tracing;
  readonly metrics: Registry;
  readonly lines: readonly string[];
}

function open(endpoint: string, config: Partial<TracingConfig> = {}, delayMs = 1): Traced {
  const metrics = new Registry();
  const lines: string[] = [];
  const log = pino({}, { write: (line) => void lines.push(line) });
  const tracing = openTracing({ endpoint, sampler: 'parentbased_always_on', ratio: 1, callers: 'strangers', ...config }, { log, metrics, revision: 'abc', delayMs });
  return { tracing, metrics, lines };
}

async function receive(t: TestContext): Promise<TraceReceiver> {
  const receiver = await startTraceReceiver();
  t.after(() => receiver.close());
  return receiver;
}

async function outcomesOf(metrics: Registry): Promise<Readonly<Record<string, number>>> {
  const values = (await metrics.getSingleMetric('stockade_spans_total')?.get())?.values ?? [];
  return Object.fromEntries(values.map(({ labels, value }) => [String(labels['outcome']), value]));
}

function finish(span: Span): Span {
  span.end();
  return span;
}

test('spans arrive at the collector, one beneath the other, and say what service they are of', async (t) => {
  const receiver = await receive(t);
  const { tracing, metrics } = open(`${receiver.endpoint}/`);
  const request = tracing.serve('GET', undefined);
  const query = request.start({ name: 'SELECT item', kind: 'client', attributes: { 'db.operation.name': 'SELECT' } });
  query.end();
  request.setName('GET /items');
  request.set({ 'http.response.status_code': 500 });
  request.end('internal-error');
  await tracing.stop();
  const [inner, outer] = receiver.spans;
  assert.deepEqual([outer?.name, outer?.kind, outer?.parentSpanId, outer?.failed, outer?.attributes], ['GET /items', 'server', undefined, true, { 'http.response.status_code': 500, 'error.type': 'internal-error' }]);
  assert.deepEqual([inner?.name, inner?.kind, inner?.parentSpanId, inner?.failed, inner?.attributes], ['SELECT item', 'client', request.spanId, false, { 'db.operation.name': 'SELECT' }]);
  assert.deepEqual([inner?.traceId, outer?.traceId, outer?.spanId], [request.traceId, request.traceId, request.spanId]);
  assert.equal(outer?.resource['service.name'], 'stockade');
  assert.match(String(outer.resource['service.version']), /^\d+\.\d+\.\d+/);
  assert.match(String(outer.resource['service.instance.id']), /^[0-9a-f-]{36}$/);
  assert.equal(outer.resource['vcs.ref.head.revision'], 'abc');
  assert.deepEqual(await outcomesOf(metrics), { ended: 2, exported: 2 });
});

test('a stranger neither names our trace nor decides that it is kept; what they sent is linked to', async (t) => {
  const receiver = await receive(t);
  const kept = open(receiver.endpoint);
  const span = finish(kept.tracing.serve('GET', context(false)));
  assert.ok(span.sampled, 'their flag is not ours');
  const left = open(receiver.endpoint, { sampler: 'parentbased_always_off' });
  assert.equal(finish(left.tracing.serve('GET', context(true))).sampled, false, 'they can not have us keep everything');
  await Promise.all([kept.tracing.stop(), left.tracing.stop()]);
  assert.equal(receiver.spans.length, 1);
  assert.notEqual(receiver.spans[0]?.traceId, TRACE);
  assert.equal(receiver.spans[0]?.parentSpanId, undefined);
  assert.deepEqual(receiver.spans[0]?.links.map(({ traceId, spanId }) => [traceId, spanId]), [[TRACE, CALLER]]);
});

test('who is trusted is followed: their trace goes on here, kept or not as they said', async (t) => {
  const receiver = await receive(t);
  const { tracing } = open(receiver.endpoint, { callers: 'trusted', sampler: 'parentbased_always_off' });
  const span = finish(tracing.serve('GET', context(true)));
  assert.deepEqual([span.traceId, span.sampled], [TRACE, true]);
  const unsampled = finish(tracing.serve('GET', context(false)));
  assert.deepEqual([unsampled.traceId, unsampled.sampled], [TRACE, false]);
  const own = finish(tracing.serve('GET', 'not-a-traceparent'));
  assert.deepEqual([own.traceId === TRACE, own.sampled], [false, false]);
  await tracing.stop();
  assert.deepEqual(receiver.spans.map(({ traceId, parentSpanId, links }) => [traceId, parentSpanId, links]), [[TRACE, CALLER, []]]);
});

test('each of the samplers keeps what its name says, and what is beneath a span shares its fate', async (t) => {
  const receiver = await receive(t);
  const ask = (config: Partial<TracingConfig>, flag: boolean | undefined): boolean => {
    const { tracing } = open(receiver.endpoint, { callers: 'trusted', ...config });
    t.after(() => tracing.stop());
    const span = tracing.serve('GET', flag === undefined ? undefined : context(flag));
    const part = span.start({ name: 'part', kind: 'internal' });
    assert.equal(part.sampled, span.sampled);
    assert.equal(part.traceId, span.traceId);
    return span.sampled;
  };
  const all = (config: Partial<TracingConfig>) => [undefined, true, false].map((flag) => ask(config, flag));
  assert.deepEqual(all({ sampler: 'always_on' }), [true, true, true]);
  assert.deepEqual(all({ sampler: 'always_off' }), [false, false, false]);
  assert.deepEqual(all({ sampler: 'traceidratio', ratio: 0 }), [false, false, false]);
  assert.deepEqual(all({ sampler: 'parentbased_always_on' }), [true, true, false]);
  assert.deepEqual(all({ sampler: 'parentbased_always_off' }), [false, true, false]);
  assert.deepEqual(all({ sampler: 'parentbased_traceidratio', ratio: 0 }), [false, true, false]);
  assert.deepEqual(all({ sampler: 'parentbased_traceidratio', ratio: 1 }), [true, true, false]);
});

test('a tenth means a tenth, within what chance allows', async (t) => {
  const receiver = await receive(t);
  const { tracing } = open(receiver.endpoint, { sampler: 'parentbased_traceidratio', ratio: 0.1 });
  t.after(() => tracing.stop());
  const kept = Array.from({ length: 10_000 }, () => tracing.serve('GET', undefined)).filter(({ sampled }) => sampled).length;
  // Six standard deviations of 30.
  assert.ok(Math.abs(kept - 1_000) < 180, `${kept} of 10,000`);
});

test('work that an earlier span caused goes on with its trace, and only where that was kept', async (t) => {
  const receiver = await receive(t);
  // Our own word of before counts, whoever the callers are.
  const { tracing } = open(receiver.endpoint, { sampler: 'parentbased_always_off' });
  const part = { name: 'deliver', kind: 'consumer' } as const;
  tracing.continue(context(true), part)?.end();
  for (const none of [context(false), '', 'forged']) assert.equal(tracing.continue(none, part), undefined);
  await tracing.stop();
  assert.deepEqual(receiver.spans.map(({ traceId, parentSpanId, kind }) => [traceId, parentSpanId, kind]), [[TRACE, CALLER, 'consumer']]);
});

const deadCollectors: Readonly<Record<string, (t: TestContext) => Promise<string>>> = {
  'is not there': async () => `http://127.0.0.1:${String((await freePorts(1))[0])}`,
  'takes and never answers': async (t) => (await serve(t, () => undefined)).origin,
  'answers with an error': async (t) => (await serve(t, (_request, response) => response.writeHead(503, { 'retry-after': '3600' }).end())).origin,
  'refuses for good': async (t) => (await serve(t, (_request, response) => response.writeHead(400).end())).origin,
  'answers without an end': async (t) => (await serve(t, (request, response) => void request.resume().on('end', () => { drip(response); }))).origin,
};

function drip(response: ServerResponse): void {
  response.writeHead(200);
  const timer = setInterval(() => response.write('x'), 20);
  response.once('close', () => { clearInterval(timer); });
}

for (const [name, start] of Object.entries(deadCollectors)) {
  test(`a collector that ${name} costs spans and nothing else: requests go on, the stop is in time, one line says so`, async (t) => {
    const { tracing, metrics, lines } = open(await start(t));
    const from = performance.now();
    // More than are kept waiting.
    for (let n = 0; n < 10_000; n += 1) finish(tracing.serve('GET', undefined));
    assert.ok(performance.now() - from < 5_000, 'nobody waits for it');
    const stopping = performance.now();
    await tracing.stop();
    assert.ok(performance.now() - stopping < 5_000, `${performance.now() - stopping} ms`);
    const { ended, exported = 0, failed = 0 } = await outcomesOf(metrics);
    assert.deepEqual([ended, exported], [10_000, 0]);
    assert.ok(failed < 10_000, 'what is beyond the queue is dropped');
    assert.equal(lines.length, failed > 0 ? 1 : 0, lines.join(''));
    assert.ok(!lines.join('').includes('http'), 'the line does not quote the answer or the address');
  });
}

test('what could not be sent is told of while the service runs', async () => {
  const [port] = await freePorts(1);
  const { tracing, metrics, lines } = open(`http://127.0.0.1:${String(port)}`);
  finish(tracing.serve('GET', undefined));
  await until('the failure', async () => (await outcomesOf(metrics))['failed'] === 1);
  assert.match(lines.join(''), /"level":40.*"problem":"ECONNREFUSED".*are lost/);
  await tracing.stop();
});
