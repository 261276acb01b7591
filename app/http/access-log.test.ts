import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type SampleService, startSampleService } from '#app/testing/sample-service.ts';

let service: SampleService;
before(async () => {
  service = await startSampleService();
});
after(() => service.close());

test('the log has one line a request, with the template and nothing of the path or the query', async () => {
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
  assert.ok(!find()[0]?.includes('canary'));
});

test('CWE-117: an inbound request id that is not plain is replaced', async () => {
  const response = await service.send('/docs', { headers: { 'x-request-id': 'a b"c' } });
  assert.match(response.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
});
