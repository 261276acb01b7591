import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '#app/testing/condition.ts';
import { type SampleService, startSampleService } from '#app/testing/sample-service.ts';

let service: SampleService;
before(async () => {
  service = await startSampleService();
});
after(() => service.close());

test('ASVS 16.2.1: the log has one line a request, with the template and nothing of the path or the query', async () => {
  const from = service.logLines.length;
  const response = await service.send('/api/v1/notes/canary-path?canary-query=1', { as: 'viewer', headers: { 'x-request-id': 'my-own-id-1' } });
  assert.equal(response.headers.get('x-request-id'), 'my-own-id-1');
  await response.text();
  const deadline = Date.now() + 5_000;
  const find = () => service.logLines.slice(from).filter((line) => line.includes('my-own-id-1'));
  while (find().length === 0 && Date.now() < deadline) await new Promise(setImmediate);
  assert.equal(find().length, 1);
  const line = JSON.parse(find()[0] ?? '') as Record<string, unknown>;
  assert.equal(line['route'], '/api/v1/notes/{id}');
  assert.equal(line['status'], 400);
  // When, where, who and what (ASVS 16.2.1).
  const { service: where, time, level, method, tenantId, credential, durationMs } = line;
  assert.deepEqual([where, level, method, tenantId, credential, typeof durationMs, Number.isFinite(Date.parse(String(time)))], ['stockade', 'info', 'GET', 'acme', 'bearer', 'number', true]);
  assert.ok(!find()[0]?.includes('canary'));
});

test('without tracing a line carries no trace of ours, and that of the caller where there is one', async () => {
  const caller = '4bf92f3577b34da6a3ce929d0e0e4736';
  const tracesOf = async (traceparent: string): Promise<unknown[]> => {
    const from = service.logLines.length;
    await (await service.send('/docs', { headers: { traceparent } })).text();
    await until('the line', () => service.logLines.length > from);
    return service.logLines.slice(from).map((text) => {
      const line = JSON.parse(text) as Record<string, unknown>;
      return [line['caller_trace_id'], line['trace_id']];
    });
  };
  assert.deepEqual(await tracesOf(`00-${caller}-00f067aa0ba902b7-01`), [[caller, undefined]]);
  for (const none of ['', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, `00-${caller.toUpperCase()}-00f067aa0ba902b7-01`, `00-${caller}`]) {
    assert.deepEqual(await tracesOf(none), [[undefined, undefined]], none);
  }
});

test('ASVS 1.3.3, 16.4.1: an inbound request id that is not plain is replaced (CWE-117)', async () => {
  const response = await service.send('/docs', { headers: { 'x-request-id': 'a b"c' } });
  assert.match(response.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
});
