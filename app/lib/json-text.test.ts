import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findJsonFault } from '#app/lib/json-text.ts';

const DEPTH = 32;

test('RFC 8259: every text that JSON.stringify writes passes, with any white space', () => {
  const name = fc.string({ maxLength: 8 }).filter((text) => !['__proto__', 'constructor', 'prototype'].includes(text));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, fc.string(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null), fc.array(tie('value')), fc.dictionary(name, tie('value'))),
  }));
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 2, '\t'), (content, indent) => {
      assert.equal(findJsonFault(JSON.stringify(content, null, indent), DEPTH), undefined);
    }),
  );
});

test('ASVS 1.5.3: a text has a fault exactly when JSON.parse refuses it, as long as no name stands twice', () => {
  const piece = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"b"', '1', '-', '0', '.5', 'e3', 'true', 'null', ' ', '"', '\\', '\n', 'x');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('');
      const found = findJsonFault(text, DEPTH);
      if (found?.detail.includes('twice')) return;
      let parses = true;
      try {
        JSON.parse(text);
      } catch {
        parses = false;
      }
      assert.equal(found === undefined, parses, text);
    }),
    { numRuns: 2_000 },
  );
});

test('ASVS 1.5.2: doubled names, names of the prototype and deep nesting are refused, with their position', () => {
  assert.deepEqual(findJsonFault('{"a":1,"a":2}', DEPTH), { position: 7, detail: 'This name stands twice in one object.' });
  assert.deepEqual(findJsonFault('{"a":1,"\\u0061":2}', DEPTH)?.position, 7);
  assert.deepEqual(findJsonFault('[{"__proto__":{}}]', DEPTH), { position: 2, detail: 'This name is not allowed.' });
  assert.equal(findJsonFault('[{"a":1},{"a":1}]', DEPTH), undefined);
  assert.match(findJsonFault('['.repeat(100_000), DEPTH)?.detail ?? '', /deeper than 32/);
});

test('the position is where the text stops being JSON', () => {
  assert.equal(findJsonFault('{"a": x}', DEPTH)?.position, 6);
  assert.deepEqual(findJsonFault('{"a": 1', DEPTH), { position: 7, detail: 'The JSON text ends too early.' });
  assert.equal(findJsonFault('', DEPTH)?.position, 0);
  assert.equal(findJsonFault('{} {}', DEPTH)?.position, 3);
});
