import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Key, open, parseKeys, seal } from '#app/lib/keys.ts';

const [old, young]: readonly [Key, Key] = [{ id: '2026a', secret: Buffer.alloc(32, 1) }, { id: '2026b', secret: Buffer.alloc(32, 2) }];
const find = (id: string) => (id === old.id ? old.secret : undefined);

test('keys are read in their order; anything else is none', () => {
  const text = [young, old].map(({ id, secret }) => `${id}:${secret.toString('base64url')}`).join(', ');
  assert.deepEqual(parseKeys(text), [young, old]);
  assert.deepEqual(parseKeys(`${'a'.repeat(32)}:${'A'.repeat(43)}`)?.map(({ id }) => id), ['a'.repeat(32)]);
  for (const bad of ['', 'a', `:${'A'.repeat(43)}`, `-a:${'A'.repeat(43)}`, `${'a'.repeat(33)}:${'A'.repeat(43)}`, `a:${'A'.repeat(44)}`, `x y:${'A'.repeat(43)}`, `a:${'A'.repeat(42)}`, `A:${'A'.repeat(43)}`, `a:${'A'.repeat(43)},a:${'B'.repeat(43)}`, `a:${'='.repeat(43)}`]) assert.equal(parseKeys(bad), undefined, bad);
});

test('ASVS 11.3.3: what is sealed opens at its place alone, whole alone, and never reads the same twice', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat(), (plain, place) => {
      const sealed = seal(old, plain, 'here');
      assert.deepEqual(open(find, sealed, 'here'), Buffer.from(plain));
      assert.equal(open(find, sealed, 'there'), undefined);
      assert.notDeepEqual(seal(old, plain, 'here'), sealed);
      const changed = Buffer.from(sealed);
      const index = place % changed.length;
      changed[index] = (changed[index] ?? 0) ^ 1;
      assert.equal(open(find, changed, 'here'), undefined);
      assert.equal(open(find, sealed.subarray(0, index), 'here'), undefined);
    }),
  );
});

test('what another key made does not open, also where it bears the name of one that is there', () => {
  assert.equal(open(find, seal(young, Buffer.from('x'), ''), ''), undefined);
  assert.equal(open(find, seal({ ...young, id: old.id }, Buffer.from('x'), ''), ''), undefined);
});
