import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeNotice } from '#app/live/sse.ts';
import { SseParser } from '#app/testing/sse-client.ts';

test('each notice is one block, with the id from which the client resumes', () => {
  const parser = new SseParser();
  parser.feed(encodeNotice({ kind: 'position', position: 3 }));
  assert.equal(parser.lastEventId, '3');
  parser.feed(encodeNotice({ kind: 'resync', position: 7, reason: 'overflow' }));
  parser.feed(encodeNotice({ kind: 'reconnect', afterMs: 1_234 }));
  parser.feed(encodeNotice({ kind: 'end', reason: 'signed-out' }));
  assert.deepEqual(parser.events, [
    { id: '7', event: 'resync', data: '{"reason":"overflow"}' },
    { id: '7', event: 'reconnect', data: '{"afterMs":1234}' },
    { id: '7', event: 'end', data: '{"reason":"signed-out"}' },
  ]);
  assert.equal(parser.retryMs, 1_234);
});
