import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Envelope, toCloudEvent } from '#app/live/cloud-event.ts';
import { SseParser } from '#app/testing/sse-client.ts';

const event = {
  position: 12,
  tenantId: 'acme',
  id: '6f1c4ad0-7e0e-4d0c-9a1e-3c7f5a0f0c55',
  type: 'sample.item.moved.v1',
  subject: 'items/A-1',
  time: new Date('2026-11-23T10:00:00.000Z'),
  actor: 'clerk',
  data: { note: 'two\nlines\r\n\ndata: not a field' },
};

test('an event is a CloudEvent 1.0 in JSON structured mode, its attribute names in lower case', () => {
  const cloudEvent = toCloudEvent(event, 'https://stock.example');
  assert.deepEqual(cloudEvent, {
    specversion: '1.0',
    id: event.id,
    source: 'https://stock.example',
    type: event.type,
    subject: 'items/A-1',
    time: '2026-11-23T10:00:00.000Z',
    datacontenttype: 'application/json',
    tenantid: 'acme',
    actor: 'clerk',
    data: event.data,
  });
  for (const name of Object.keys(cloudEvent)) assert.match(name, /^[a-z0-9]{1,20}$/);
});

test('the trace in which an event happened is an attribute of it, where there was one (CloudEvents, distributed tracing)', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  assert.equal(toCloudEvent({ ...event, traceparent }, 'https://stock.example').traceparent, traceparent);
  assert.ok(!Object.hasOwn(toCloudEvent(event, 'https://stock.example'), 'traceparent'));
});

test('ASVS 1.2.3: line breaks in the data don’t break the frame (CWE-93)', () => {
  const parser = new SseParser();
  parser.feed(new Envelope(event, 'https://stock.example').encoded('sse').toString());
  assert.deepEqual(
    parser.events.map(({ id, data }) => [id, JSON.parse(data) as unknown]),
    [['12', toCloudEvent(event, 'https://stock.example')]],
  );
});

test('the bytes are made once for all sessions of a transport', () => {
  const envelope = new Envelope(event, 'https://stock.example');
  assert.equal(envelope.encoded('sse'), envelope.encoded('sse'));
  assert.equal(envelope.encoded('websocket'), envelope.encoded('websocket'));
  // The frame's head has four bytes at this length.
  assert.deepEqual(JSON.parse(envelope.encoded('websocket').toString('utf8', 4)), { id: 12, event: toCloudEvent(event, 'https://stock.example') });
});
