import assert from 'node:assert/strict';
import http from 'node:http';
import { test, type TestContext } from 'node:test';
import { Registry } from 'prom-client';
import { until } from '#app/testing/condition.ts';
import { type SampleService, startSampleService } from '#app/testing/sample-service.ts';

const DURATION = 'http_server_request_duration_seconds';

async function start(t: TestContext): Promise<{ readonly service: SampleService; readonly count: (labels: string) => Promise<number>; readonly series: () => Promise<readonly string[]> }> {
  const metrics = new Registry();
  const service = await startSampleService({ metrics });
  t.after(() => service.close());
  const text = () => metrics.metrics();
  return {
    service,
    count: async (labels) => Number((await text()).split('\n').find((line) => line.startsWith(`${labels} `))?.split(' ').at(-1) ?? 0),
    series: async () => (await text()).split('\n').filter((line) => line.startsWith(`${DURATION}_count{`)),
  };
}

const durationOf = (method: string, route: string, status: string) => `${DURATION}_count{http_request_method="${method}",http_route="${route}",http_response_status_code="${status}"}`;

test('a request is counted by method, template and status once its answer is out', async (t) => {
  const { service, count, series } = await start(t);
  await (await service.send('/api/v1/notes/canary-path?canary-query', { as: 'viewer' })).text();
  await until('the request to be counted', async () => (await count(durationOf('GET', '/api/v1/notes/{id}', '400'))) === 1);
  await (await service.send('/docs')).text();
  const page = await (await service.send('/docs')).text();
  await until('both to be counted', async () => (await count(durationOf('GET', '/docs', '200'))) === 2);
  const [, asset = ''] = /href="(\/assets\/[^"]+\.css)"/.exec(page) ?? [];
  await (await service.send(asset)).text();
  await until('the asset to be counted', async () => (await count(durationOf('GET', '/assets/{path}', '200'))) === 1);
  assert.ok(!(await series()).join('').includes('canary'));
});

test('what is no standard method is one more, and what has no route has no label for it', async (t) => {
  const { service, count } = await start(t);
  for (const method of ['PROPFIND', 'PURGE', 'MKCOL', 'M-SEARCH']) await (await service.send('/nowhere', { method })).text();
  await until('them to be counted', async () => (await count(durationOf('_OTHER', '', '404'))) === 4);
});

test('who leaves before an answer is counted without a status: there was none', async (t) => {
  const { service, count } = await start(t);
  const request = http.request(`${service.origin}/api/v1/notes`, { method: 'POST', agent: false, headers: { authorization: 'Bearer clerk', 'content-type': 'application/json', 'content-length': '100' } });
  request.on('error', () => undefined);
  request.write('{');
  await until('the request to be under way', async () => (await count('http_server_active_requests{http_request_method="POST"}')) === 1);
  request.destroy();
  await until('it to be counted', async () => (await count(durationOf('POST', '/api/v1/notes', ''))) === 1);
  assert.equal(await count('http_server_active_requests{http_request_method="POST"}'), 0);
});

test('hostile paths, methods, agents and headers make no series of their own', async (t) => {
  const { service, series } = await start(t);
  const methods = http.METHODS.filter((method) => method !== 'CONNECT');
  const made = Array.from({ length: 400 }, (_, index) => ({
    method: methods[index % methods.length] ?? 'GET',
    path: `/${['api/v1/notes', 'nowhere', 'assets', 'docs'][index % 4] ?? ''}/${crypto.randomUUID()}?${crypto.randomUUID()}`,
    headers: { 'user-agent': crypto.randomUUID(), 'x-request-id': crypto.randomUUID(), host: `${crypto.randomUUID()}.test`, origin: `https://${crypto.randomUUID()}.test` },
  }));
  for (const { method, path, headers } of made) await (await service.send(path, { method, headers, as: crypto.randomUUID() })).text();
  await until('all to be counted', async () => (await series()).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0) === made.length);
  const after = await series();
  // Ten methods and the rest, at two templates or none, with the few statuses of refusals.
  assert.ok(after.length <= 40, `${after.length} series`);
  for (const line of after) assert.doesNotMatch(line, /[0-9a-f]{8}-[0-9a-f]{4}-/);
});
