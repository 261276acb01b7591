import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { expectProblem } from '#app/testing/problem.ts';
import { SAMPLE_CONFIG, type SampleService, startSampleService } from '#app/testing/sample-service.ts';

const PLAIN = { 'x-forwarded-proto': 'http' };
let service: SampleService;
before(async () => {
  service = await startSampleService({ config: { ...SAMPLE_CONFIG, publicUrl: 'https://stockade.test', trustedProxies: 1 } });
});
after(() => service.close());

test('ASVS 12.2.1: what reached the proxy without TLS is not served: a page leads to TLS, a program is refused', async () => {
  for (const path of ['/docs', '/notes?find=x', '/auth/sign-in?return_to=%2Fdocs']) {
    const answer = await service.send(path, { headers: { ...PLAIN, cookie: '__Host-session=clerk' } });
    assert.deepEqual([answer.status, answer.headers.get('location'), await answer.text(), answer.headers.getSetCookie()], [308, `https://stockade.test${path}`, '', []], path);
  }
  const runs = service.sample.runs.count;
  await expectProblem(await service.send('/api/v1/notes', { as: 'clerk', headers: PLAIN }), 403, 'tls-required');
  await expectProblem(await service.send('/api/v1/notes', { method: 'POST', as: 'clerk', json: { id: 'plain', text: 'x' }, headers: PLAIN }), 403, 'tls-required');
  await expectProblem(await service.send('/notes', { method: 'POST', form: { id: 'plain', size: '1' }, headers: { ...PLAIN, cookie: 'session=clerk', origin: 'https://stockade.test' } }), 403, 'tls-required');
  assert.equal(service.sample.runs.count, runs);
});

test('the proxy nearest to us has the last word, and what came over TLS is served', async () => {
  for (const scheme of ['https', 'HTTPS', 'http, https', '']) assert.equal((await service.send('/api/v1/notes', { as: 'clerk', headers: { 'x-forwarded-proto': scheme } })).status, 200, scheme);
  for (const scheme of ['HTTP', 'https, http', 'https,ws']) assert.equal((await service.send('/api/v1/notes', { as: 'clerk', headers: { 'x-forwarded-proto': scheme } })).status, 403, scheme);
});

test('where no proxy is trusted, or there is no TLS, nobody is believed', async (t) => {
  for (const config of [{ ...SAMPLE_CONFIG, publicUrl: 'https://stockade.test', trustedProxies: 0 }, { ...SAMPLE_CONFIG, trustedProxies: 1 }]) {
    const other = await startSampleService({ config });
    t.after(() => other.close());
    assert.equal((await other.send('/api/v1/notes', { as: 'clerk', headers: PLAIN })).status, 200);
  }
});

test('ASVS 4.1.2: only a page that a person opens leads on; the API and every change are refused, so that a program learns of it', async () => {
  for (const [path, method, status] of [['/docs', 'GET', 308], ['/openapi.json', 'GET', 308], ['/api/v1/notes', 'GET', 403], ['/api/v1/notes', 'HEAD', 403], ['/api/v1/notes', 'POST', 403], ['/notes', 'POST', 403], ['/auth/sign-out', 'POST', 403]] as const) {
    const answer = await service.send(path, { method, as: 'clerk', headers: PLAIN });
    assert.deepEqual([answer.status, answer.headers.has('location')], [status, status === 308], `${method} ${path}`);
  }
});
