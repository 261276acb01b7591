import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AppError } from '#app/errors.ts';
import { expectProblem } from '#app/testing/problem.ts';
import { type SampleService, startSampleService } from '#app/testing/sample-service.ts';

let service: SampleService;
before(async () => {
  service = await startSampleService();
});
after(() => service.close());

test('404 for a path without a route, and for a resource that is not there', async () => {
  const nothing = await expectProblem(await service.send('/api/v1/nothing?canary=1'), 404, 'not-found');
  assert.equal(nothing.instance, '/api/v1/nothing');
  await expectProblem(await service.send('/api/v1/notes/'), 404, 'not-found');
  await expectProblem(await service.send('/api/v1/NOTES'), 404, 'not-found');
  await expectProblem(await service.send('/api/v1/notes/none', { as: 'viewer' }), 404, 'note-not-found');
});

test('ASVS 4.1.4: 405 with the methods that are served; OPTIONS answers them too', async () => {
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

test('ASVS 16.3.4, 16.5.1 and 16.5.4: 500 leaks nothing to the client, the log has the stack under the request id, and the next request is served', async () => {
  const response = await service.send('/api/v1/notes', { method: 'POST', as: 'clerk', json: { id: 'boom', text: 'explode' } });
  const problem = await expectProblem(response, 500, 'internal-error');
  assert.ok(!JSON.stringify(problem).includes('canary'));
  assert.ok(response.headers.get('content-security-policy'));
  const line = service.logLines.find((one) => one.includes('canary-of-an-unknown-error'));
  assert.ok(line?.includes(problem.requestId) && line.includes('sample-feature.ts'));
  assert.equal((await service.send('/api/v1/notes', { as: 'viewer' })).status, 200, 'the process goes on');
});

test('ASVS 16.3.4: a part that is away, or whose certificate nobody vouches for, is logged with its cause; the client learns neither', async (t) => {
  const cause = new TypeError('fetch failed', { cause: Object.assign(new Error('self-signed certificate of canary.internal'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }) });
  const away = await startSampleService(() => Promise.resolve({}));
  t.after(() => away.close());
  const other = await startSampleService({ identity: { ...away.parts.identity, authenticate: () => Promise.reject(new AppError('The identity provider does not answer: try again in a moment.', { status: 503, code: 'identity-provider-unavailable', expose: true, cause })) } });
  t.after(() => other.close());
  const problem = await expectProblem(await other.send('/api/v1/notes', { as: 'viewer' }), 503, 'identity-provider-unavailable');
  assert.ok(!JSON.stringify(problem).includes('canary'));
  const line = other.logLines.find((one) => one.includes('"msg":"request refused"')) ?? '';
  assert.ok(line.includes('"level":"warn"') && line.includes(problem.requestId) && line.includes('DEPTH_ZERO_SELF_SIGNED_CERT'), line);
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
