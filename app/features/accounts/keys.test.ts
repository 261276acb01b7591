import assert from 'node:assert/strict';
import { createHmac, hkdfSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Key, open } from '#app/lib/keys.ts';
import { createKeyRing } from './keys.ts';

const key = (id: string, byte: number): Key => ({ id, secret: Buffer.alloc(32, byte) });
const [old, young] = [key('2026a', 1), key('2026b', 2)];

test('without a key there is no ring', () => {
  assert.throws(() => createKeyRing([]), { name: 'TypeError', message: 'A key ring needs a key.' });
});

test('what is sealed opens at its place alone, whole alone, and never reads the same twice', () => {
  const ring = createKeyRing([young]);
  fc.assert(
    fc.property(fc.string(), fc.nat(), (text, place) => {
      const sealed = ring.seal(text, 'here');
      assert.equal(ring.open(sealed, 'here'), text);
      assert.equal(ring.open(sealed, 'there'), undefined);
      assert.notDeepEqual(ring.seal(text, 'here'), sealed);
      const changed = Buffer.from(sealed);
      const index = place % changed.length;
      changed[index] = (changed[index] ?? 0) ^ 1;
      assert.equal(ring.open(changed, 'here'), undefined);
      assert.equal(ring.open(sealed.subarray(0, index), 'here'), undefined);
    }),
  );
});

test('after a rotation the old key opens and knows what it made, and makes nothing more; without it nothing does', () => {
  const before = createKeyRing([old]);
  const after = createKeyRing([young, old]);
  const [sealed, signature] = [before.seal('secret', 'here'), before.sign('text')];
  assert.equal(after.open(sealed, 'here'), 'secret');
  assert.ok(after.isSigned('text', signature));
  assert.equal(before.open(after.seal('secret', 'here'), 'here'), undefined);
  const without = createKeyRing([young]);
  assert.equal(without.open(sealed, 'here'), undefined);
  assert.equal(without.isSigned('text', signature), false);
  assert.equal(without.pepper('2026a'), undefined);
  assert.equal(after.currentId, '2026b');
});

test('each use has a key of its own, derived as yesterday’s was: what is kept must open tomorrow', () => {
  const ring = createKeyRing([young]);
  const keyFor = (use: string) => Buffer.from(hkdfSync('sha256', young.secret, '', `stockade accounts ${use}`, 32));
  assert.deepEqual(ring.pepper('2026b'), keyFor('pepper'));
  assert.deepEqual(ring.sign('text'), createHmac('sha256', keyFor('sign')).update('text').digest());
  assert.equal(open((id) => (id === '2026b' ? keyFor('seal') : undefined), ring.seal('text', 'here'), 'here')?.toString(), 'text');
});

test('a signature is of its text alone', () => {
  const ring = createKeyRing([young]);
  assert.ok(ring.isSigned('text', ring.sign('text')));
  assert.equal(ring.isSigned('texts', ring.sign('text')), false);
  assert.equal(ring.isSigned('text', ring.sign('text').subarray(1)), false);
});
