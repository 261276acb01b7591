import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
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
