// A collector of a test: takes OTLP over HTTP as JSON, refuses what is not that, and keeps the spans.
// Tested by ../telemetry/tracing.test.ts: every case there reads what it took.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { until } from '#app/testing/condition.ts';

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: string;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly failed: boolean;
  readonly resource: Readonly<Record<string, string | number>>;
}

export interface TraceReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  readonly spans: readonly ReceivedSpan[];
  /** All that was sent, as it came. */
  readonly text: () => string;
  /** Waits for a span. */
  sees(what: string, match: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan>;
  /** What is beneath it, in the order of its start. */
  childrenOf(span: ReceivedSpan): readonly ReceivedSpan[];
  close(): Promise<void>;
}

// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto, as JSON: ids in hex,
// 64-bit numbers as text or as numbers (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
const traceId = z.string().regex(/^(?!0{32})[0-9a-f]{32}$/);
const spanId = z.string().regex(/^(?!0{16})[0-9a-f]{16}$/);
const nanoseconds = z.string().regex(/^\d{19}$/).transform((text) => Number(BigInt(text) / 1_000n) / 1_000);
const value = z.union([z.strictObject({ stringValue: z.string() }).transform((one) => one.stringValue), z.strictObject({ intValue: z.union([z.int(), z.string().regex(/^-?\d+$/)]) }).transform((one) => Number(one.intValue)), z.strictObject({ doubleValue: z.number() }).transform((one) => one.doubleValue)]);
const attributes = z.array(z.strictObject({ key: z.string().min(1), value })).transform((list) => Object.fromEntries(list.map(({ key, value: each }) => [key, each])));
const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const ERROR = 2;

const span = z.object({
  traceId,
  spanId,
  parentSpanId: spanId.optional(),
  name: z.string().min(1),
  kind: z.int().min(1).max(5),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes,
  links: z.array(z.object({ traceId, spanId, attributes: attributes.optional() })).default([]),
  // Messages of errors quote what must not leave.
  events: z.array(z.never()).default([]),
  status: z.strictObject({ code: z.int() }),
});
const request = z.strictObject({ resourceSpans: z.array(z.object({ resource: z.object({ attributes }), scopeSpans: z.array(z.object({ scope: z.object({ name: z.string() }), spans: z.array(span) })) })) });

export async function startTraceReceiver(): Promise<TraceReceiver> {
  const spans: ReceivedSpan[] = [];
  const bodies: string[] = [];
  const problems: string[] = [];
  const server = http.createServer((incoming, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString();
      const asked = `${String(incoming.method)} ${String(incoming.url)} ${String(incoming.headers['content-type'])}`;
      const read = asked === 'POST /v1/traces application/json' ? request.safeParse(JSON.parse(body)) : undefined;
      if (read?.success === true) {
        bodies.push(body);
        spans.push(...read.data.resourceSpans.flatMap(({ resource, scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans.map((each) => toReceived(each, resource.attributes)))));
      } else {
        problems.push(`${asked} ${read?.error.message ?? ''}`);
      }
      response.writeHead(read?.success === true ? 200 : 400, { 'content-type': 'application/json' }).end('{}');
    })();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    text: () => bodies.join('\n'),
    sees: (what, match) =>
      until(`a span of ${what}`, () => {
        if (problems.length > 0) throw new Error(`The collector was sent what it can't take: ${problems.join('\n')}`);
        return spans.find(match);
      }),
    childrenOf: (parent) => spans.filter((each) => each.traceId === parent.traceId && each.parentSpanId === parent.spanId).toSorted((one, other) => one.startedMs - other.startedMs),
    async close() {
      server.close();
      server.closeAllConnections();
      return Promise.resolve();
    },
  };
}

function toReceived({ startTimeUnixNano, endTimeUnixNano, kind, status, parentSpanId, ...same }: z.output<typeof span>, resource: ReceivedSpan['resource']): ReceivedSpan {
  return { ...same, parentSpanId, kind: KINDS[kind] ?? '', startedMs: startTimeUnixNano, endedMs: endTimeUnixNano, failed: status.code === ERROR, resource };
}
