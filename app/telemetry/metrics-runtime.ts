// What the runtime does: event loop, garbage collection, heap, processor and memory, by OpenTelemetry's names.
// https://opentelemetry.io/docs/specs/semconv/runtime/nodejs-metrics/ and https://opentelemetry.io/docs/specs/semconv/runtime/v8js-metrics/
import { constants, createHistogram, performance, PerformanceObserver } from 'node:perf_hooks';
import v8 from 'node:v8';
import { Counter, Histogram, type Registry } from 'prom-client';
import { addGauge } from '#app/lib/read-gauge.ts';

const SAMPLE_EVERY_MS = 20;
/** What is read within it is of one scrape, or of two Prometheus that scrape together. */
const ONE_SCRAPE_MS = 500;
const PERCENTILES = [50, 90, 99] as const;
const COLLECTIONS: ReadonlyMap<number, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

/** Returns how to stop. By hand: prom-client's own read /proc, and tell of 0 bytes where Node's permission model keeps it shut. */
export function measureRuntime(metrics: Registry): () => void {
  const stops = [measureEventLoop(metrics), measureCollections(metrics)];
  measureProcess(metrics);
  return () => {
    for (const stop of stops) stop();
  };
}

/**
 * By a timer that comes late, and not by Node's `monitorEventLoopDelay`: that one counts its own interval as delay, and does not see
 * what holds the loop right after a reset.
 */
function measureEventLoop(metrics: Registry): () => void {
  const delays = createHistogram();
  let dueMs = performance.now() + SAMPLE_EVERY_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    // In nanoseconds; of less than one it takes none.
    delays.record(Math.max(1, Math.round((now - dueMs) * 1e6)));
    dueMs = now + SAMPLE_EVERY_MS;
  }, SAMPLE_EVERY_MS).unref();
  let before = performance.eventLoopUtilization();
  const look = onceAScrape(() => {
    const now = performance.eventLoopUtilization();
    const seen = {
      max: toSeconds(delays.max),
      percentiles: PERCENTILES.map((percentile) => toSeconds(delays.percentile(percentile))),
      utilization: performance.eventLoopUtilization(now, before).utilization,
    };
    before = now;
    delays.reset();
    return seen;
  });
  for (const [index, percentile] of PERCENTILES.entries()) {
    addGauge(metrics, { name: `nodejs_eventloop_delay_p${percentile}_seconds`, help: `How late the event loop was since the last scrape, percentile ${percentile}.` }, () => look().percentiles[index]);
  }
  addGauge(metrics, { name: 'nodejs_eventloop_delay_max_seconds', help: 'How late the event loop was at worst since the last scrape.' }, () => look().max);
  addGauge(metrics, { name: 'nodejs_eventloop_utilization_ratio', help: 'Part of the time since the last scrape in which the event loop was busy.' }, () => look().utilization);
  return () => {
    clearInterval(timer);
  };
}

function toSeconds(nanoseconds: number): number {
  return nanoseconds / 1e9;
}

/** What starts a new window when it is read must be read once for all metrics of a scrape. */
function onceAScrape<T>(read: () => T): () => T {
  let seen: { readonly value: T; readonly atMs: number } | undefined;
  return () => {
    const atMs = performance.now();
    if (seen === undefined || atMs - seen.atMs >= ONE_SCRAPE_MS) seen = { value: read(), atMs };
    return seen.value;
  };
}

/** Node's types leave the detail out. */
interface CollectionEntry {
  readonly duration: number;
  readonly detail: { readonly kind: number };
}

function measureCollections(metrics: Registry): () => void {
  const durations = new Histogram({ name: 'v8js_gc_duration_seconds', help: 'How long garbage collections took.', labelNames: ['v8js_gc_type'], buckets: [0.001, 0.01, 0.1, 1, 10], registers: [metrics] });
  for (const type of COLLECTIONS.values()) durations.zero({ v8js_gc_type: type });
  const observer = new PerformanceObserver((list) => {
    for (const { duration, detail } of list.getEntries() as unknown as readonly CollectionEntry[]) {
      durations.observe({ v8js_gc_type: COLLECTIONS.get(detail.kind) ?? '_OTHER' }, duration / 1_000);
    }
  });
  observer.observe({ type: 'gc' });
  return () => {
    observer.disconnect();
  };
}

function measureProcess(metrics: Registry): void {
  addGauge(metrics, { name: 'v8js_memory_heap_used_bytes', help: 'Memory of the JavaScript heap that is in use.' }, () => v8.getHeapStatistics().used_heap_size);
  addGauge(metrics, { name: 'v8js_memory_heap_limit_bytes', help: 'Memory that the JavaScript heap may grow to.' }, () => v8.getHeapStatistics().heap_size_limit);
  addGauge(metrics, { name: 'process_resident_memory_bytes', help: 'Memory of the process that is in RAM.' }, () => process.memoryUsage.rss());
  addGauge(metrics, { name: 'process_start_time_seconds', help: 'When the process started, in seconds since 1970.' }, () => performance.timeOrigin / 1_000);
  let counted = 0;
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Time of the processor that the process has used, its own and the kernel’s.',
    registers: [metrics],
    collect() {
      const { user, system } = process.cpuUsage();
      this.inc((user + system) / 1e6 - counted);
      counted = (user + system) / 1e6;
    },
  });
}
