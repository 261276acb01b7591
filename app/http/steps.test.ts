import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '#app/testing/condition.ts';
import { expectProblem } from '#app/testing/problem.ts';
import { type SampleService, startSampleService } from '#app/testing/sample-service.ts';

let service: SampleService;
before(async () => {
  service = await startSampleService();
});
after(() => service.close());

test('query parameters are validated and coerced; a list may have one member', async () => {
  const response = await service.send('/api/v1/notes?limit=3&tag=one', { as: 'viewer' });
  const body = (await response.json()) as { limit: number; tags: string[] };
  assert.equal(body.limit, 3);
  assert.deepEqual(body.tags, ['one']);
});

test('ASVS 2.2.1 and 2.2.2: 400 names each parameter and each field that is wrong', async () => {
  const query = await expectProblem(await service.send('/api/v1/notes?limit=0&colour=red', { as: 'viewer' }), 400, 'invalid-request');
  assert.deepEqual(query.errors?.map(({ parameter }) => parameter), ['limit', 'colour']);
  assert.equal(query.instance, '/api/v1/notes');
  const params = await expectProblem(await service.send('/api/v1/notes/UPPER', { as: 'viewer' }), 400, 'invalid-request');
  assert.deepEqual(params.errors?.map(({ parameter }) => parameter), ['id']);
  const body = await expectProblem(await service.send('/api/v1/notes', { method: 'POST', as: 'clerk', json: { id: 'b', text: '', extra: 1 } }), 400, 'invalid-request');
  assert.deepEqual(body.errors?.map(({ pointer }) => pointer), ['#/text', '#/extra']);
});

test('ASVS 2.2.1: 400: a route without a query schema refuses every parameter', async () => {
  await expectProblem(await service.send('/api/v1/notes/a-1?x=1', { as: 'viewer' }), 400, 'invalid-request');
});

test('401 with a Bearer challenge: nobody, and a token that is not valid', async () => {
  const nobody = await service.send('/api/v1/notes');
  assert.equal(nobody.headers.get('www-authenticate'), 'Bearer realm="stockade"');
  await expectProblem(nobody, 401, 'authentication-required');
  const invalid = await service.send('/api/v1/notes', { as: 'mallory' });
  assert.equal(invalid.headers.get('www-authenticate'), 'Bearer realm="stockade", error="invalid_token"');
  await expectProblem(invalid, 401, 'invalid-token');
});

/** What the log says under a message, of requests from now on. */
async function logged(message: string, count: number, act: () => Promise<unknown>): Promise<readonly Record<string, unknown>[]> {
  const from = service.logLines.length;
  const find = () => service.logLines.slice(from).map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === message);
  await act();
  await until(`${count} lines "${message}"`, () => find().length >= count);
  return find();
}

test('ASVS 16.3.1: a credential that is not good is logged with its kind, the reason and the request’s id, and who sent none is not', async () => {
  const lines = await logged('authentication failed', 3, async () => {
    await service.send('/api/v1/notes');
    await service.send('/notes');
    await service.send('/api/v1/notes', { as: 'mallory', headers: { 'x-request-id': 'bearer-of-mallory' } });
    await service.send('/api/v1/notes', { headers: { cookie: 'session=mallory', 'x-request-id': 'cookie-of-mallory' } });
    await service.send('/notes', { headers: { cookie: 'session=mallory', 'x-request-id': 'page-of-mallory' } });
  });
  assert.deepEqual(lines.map(({ requestId, authentication }) => [requestId, authentication]), [
    ['bearer-of-mallory', { outcome: 'failed', reason: 'invalid-token', credential: 'bearer' }],
    ['cookie-of-mallory', { outcome: 'failed', reason: 'invalid-token', credential: 'session' }],
    ['page-of-mallory', { outcome: 'failed', reason: 'invalid-token', credential: 'session' }],
  ]);
});

test('ASVS 16.3.3: the line of a refused request names the control that refused it', async () => {
  const json = { id: 'b', text: 'x' };
  const lines = await logged('request', 6, async () => {
    await service.send('/api/v1/notes?limit=0', { as: 'viewer' });
    await service.send('/api/v1/notes', { method: 'POST', as: 'clerk', body: '{', headers: { 'content-type': 'application/json' } });
    await service.send('/api/v1/notes/a-1', { method: 'PATCH', as: 'clerk', json: { text: 'x' } });
    await service.send('/notes', { method: 'POST', form: { id: 'b', size: '1' }, headers: { cookie: 'session=clerk', 'sec-fetch-site': 'cross-site' } });
    await service.send('/api/v1/notes', { method: 'POST', as: 'viewer', json });
    await service.send('/api/v1/notes', { as: 'viewer' });
  });
  assert.deepEqual(lines.map(({ status, problem }) => [status, problem]), [[400, 'invalid-request'], [400, 'malformed-body'], [428, 'precondition-required'], [403, 'cross-site-request'], [403, 'role-not-granted'], [200, undefined]]);
});

test('ASVS 8.3.1: whoever may not do it gets 403 with the reason as its code, whatever a page would have shown them', async () => {
  await expectProblem(await service.send('/api/v1/notes/a-1', { method: 'DELETE', as: 'viewer' }), 403, 'role-not-granted');
});

test('406 when the Accept header leaves out what there is', async () => {
  for (const accept of ['text/html', 'application/json;q=0', 'image/*', 'application/json;q=0, */*;q=0']) {
    await expectProblem(await service.send('/api/v1/notes', { as: 'viewer', headers: { accept } }), 406, 'not-acceptable');
  }
  for (const accept of ['*/*', 'application/*', 'text/html, application/json;q=0.1']) {
    assert.equal((await service.send('/api/v1/notes', { as: 'viewer', headers: { accept } })).status, 200, accept);
  }
});
