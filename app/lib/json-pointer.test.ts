import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatPointer, parsePointer } from '#app/lib/json-pointer.ts';

test('RFC 6901: a path is read back from its pointer, whatever its names hold', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (path) => {
      assert.deepEqual(parsePointer(formatPointer(path)), path.map((token) => token.toWellFormed()));
    }),
  );
});

test('a pointer is a URI fragment', () => {
  assert.equal(formatPointer([]), '#');
  assert.equal(formatPointer(['lines', 0, 'a/b~c d']), '#/lines/0/a~1b~0c%20d');
});
