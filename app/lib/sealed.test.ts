// What is sealed opens with its key, in its place, unchanged, and not otherwise.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { KEY_BYTES, open, seal } from '#app/lib/sealed.ts';

const key = randomBytes(KEY_BYTES);
const plain = Buffer.from('Cleo Clerk');

test('what is sealed opens to the same bytes, nothing at all included', () => {
  assert.deepEqual(open(key, seal(key, plain, 'person'), 'person'), plain);
  assert.deepEqual(open(key, seal(key, Buffer.alloc(0), 'person'), 'person'), Buffer.alloc(0));
});

test('ASVS 11.3.4: it is another text each time, and longer by nonce and tag alone', () => {
  const [one, two] = [seal(key, plain, 'person'), seal(key, plain, 'person')];
  assert.notDeepEqual(one, two);
  assert.equal(one.length, plain.length + 28);
});

test('ASVS 11.2.5, 11.3.3: it does not open with another key, in another place, or when any byte of it was changed, cut off or added', () => {
  const sealed = seal(key, plain, 'person');
  assert.equal(open(randomBytes(KEY_BYTES), sealed, 'person'), undefined);
  assert.equal(open(key, sealed, 'person2'), undefined);
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    assert.equal(open(key, changed, 'person'), undefined, `byte ${at}`);
    assert.equal(open(key, sealed.subarray(0, at), 'person'), undefined, `cut at ${at}`);
  }
  assert.equal(open(key, Buffer.concat([sealed, Buffer.of(0)]), 'person'), undefined);
});
