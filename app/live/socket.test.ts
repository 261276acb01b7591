import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { encodeMessage, isOriginAllowed, refuseUpgrade } from '#app/live/socket.ts';

const OWN = 'https://stock.example';

test('ASVS 4.4.2: a WebSocket by cookie is opened from our own origin only; a bearer token may come without one', () => {
  assert.equal(isOriginAllowed(OWN, true, OWN), true);
  assert.equal(isOriginAllowed(undefined, true, OWN), false);
  assert.equal(isOriginAllowed(undefined, false, OWN), true);
  for (const origin of ['null', '', 'https://evil.example', 'http://stock.example', 'https://stock.example:8443', 'https://stock.example.evil.example', 'HTTPS://STOCK.EXAMPLE']) {
    assert.equal(isOriginAllowed(origin, true, OWN), false, origin);
    assert.equal(isOriginAllowed(origin, false, OWN), false, origin);
  }
});

test('each notice is one JSON message with one meaning', () => {
  assert.deepEqual(JSON.parse(encodeMessage({ kind: 'position', position: 3 })), { id: 3 });
  assert.deepEqual(JSON.parse(encodeMessage({ kind: 'resync', position: 7, reason: 'too-old' })), { id: 7, resync: { reason: 'too-old' } });
  assert.deepEqual(JSON.parse(encodeMessage({ kind: 'reconnect', afterMs: 900 })), { reconnect: { afterMs: 900 } });
  assert.deepEqual(JSON.parse(encodeMessage({ kind: 'end', reason: 'forbidden' })), { end: { reason: 'forbidden' } });
});

test('ASVS 4.2.2: a refusal that is written as bytes states its length in bytes, whatever its words are of', async () => {
  const stream = new PassThrough();
  refuseUpgrade(stream, Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: '/api/v1/socket' }), { status: 403, code: 'foreign-origin', detail: 'From this service’s own pages only: “我们”.' });
  const [head = '', body = ''] = (await text(stream)).split('\r\n\r\n');
  assert.equal(Number(/^Content-Length: (\d+)$/m.exec(head.replaceAll('\r', ''))?.[1]), Buffer.byteLength(body));
});
