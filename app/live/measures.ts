// What the live part tells Prometheus.
import { Counter, Gauge, type Registry } from 'prom-client';
import type { TransportKind } from '#app/live/cloud-event.ts';
import type { Hub } from '#app/live/hub.ts';
import type { ResyncReason } from '#app/live/transport.ts';

export interface Measures {
  readonly delivered: (transport: TransportKind) => void;
  readonly resynced: (reason: ResyncReason) => void;
}

export function createMeasures(registry: Registry, hub: Hub): Measures {
  new Gauge({
    name: 'live_sessions',
    help: 'Open live sessions of this process.',
    labelNames: ['transport'],
    registers: [registry],
    collect() {
      for (const transport of ['sse', 'websocket'] as const) this.set({ transport }, hub.count(transport));
    },
  });
  const delivered = new Counter({ name: 'live_events_delivered_total', help: 'Events written to live sessions.', labelNames: ['transport'], registers: [registry] });
  const resyncs = new Counter({ name: 'live_resyncs_total', help: 'Live sessions told to read everything again.', labelNames: ['reason'], registers: [registry] });
  return {
    delivered(transport) {
      delivered.inc({ transport });
    },
    resynced(reason) {
      resyncs.inc({ reason });
    },
  };
}
