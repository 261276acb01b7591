import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import type { Database } from '#app/feature.ts';
import { Hub } from '#app/live/hub.ts';
import { LIMITS } from '#app/live/limits.ts';
import { createMeasures } from '#app/live/measures.ts';
import { sequence } from '#app/live/sequencer.ts';
import { testDatabases } from '#app/testing/database.ts';
import { canSample, commitEvent, createPaperSession, EVENT_TYPES, MOVED, SOURCE, subjectOf } from '#app/testing/live-fixtures.ts';

const NOW = new Date('2026-03-01T08:00:00Z');
const eventOf = (ageMs: number) => ({ position: 1, tenantId: 'acme', id: 'id-1', type: MOVED, subject: 'things/1', time: new Date(NOW.getTime() - ageMs), actor: 'clerk', data: {} });

function start(db = undefined as unknown as Database) {
  const registry = new Registry();
  const hub = new Hub({ source: SOURCE, events: EVENT_TYPES, can: canSample, limits: LIMITS });
  return { hub, registry, measures: createMeasures(registry, { hub, db, clock: () => NOW }) };
}

test('sessions are counted by transport as they come and go; deliveries, resyncs and drops as they happen, each from 0', async () => {
  const { hub, registry, measures } = start();
  assert.match(await registry.metrics(), /^stockade_live_drops_total\{reason="stalled"\} 0$/m);
  const paper = createPaperSession(subjectOf(), new Set([MOVED]));
  hub.add(paper.session);
  measures.delivered('websocket', eventOf(0), true);
  measures.delivered('websocket', eventOf(0), false);
  measures.resynced('overflow');
  measures.dropped('stalled');
  const text = await registry.metrics();
  assert.match(text, /^stockade_live_sessions\{transport="sse"\} 1$/m);
  assert.match(text, /^stockade_live_sessions\{transport="websocket"\} 0$/m);
  assert.match(text, /^stockade_live_events_delivered_total\{transport="websocket"\} 2$/m);
  assert.match(text, /^stockade_live_resyncs_total\{reason="overflow"\} 1$/m);
  assert.match(text, /^stockade_live_drops_total\{reason="stalled"\} 1$/m);
  paper.close();
  assert.match(await registry.metrics(), /^stockade_live_sessions\{transport="sse"\} 0$/m);
});

test('what was delivered when it happened is measured from then on, what comes out of the past is not', async () => {
  const { registry, measures } = start();
  measures.delivered('sse', eventOf(400), true);
  measures.delivered('sse', eventOf(86_400_000), false);
  measures.delivered('sse', eventOf(-50), true);
  const text = await registry.metrics();
  assert.match(text, /^stockade_live_delivery_duration_seconds_bucket\{le="0\.25"\} 1$/m, 'of a clock that is ahead nothing is late');
  assert.match(text, /^stockade_live_delivery_duration_seconds_bucket\{le="1"\} 2$/m);
  assert.match(text, /^stockade_live_delivery_duration_seconds_sum 0\.4$/m);
});

for (const engine of testDatabases()) {
  test(`${engine.name}: the outbox lags by the age of the oldest event without a place, and not once it has one`, async (t) => {
    const database = await engine.open();
    t.after(() => database.close());
    const { registry } = start(database.db);
    const lag = async () => /^stockade_outbox_lag_seconds (\S+)$/m.exec(await registry.metrics())?.[1];
    assert.equal(await lag(), '0');
    await commitEvent(database.owner, 1, { time: new Date(NOW.getTime() - 90_000) });
    await commitEvent(database.owner, 2, { time: new Date(NOW.getTime() - 10_000) });
    assert.equal(await lag(), '90');
    await sequence(database.db, NOW);
    assert.equal(await lag(), '0');
    await commitEvent(database.owner, 3, { time: new Date(NOW.getTime() + 5_000) });
    assert.equal(await lag(), '0');
  });
}

test('while the database is away the lag is not known, and the scrape is answered', async () => {
  const { registry } = start();
  assert.doesNotMatch(await registry.metrics(), /^stockade_outbox_lag_seconds /m);
});
