// OpenTelemetry's tracer and exporter behind our own spans (decision 28). Loaded only where there is somewhere to send them to.
import { randomUUID } from 'node:crypto';
import { type Context, type Link, ROOT_CONTEXT, type Span as OtelSpan, SpanKind, SpanStatusCode, trace, TraceFlags, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOffSampler, AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, type Sampler, type SpanExporter, type SpanProcessor, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { TracingConfig } from '#app/config.ts';
import { errorTypeOf, parseTraceparent, type Span, type SpanContext, type SpanPart } from '#app/lib/span.ts';
import { VERSION } from '#app/telemetry/version.ts';

export interface Tracing {
  /** A request that came in; `traceparent` as its caller sent it. */
  serve(name: string, traceparent: unknown): Span;
  /** Work that an earlier span of ours has caused, in whichever process: undefined where that one was not kept. */
  continue(traceparent: string, part: SpanPart): Span | undefined;
  /** Sends what is left, and waits no longer than a moment for a collector that does not take it. */
  readonly stop: () => Promise<void>;
}

export interface TracingParts {
  readonly log: Logger;
  readonly metrics: Registry;
  /** The commit that the service was built from. */
  readonly revision?: string | undefined;
  /** How long spans wait to be sent together; for tests. */
  readonly delayMs?: number;
}

const DELAY_MS = 2_000;
/** Over all attempts: what can't be sent in this time is lost, and with it nothing that a person waits for. */
const EXPORT_MS = 2_000;
const STOP_MS = 3_000;
/** Spans that wait; those beyond are lost. Half a kilobyte each. */
const QUEUED = 4_096;
/** Of a name or a statement. */
const LONGEST_VALUE = 2_048;
const WARN_EVERY_MS = 60_000;

const KINDS: Readonly<Record<SpanPart['kind'], SpanKind>> = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER };

export function openTracing(config: TracingConfig, parts: TracingParts): Tracing {
  const { revision } = parts;
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'stockade', 'service.version': VERSION, 'service.instance.id': randomUUID(), ...(revision !== undefined && { 'vcs.ref.head.revision': revision }) }),
    sampler: createSampler(config),
    spanLimits: { attributeValueLengthLimit: LONGEST_VALUE },
    spanProcessors: createProcessors(new OTLPTraceExporter({ url: tracesUrl(config.endpoint), timeoutMillis: EXPORT_MS }), parts),
  });
  // Nothing is registered globally: two services of one process, as in tests, don't share a tracer.
  const tracer = provider.getTracer('stockade', VERSION);
  return {
    serve(name, traceparent) {
      const caller = parseTraceparent(traceparent);
      if (caller === undefined) return startSpan(tracer, ROOT_CONTEXT, { name, kind: 'server' });
      if (config.callers === 'trusted') return startSpan(tracer, within(caller), { name, kind: 'server' });
      return startSpan(tracer, ROOT_CONTEXT, { name, kind: 'server' }, [{ context: toOtel(caller) }]);
    },
    continue(traceparent, part) {
      const cause = parseTraceparent(traceparent);
      return cause?.sampled === true ? startSpan(tracer, within(cause), part) : undefined;
    },
    async stop() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => (timer = setTimeout(resolve, STOP_MS)));
      // A collector that takes nothing was told of already.
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
      clearTimeout(timer);
    },
  };
}

/** https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp */
function tracesUrl(endpoint: string): string {
  return `${endpoint.replace(/\/$/, '')}/v1/traces`;
}

function createSampler({ sampler, ratio }: TracingConfig): Sampler {
  const root = sampler.endsWith('always_on') ? new AlwaysOnSampler() : sampler.endsWith('always_off') ? new AlwaysOffSampler() : new TraceIdRatioBasedSampler(ratio);
  return sampler.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

function toOtel({ traceId, spanId, sampled }: SpanContext) {
  return { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
}

function within(parent: SpanContext): Context {
  return trace.setSpanContext(ROOT_CONTEXT, toOtel(parent));
}

function startSpan(tracer: Tracer, parent: Context, { name, kind, attributes = {} }: SpanPart, links: Link[] = []): Span {
  return adapt(tracer, parent, tracer.startSpan(name, { kind: KINDS[kind], attributes, links }, parent));
}

function adapt(tracer: Tracer, parent: Context, span: OtelSpan): Span {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    traceId,
    spanId,
    sampled: (traceFlags & TraceFlags.SAMPLED) !== 0,
    start: (part) => startSpan(tracer, trace.setSpan(parent, span), part),
    setName: (name) => void span.updateName(name),
    set: (attributes) => void span.setAttributes(attributes),
    end(errorType) {
      if (errorType !== undefined) span.setAttribute('error.type', errorType).setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

/** What was not sent, and does not wait, was dropped: `ended` less the others. */
function createProcessors(exporter: SpanExporter, { log, metrics, delayMs = DELAY_MS }: TracingParts): SpanProcessor[] {
  const spans = new Counter({ name: 'stockade_spans_total', help: 'Spans that were kept: ended, and then exported or failed; the difference was dropped, or still waits.', labelNames: ['outcome'], registers: [metrics] });
  const watched: SpanExporter = {
    export(batch, done) {
      exporter.export(batch, (result) => {
        spans.inc({ outcome: result.error === undefined ? 'exported' : 'failed' }, batch.length);
        if (result.error !== undefined) warn(result.error);
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
  let quietUntil = Number.NEGATIVE_INFINITY;
  const warn = (error: Error): void => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + WARN_EVERY_MS;
    log.warn({ problem: errorTypeOf(error) }, 'spans could not be sent to the collector, and are lost');
  };
  const counting: SpanProcessor = {
    onStart: () => undefined,
    onEnd: () => {
      spans.inc({ outcome: 'ended' });
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  return [counting, new BatchSpanProcessor({ exporter: watched, maxQueueSize: QUEUED, scheduledDelayMillis: delayMs, exportTimeoutMillis: STOP_MS })];
}
