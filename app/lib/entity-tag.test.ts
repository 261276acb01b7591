import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatTag, matchesStrongly, matchesWeakly, parseTagCondition } from '#app/lib/entity-tag.ts';

const opaque = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).filter((code) => code !== 0x22).map((code) => String.fromCharCode(code)), maxLength: 12 });
const tags = fc.array(fc.record({ weak: fc.boolean(), value: opaque }, { noNullPrototype: true }), { minLength: 1, maxLength: 5 });
const separator = fc.constantFrom(',', ', ', ' ,', ' , ,\t');

test('RFC 9110 8.8.3: every list of tags is read back as it was written, commas and spaces within tags included', () => {
  fc.assert(
    fc.property(tags, separator, (list, comma) => {
      const field = list.map(({ weak, value }) => `${weak ? 'W/' : ''}"${value}"`).join(comma);
      assert.deepEqual(parseTagCondition(field), list);
    }),
  );
});

test('RFC 9110 13.1.1: a strong version matches itself, and never through a weak tag', () => {
  fc.assert(
    fc.property(opaque, (version) => {
      const tag = formatTag(version);
      assert.equal(matchesStrongly(parseTagCondition(tag) ?? [], version), true);
      assert.equal(matchesStrongly(parseTagCondition(`W/${tag}`) ?? [], version), false);
      assert.equal(matchesWeakly(parseTagCondition(`W/${tag}`) ?? [], tag), true);
      assert.equal(matchesStrongly('*', version), true);
    }),
  );
});

test('what is not a list of tags is refused as a whole', () => {
  for (const field of ['', '1', 'abc', '"a', '"a" "b"', '"a", b', 'w/"a"', '*, "a"', '"a",*', ',', '"a"b"']) {
    assert.equal(parseTagCondition(field), undefined, field);
  }
});

test('any text is parsed or refused in linear time, and never throws', () => {
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (field) => void parseTagCondition(field)));
  const started = performance.now();
  parseTagCondition(`"${' , '.repeat(20_000)}`);
  assert.ok(performance.now() - started < 1_000);
});

for (const [what, field] of [['commas', `${','.repeat(100_000)}x`], ['tabs', `"a"${'\t'.repeat(100_000)}x`], ['commas and spaces', `"a"${' ,'.repeat(50_000)}"`]] as const) {
  test(`CWE-1333: ${what} that end in no tag are refused in linear time`, () => {
    const started = performance.now();
    assert.equal(parseTagCondition(field), undefined);
    assert.ok(performance.now() - started < 1_000);
  });
}

test('separators at the end belong to no tag', () => {
  assert.deepEqual(parseTagCondition('"a", \t,,'), [{ weak: false, value: 'a' }]);
});

test('a version that no tag can carry is an error of the programmer', () => {
  assert.throws(() => formatTag('a"b'), TypeError);
  assert.throws(() => formatTag('a b'), TypeError);
});
