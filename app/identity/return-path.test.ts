import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { localPath } from '#app/identity/return-path.ts';

const ORIGIN = 'https://stock.example.com';

for (const path of ['/', '/items/A-1', '/items?q=a%20b&status=active', '/docs']) {
  test(`${path} is kept`, () => {
    assert.equal(localPath(path, ORIGIN), path);
  });
}

for (const hostile of ['//evil.example', '/\\evil.example', '\\\\evil.example', '/\t/evil.example', '/\n/evil.example', 'https://evil.example', 'https:evil.example', 'javascript:alert(1)', 'items', '', ' /items', '/a\\b', '/%0d%0aSet-Cookie:x\r\n', '/\u0000', '/./\\/evil.example', '/..//evil.example', '/.//evil.example', '/a/../..//evil.example', '/%2e%2e//evil.example', `/${'a'.repeat(2_000)}`, null, undefined]) {
  test(`CWE-601: ${hostile === undefined ? 'undefined' : JSON.stringify(hostile).slice(0, 40)} becomes /`, () => {
    assert.equal(localPath(hostile, ORIGIN), '/');
  });
}

test('ASVS 3.3.5: a path that grows when it is written in ASCII counts by that length: a cookie of more than 4,096 bytes would be lost', () => {
  assert.equal(localPath(`/${'仓'.repeat(100)}`, ORIGIN).length, 901);
  assert.equal(localPath(`/${'a'.repeat(999)}`, ORIGIN).length, 1_000);
  assert.equal(localPath(`/${'a'.repeat(1_000)}`, ORIGIN), '/');
  assert.equal(localPath(`/${'仓'.repeat(999)}`, ORIGIN), '/');
});

test('ASVS 1.2.2 and 3.7.2 (CWE-601): whatever comes in, what comes out stays on this origin', () => {
  const parts = fc.constantFrom('/', '\\', '.', '..', 'evil.example', '@', ':', '?', '#', '%2f', '\t', '\n', 'https:', 'a', ' ');
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.array(parts).map((some) => some.join('')), fc.array(parts).map((some) => `/${some.join('')}`)), (candidate) => {
      const path = localPath(candidate, ORIGIN);
      assert.ok(path.startsWith('/') && !path.startsWith('//'));
      assert.equal(new URL(path, ORIGIN).origin, ORIGIN);
    }),
    { numRuns: 2_000 },
  );
});
