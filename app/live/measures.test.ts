import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { Hub } from '#app/live/hub.ts';
import { LIMITS } from '#app/live/limits.ts';
import { createMeasures } from '#app/live/measures.ts';
import { canSample, createPaperSession, EVENT_TYPES, MOVED, subjectOf } from '#app/testing/live-fixtures.ts';

test('sessions are counted by transport as they come and go, deliveries and resyncs as they happen', async () => {
  const registry = new Registry();
  const hub = new Hub({ source: 'https://stock.example', events: EVENT_TYPES, can: canSample, limits: LIMITS });
  const measures = createMeasures(registry, hub);
  const paper = createPaperSession(subjectOf(), new Set([MOVED]));
  hub.add(paper.session);
  measures.delivered('websocket');
  measures.delivered('websocket');
  measures.resynced('overflow');
  const text = await registry.metrics();
  assert.match(text, /^live_sessions\{transport="sse"\} 1$/m);
  assert.match(text, /^live_sessions\{transport="websocket"\} 0$/m);
  assert.match(text, /^live_events_delivered_total\{transport="websocket"\} 2$/m);
  assert.match(text, /^live_resyncs_total\{reason="overflow"\} 1$/m);
  paper.close();
  assert.match(await registry.metrics(), /^live_sessions\{transport="sse"\} 0$/m);
});
