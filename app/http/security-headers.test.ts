import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSampleService } from '#app/testing/sample-service.ts';

const CSP =
  "default-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';form-action 'self' http://provider.test;frame-ancestors 'none';base-uri 'none';require-trusted-types-for 'script';trusted-types 'none'";

test('every answer has them: pages, JSON, problems, redirects, assets', async () => {
  const service = await startSampleService();
  try {
    for (const path of ['/docs', '/openapi.json', '/api/v1/notes', '/nothing', '/', '/notes']) {
      const { headers } = await service.send(path);
      assert.equal(headers.get('content-security-policy'), CSP, path);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('x-frame-options'), 'DENY');
      assert.equal(headers.get('referrer-policy'), 'same-origin');
      assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin');
      assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin');
      assert.equal(headers.get('cross-origin-embedder-policy'), 'require-corp');
      assert.match(headers.get('permissions-policy') ?? '', /camera=\(\)/);
      assert.equal(headers.get('strict-transport-security'), null);
      assert.equal(headers.get('x-powered-by'), null);
      assert.equal(headers.get('server'), null);
    }
    assert.equal((await service.send('/api/v1/notes', { as: 'viewer' })).headers.get('cache-control'), 'no-store');
    assert.equal((await service.send('/notes', { as: 'viewer' })).headers.get('cache-control'), 'no-store');
  } finally {
    await service.close();
  }
});

test('RFC 6797: with TLS, HSTS for two years and no plain request', async () => {
  const service = await startSampleService({ config: { production: true, overload: { maxLagMs: 60_000 }, publicUrl: 'https://stockade.test', identity: { issuer: 'https://provider.test' } } });
  try {
    const { headers } = await service.send('/docs');
    assert.equal(headers.get('strict-transport-security'), 'max-age=63072000; includeSubDomains');
    assert.match(headers.get('content-security-policy') ?? '', /upgrade-insecure-requests/);
  } finally {
    await service.close();
  }
});
