import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SseParser } from '#app/testing/sse-client.ts';

test('reads the same events however the text is cut', () => {
  const text = ': hello\nretry: 2000\n\nid: 7\n\nid: 8\nevent: a.b.v1\ndata: {"x":1}\n\ndata: two\ndata: lines\n\n:\n\nid: 9\nevent: half\ndata: not';
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: text.length })), (cuts) => {
      const parser = new SseParser();
      const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
      for (let index = 1; index < places.length; index += 1) parser.feed(text.slice(places[index - 1], places[index]));
      assert.deepEqual(parser.events, [
        { id: '8', event: 'a.b.v1', data: '{"x":1}' },
        { id: '8', event: 'message', data: 'two\nlines' },
      ]);
      assert.equal(parser.retryMs, 2_000);
      assert.equal(parser.comments, 2);
      assert.equal(parser.lastEventId, '8');
    }),
  );
});

test('takes the id of a block without data, and dispatches nothing for it', () => {
  const parser = new SseParser();
  parser.feed('id: 41\n\n');
  assert.equal(parser.lastEventId, '41');
  assert.deepEqual(parser.events, []);
});
