// A piece of work as tracing sees it (OpenTelemetry's span), and where work finds the one that it belongs to. Without tracing
// there is none anywhere, and nothing is loaded for it: what makes spans is app/telemetry/tracing.ts.
import { AsyncLocalStorage } from 'node:async_hooks';

/** What goes from one process to the next (W3C Trace Context). */
export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  /** Whether it is kept; one that isn't has ids all the same. */
  readonly sampled: boolean;
}

/** Values are bounded names and numbers: never what a statement or a body holds, nothing of a person. */
export type SpanAttributes = Readonly<Record<string, string | number>>;

export interface SpanPart {
  /** Of few: routes, tables, event types. */
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly attributes?: SpanAttributes;
}

export interface Span extends SpanContext {
  /** A part of this work. */
  start(part: SpanPart): Span;
  setName(name: string): void;
  set(attributes: SpanAttributes): void;
  /** Once; with what went wrong, as a name and not as a message, which may quote anything. */
  end(errorType?: string): void;
}

const current = new AsyncLocalStorage<Span | undefined>();

export function currentSpan(): Span | undefined {
  return current.getStore();
}

/** What an exemplar may point to: only what is kept will be found. */
export function sampledSpan(): SpanContext | undefined {
  const span = current.getStore();
  return span?.sampled === true ? span : undefined;
}

export function runInSpan<T>(span: Span, work: () => T): T {
  return current.run(span, work);
}

/** Does the work as a part of the current span, where there is one that is kept; else it only does it. */
export function inSpan<T>(describe: () => SpanPart, work: (span: Span | undefined) => Promise<T>): Promise<T> {
  const parent = current.getStore();
  return parent?.sampled === true ? follow(parent.start(describe()), work) : work(undefined);
}

async function follow<T>(span: Span, work: (span: Span) => Promise<T>): Promise<T> {
  try {
    const result = await current.run(span, () => work(span));
    span.end();
    return result;
  } catch (error) {
    span.end(errorTypeOf(error));
    throw error;
  }
}

/** For work that outlives the request which happens to begin it: a connection of a pool, a run that many have asked for. */
export function outsideSpans<T>(work: () => T): T {
  return current.getStore() === undefined ? work() : current.run(undefined, work);
}

/** A code (SQLSTATE, errno, a problem's), its own or its cause's, or the error's class. */
export function errorTypeOf(error: unknown): string {
  return error instanceof Error ? (codeOf(error) ?? codeOf(error.cause) ?? error.name) : typeof error;
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[\w-]{1,64}$/.test(code) ? code : undefined;
}

/** Version, trace, parent, flags. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})/;

/** https://www.w3.org/TR/trace-context/#traceparent-header */
export function parseTraceparent(text: unknown): SpanContext | undefined {
  const [start = '', version, traceId, spanId, flags = ''] = (typeof text === 'string' ? TRACEPARENT.exec(text) : null) ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  // A later version may say more. Of a header that is repeated, Node joins the values by a comma.
  const rest = String(text).slice(start.length);
  return rest === '' || (version !== '00' && rest.startsWith('-')) ? { traceId, spanId, sampled: isSampled(flags) } : undefined;
}

function isSampled(flags: string): boolean {
  return Number.parseInt(flags, 16) % 2 === 1;
}

export function formatTraceparent({ traceId, spanId, sampled }: SpanContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}
