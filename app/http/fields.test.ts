import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseFields } from '#app/http/fields.ts';

test('what URLSearchParams writes is read back, whatever names and values hold', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 8 });
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name, maxLength: 6 }), (pairs) => {
      const result = parseFields(new URLSearchParams(pairs.map(([name, value]) => [name, value])).toString());
      assert.ok('value' in result);
      assert.deepEqual(Object.entries(result.value).sort(), [...pairs].sort());
    }),
  );
});

test('ASVS 15.3.6, 15.3.7: a doubled name is a list; __proto__ is a name like any other', () => {
  const result = parseFields('a=1&a=2&__proto__=x&b');
  assert.ok('value' in result);
  assert.deepEqual(Object.entries(result.value), [['a', ['1', '2']], ['__proto__', 'x'], ['b', '']]);
});

test('broken percent-encoding, what is not UTF-8, and fields without end are refused', () => {
  for (const text of ['a=%', 'a=%zz', '%ff=1', 'x=1&'.repeat(201)]) assert.ok('refused' in parseFields(text), text.slice(0, 9));
});

test('ASVS 1.1.1: what was encoded twice is decoded once: the second is the reader’s own text', () => {
  const result = parseFields('%2561=%253Cscript%253E&b=%2B%2520');
  assert.ok('value' in result);
  assert.deepEqual(Object.entries(result.value), [['%61', '%3Cscript%3E'], ['b', '+%20']]);
});
