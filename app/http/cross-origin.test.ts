import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SAMPLE_CONFIG, type SampleService, startSampleService } from '#app/testing/sample-service.ts';

const FRIEND = 'https://friend.test';
let service: SampleService;
before(async () => {
  service = await startSampleService({ config: { ...SAMPLE_CONFIG, corsOrigins: [FRIEND] } });
});
after(() => service.close());

function corsHeaders(response: Response): Record<string, string> {
  return Object.fromEntries([...response.headers].filter(([name]) => name.startsWith('access-control-')));
}

test('ASVS 3.4.2: an origin that is named may read the API’s answers, refusals included, and never with credentials', async () => {
  for (const as of ['viewer', undefined]) {
    const response = await service.send('/api/v1/notes', { ...(as === undefined ? {} : { as }), headers: { origin: FRIEND } });
    assert.equal(response.status, as === undefined ? 401 : 200);
    assert.equal(response.headers.get('access-control-allow-origin'), FRIEND);
    assert.match(response.headers.get('access-control-expose-headers') ?? '', /\bETag\b/);
    assert.equal(response.headers.get('access-control-allow-credentials'), null);
    assert.match(response.headers.get('vary') ?? '', /\bOrigin\b/);
  }
});

test('its preflight is told what it may send, before anybody is authenticated', async () => {
  const response = await service.send('/api/v1/notes', { method: 'OPTIONS', headers: { origin: FRIEND, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type,idempotency-key' } });
  assert.equal(response.status, 204);
  assert.match(response.headers.get('access-control-allow-methods') ?? '', /\bPOST\b/);
  assert.match(response.headers.get('access-control-allow-headers') ?? '', /Authorization, Content-Type, Idempotency-Key/);
});

test('ASVS 3.4.2 (CWE-942): nobody else is, however alike its name, and what is no API has no such header for anybody', async () => {
  for (const origin of ['https://evil.test', 'null', 'https://friend.test.evil.test', 'http://friend.test', 'https://friend.test:8443', 'HTTPS://FRIEND.TEST', `${FRIEND}, https://evil.test`]) {
    const response = await service.send('/api/v1/notes', { as: 'viewer', headers: { origin } });
    assert.deepEqual(corsHeaders(response), {}, origin);
    assert.match(response.headers.get('vary') ?? '', /\bOrigin\b/);
  }
  for (const path of ['/docs', '/', '/openapi.json', '/auth/sign-in']) assert.deepEqual(corsHeaders(await service.send(path, { headers: { origin: FRIEND } })), {}, path);
});

test('without a named origin there is no such header at all', async () => {
  const closed = await startSampleService();
  try {
    assert.deepEqual(corsHeaders(await closed.send('/api/v1/notes', { as: 'viewer', headers: { origin: FRIEND } })), {});
  } finally {
    await closed.close();
  }
});

test('CWE-352: a named origin that sends the cookie is refused all the same', async () => {
  const response = await service.send('/api/v1/notes', { method: 'POST', headers: { origin: FRIEND, cookie: 'session=clerk' }, json: { id: 'x', text: 'x' } });
  assert.equal(response.status, 403);
});
