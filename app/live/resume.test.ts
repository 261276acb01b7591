import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readLastEventId } from '#app/live/resume.ts';

const none = new URLSearchParams();

test('a position is read back as it was written, from the header or from the query', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (position) => {
      assert.equal(readLastEventId(String(position), none), position);
      assert.equal(readLastEventId(undefined, new URLSearchParams({ lastEventId: String(position) })), position);
    }),
  );
});

test('anything else is a position beyond doubt, none, or malformed, and never throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom('-1', '1.0', '1e3', '0x10', '007', ' 7', '7 ', '9007199254740992', '99999999999999999999', '7,8', '٣')), (text) => {
      const read = readLastEventId(text, none);
      if (text === '') assert.equal(read, undefined);
      else assert.equal(read, String(Number(text)) === text && Number.isSafeInteger(Number(text)) && Number(text) >= 0 ? Number(text) : 'malformed');
    }),
  );
});

test('the header, which a reconnecting browser sends, goes before the query of the page’s first connection', () => {
  assert.equal(readLastEventId('9', new URLSearchParams('lastEventId=3')), 9);
  assert.equal(readLastEventId('', new URLSearchParams('lastEventId=3')), 3);
  assert.equal(readLastEventId(undefined, new URLSearchParams('lastEventId=3&lastEventId=4')), 'malformed');
  assert.equal(readLastEventId(undefined, none), undefined);
});
