// What the live part tells Prometheus.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Database } from '#app/feature.ts';
import { addGauge } from '#app/lib/read-gauge.ts';
import type { TransportKind } from '#app/live/cloud-event.ts';
import type { Hub } from '#app/live/hub.ts';
import { type LiveEvent, oldestUnsequenced } from '#app/live/outbox.ts';
import type { DropReason } from '#app/live/session.ts';
import type { ResyncReason } from '#app/live/transport.ts';

export interface Measures {
  /** `live`: when it happened; what a session reads out of the past, or when its peer can take more again, is late by no fault of ours. */
  readonly delivered: (transport: TransportKind, event: LiveEvent, live: boolean) => void;
  readonly resynced: (reason: ResyncReason) => void;
  readonly dropped: (reason: DropReason) => void;
}

export interface MeasuresParts {
  readonly hub: Hub;
  readonly db: Database;
  readonly clock: () => Date;
}

const TRANSPORTS = ['sse', 'websocket'] as const satisfies readonly TransportKind[];
const RESYNC_REASONS = ['malformed', 'unknown', 'too-old', 'too-far', 'overflow', 'gap'] as const satisfies readonly ResyncReason[];
const DROP_REASONS = ['overflow', 'stalled'] as const satisfies readonly DropReason[];
/** In seconds. The objective of freshness is one of them. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function createMeasures(registry: Registry, { hub, db, clock }: MeasuresParts): Measures {
  new Gauge({
    name: 'stockade_live_sessions',
    help: 'Open live sessions of this process.',
    labelNames: ['transport'],
    registers: [registry],
    collect() {
      for (const transport of TRANSPORTS) this.set({ transport }, hub.count(transport));
    },
  });
  addGauge(registry, { name: 'stockade_outbox_lag_seconds', help: 'How long the oldest event has waited for its place in the stream; 0 when none waits.' }, async () => {
    const oldest = await oldestUnsequenced(db);
    return oldest === undefined ? 0 : Math.max(0, clock().getTime() - oldest.getTime()) / 1_000;
  });
  const delays = new Histogram({ name: 'stockade_live_delivery_duration_seconds', help: 'From when an event happened to when it was written to a live session.', buckets: BUCKETS, registers: [registry] });
  const count = createCounters(registry);
  return {
    delivered(transport, { time }, live) {
      count.delivered[transport].inc();
      // Clocks of two processes may differ.
      if (live) delays.observe(Math.max(0, clock().getTime() - time.getTime()) / 1_000);
    },
    resynced(reason) {
      count.resyncs.inc({ reason });
    },
    dropped(reason) {
      count.drops.inc({ reason });
    },
  };
}

function createCounters(registry: Registry) {
  const delivered = new Counter({ name: 'stockade_live_events_delivered_total', help: 'Events written to live sessions.', labelNames: ['transport'], registers: [registry] });
  const resyncs = new Counter({ name: 'stockade_live_resyncs_total', help: 'Live sessions told to read everything again.', labelNames: ['reason'], registers: [registry] });
  const drops = new Counter({ name: 'stockade_live_drops_total', help: 'Live sessions that lost events, or were closed, because they took them too slowly.', labelNames: ['reason'], registers: [registry] });
  for (const transport of TRANSPORTS) delivered.inc({ transport }, 0);
  for (const reason of RESYNC_REASONS) resyncs.inc({ reason }, 0);
  for (const reason of DROP_REASONS) drops.inc({ reason }, 0);
  return { delivered: { sse: delivered.labels('sse'), websocket: delivered.labels('websocket') }, resyncs, drops };
}
