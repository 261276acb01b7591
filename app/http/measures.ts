// What requests tell Prometheus, by OpenTelemetry's names: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
import { Gauge, Histogram, type Registry } from 'prom-client';
import type { HttpMiddleware } from '#app/http/context.ts';
import { knownMethod } from '#app/http/known-method.ts';
import { sampledSpan } from '#app/lib/span.ts';

type Label = 'http_request_method' | 'http_route' | 'http_response_status_code';
/** In seconds, as the conventions advise; the latency objective is one of them. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/**
 * Counts a request once its answer, a stream's end included, is out. Labels come from our own code alone: the route is a template,
 * empty where none matched; the status is empty where the client left before an answer.
 */
export function measureRequests(metrics: Registry): HttpMiddleware {
  const durations = new Histogram<Label | 'trace_id' | 'span_id'>({
    name: 'http_server_request_duration_seconds',
    help: 'How long requests took until their answer was out, or their stream ended.',
    labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
    buckets: BUCKETS,
    enableExemplars: true,
    // It refuses a registry that could be written without them; ours is written both ways.
    registers: [],
  });
  metrics.registerMetric(durations);
  const active = countActive(metrics);
  return (ctx, next) => {
    const startedAt = performance.now();
    // Now: when the answer closes, no span is current any more.
    const span = sampledSpan();
    const method = knownMethod(ctx.method);
    active.set(method, (active.get(method) ?? 0) + 1);
    const { res } = ctx;
    res.once('close', () => {
      active.set(method, (active.get(method) ?? 1) - 1);
      const labels = { http_request_method: method, http_route: ctx.state.route ?? '', http_response_status_code: res.headersSent ? res.statusCode : '' };
      const value = (performance.now() - startedAt) / 1_000;
      durations.observe(span === undefined ? { labels, value } : { labels, value, exemplarLabels: { trace_id: span.traceId, span_id: span.spanId } });
    });
    return next();
  };
}

function countActive(metrics: Registry): Map<string, number> {
  const active = new Map([['GET', 0]]);
  new Gauge({
    name: 'http_server_active_requests',
    help: 'Requests that are being answered, open streams among them.',
    labelNames: ['http_request_method'],
    registers: [metrics],
    collect() {
      for (const [method, count] of active) this.set({ http_request_method: method }, count);
    },
  });
  return active;
}
