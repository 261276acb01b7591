import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createOpenApi } from '#app/http/openapi.ts';
import { createRoutes } from '#app/server.ts';
import { expectProblem } from '#app/testing/problem.ts';
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

test('query parameters are validated and coerced; a list may have one member', async () => {
  const response = await service.send('/api/v1/notes?limit=3&tag=one', { as: 'viewer' });
  const body = (await response.json()) as { limit: number; tags: string[] };
  assert.equal(body.limit, 3);
  assert.deepEqual(body.tags, ['one']);
});

test('400 names each parameter and each field that is wrong', async () => {
  const query = await expectProblem(await service.send('/api/v1/notes?limit=0&colour=red', { as: 'viewer' }), 400, 'invalid-request');
  assert.deepEqual(query.errors?.map(({ parameter }) => parameter), ['limit', 'colour']);
  assert.equal(query.instance, '/api/v1/notes');
  const params = await expectProblem(await service.send('/api/v1/notes/UPPER', { as: 'viewer' }), 400, 'invalid-request');
  assert.deepEqual(params.errors?.map(({ parameter }) => parameter), ['id']);
  const body = await expectProblem(await service.send('/api/v1/notes', { method: 'POST', as: 'clerk', json: { id: 'b', text: '', extra: 1 } }), 400, 'invalid-request');
  assert.deepEqual(body.errors?.map(({ pointer }) => pointer), ['#/text', '#/extra']);
});

test('400: a route without a query schema refuses every parameter', async () => {
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

test('403 with the reason as its code', async () => {
  await expectProblem(await service.send('/api/v1/notes/a-1', { method: 'DELETE', as: 'viewer' }), 403, 'not-granted');
});

test('404 for a path without a route, and for a resource that is not there', async () => {
  const nothing = await expectProblem(await service.send('/api/v1/nothing?canary=1'), 404, 'not-found');
  assert.equal(nothing.instance, '/api/v1/nothing');
  await expectProblem(await service.send('/api/v1/notes/'), 404, 'not-found');
  await expectProblem(await service.send('/api/v1/NOTES'), 404, 'not-found');
  await expectProblem(await service.send('/api/v1/notes/none', { as: 'viewer' }), 404, 'note-not-found');
});

test('405 with the methods that are served; OPTIONS answers them too', async () => {
  const response = await service.send('/api/v1/notes/a-1', { method: 'PUT', as: 'clerk' });
  assert.deepEqual(response.headers.get('allow')?.split(', ').sort(), ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH']);
  await expectProblem(response, 405, 'method-not-allowed');
  const options = await service.send('/api/v1/notes', { method: 'OPTIONS', headers: { origin: 'http://evil.test', 'access-control-request-method': 'POST' } });
  assert.equal(options.status, 204);
  assert.deepEqual(options.headers.get('allow')?.split(', ').sort(), ['GET', 'HEAD', 'OPTIONS', 'POST']);
  assert.equal(options.headers.get('access-control-allow-origin'), null);
  await expectProblem(await service.send('/api/v1/notes', { method: 'PROPFIND' }), 405, 'method-not-allowed');
  await expectProblem(await service.send('/api/v1/notes', { method: 'TRACE' }), 405, 'method-not-allowed');
});

test('406 when the Accept header leaves out what there is', async () => {
  for (const accept of ['text/html', 'application/json;q=0', 'image/*', 'application/json;q=0, */*;q=0']) {
    await expectProblem(await service.send('/api/v1/notes', { as: 'viewer', headers: { accept } }), 406, 'not-acceptable');
  }
  for (const accept of ['*/*', 'application/*', 'text/html, application/json;q=0.1']) {
    assert.equal((await service.send('/api/v1/notes', { as: 'viewer', headers: { accept } })).status, 200, accept);
  }
});

test('500 leaks nothing to the client, and the log has the stack under the request id', async () => {
  const response = await service.send('/api/v1/notes', { method: 'POST', as: 'clerk', json: { id: 'boom', text: 'explode' } });
  const problem = await expectProblem(response, 500, 'internal-error');
  assert.ok(!JSON.stringify(problem).includes('canary'));
  assert.ok(response.headers.get('content-security-policy'));
  const line = service.logLines.find((one) => one.includes('canary-of-an-unknown-error'));
  assert.ok(line?.includes(problem.requestId) && line.includes('sample-feature.ts'));
});

test('a browser gets a problem of a page as a page, and of the API as JSON; a program always JSON', async () => {
  const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
  const page = await service.send('/nothing', { headers: browser });
  assert.equal(page.status, 404);
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
  assert.match(await page.text(), /<h1>Not found<\/h1>/);
  const gone = await service.send('/notes?find=gone', { as: 'viewer', headers: browser });
  assert.equal(gone.status, 410);
  assert.match(await gone.text(), /It is gone\./);
  await expectProblem(await service.send('/api/v1/nothing', { headers: browser }), 404, 'not-found');
  await expectProblem(await service.send('/nothing', { headers: { accept: '*/*' } }), 404, 'not-found');
});

test('a page sends nobody to sign-in and back, greets whom it knows, and escapes what it shows', async () => {
  const nobody = await service.send('/notes?find=a%20b', { headers: { accept: 'text/html' } });
  assert.equal(nobody.status, 303);
  assert.equal(nobody.headers.get('location'), `/auth/sign-in?return_to=${encodeURIComponent('/notes?find=a%20b')}`);
  const page = await service.send('/notes?find=%3Cscript%3E', { as: 'viewer', headers: { accept: 'text/html' } });
  const text = await page.text();
  assert.equal(page.status, 200);
  assert.match(text, /Hello The viewer, you read: &lt;script&gt;/);
  const moved = await service.send('/notes?find=moved', { as: 'viewer' });
  assert.equal(moved.status, 303);
  assert.equal(moved.headers.get('location'), '/notes');
  assert.equal((await service.send('/notes', { as: 'auditor' })).status, 403);
});

test('a form runs once for each key, and its refusal is shown as a page', async () => {
  const before = service.sample.runs.count;
  const post = (fields: Record<string, string>) => service.send('/notes', { method: 'POST', as: 'clerk', form: fields, headers: { accept: 'text/html' } });
  const fields = { id: 'form-1', size: '7', idempotencyKey: 'form-key' };
  for (const response of [await post(fields), await post(fields)]) {
    assert.equal(response.status, 303);
    assert.equal(response.headers.get('location'), '/notes?find=form-1');
  }
  assert.equal(service.sample.runs.count, before + 1);
  const refused = await post({ id: 'form-1', size: '7', idempotencyKey: 'form-key-2' });
  assert.equal(refused.status, 409);
  assert.match(await refused.text(), /There is a note with this id\./);
  assert.equal((await post({ id: 'x', size: 'seven' })).status, 400);
  const nobody = await service.send('/notes', { method: 'POST', form: fields });
  assert.equal(nobody.headers.get('location'), '/auth/sign-in?return_to=%2F');
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
