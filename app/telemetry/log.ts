// The process's log: JSON lines on standard output, with the fields that may carry secrets removed by construction.
import { pino, type DestinationStream, type Logger } from 'pino';
import { currentSpan, type SpanContext } from '#app/lib/span.ts';

const SECRET_FIELDS: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'password', 'token', 'access_token', 'id_token', 'refresh_token', 'client_secret', 'code', 'code_verifier']);

/** In characters: within the 16 KiB that Docker takes for one line at most, and what a pipe takes at once. */
const WRITTEN_TOGETHER = 4_096;
const WRITTEN_AFTER_MS = 50;
const WARN = pino.levels.values['warn'] ?? 40;

export interface LogOptions {
  readonly level: string;
  readonly destination?: DestinationStream;
}

export function createLog({ level, destination }: LogOptions): Logger {
  const options = {
    level,
    base: { service: 'stockade' },
    timestamp: createTimestamp(),
    serializers: { err: describeError },
    // By hand and not by pino's `redact`, which costs 25 µs a line (npm run bench -- profile).
    formatters: { level: (label: string) => ({ level: label }), log: (fields: Record<string, unknown>) => withTrace(withoutSecrets(fields)) },
  };
  return pino(options, destination ?? openStandardOutput());
}

/**
 * A write to the system for each line is a tenth of a small request's work, so lines of one moment are written together. What
 * somebody waits for, a warning or worse, is written at once. A process that is killed loses its other lines of that moment.
 */
function openStandardOutput(): DestinationStream {
  const output = pino.destination({ sync: true });
  let lines = '';
  let timer: NodeJS.Timeout | undefined;
  const writeOut = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (lines === '') return;
    const text = lines;
    lines = '';
    output.write(text);
  };
  process.once('exit', writeOut);
  const gathering = {
    // Asks pino for the level of the line that comes.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write(line: string): void {
      lines += line;
      if (lines.length >= WRITTEN_TOGETHER || gathering.lastLevel >= WARN) writeOut();
      else timer ??= setTimeout(writeOut, WRITTEN_AFTER_MS).unref();
    },
  };
  return gathering;
}

/** RFC 3339 in UTC, milliseconds included. Most of it stays the same for a second. */
function createTimestamp(): () => string {
  let second = Number.NaN;
  let text = '';
  return () => {
    const now = Date.now();
    const nowSecond = Math.floor(now / 1_000);
    if (nowSecond !== second) {
      second = nowSecond;
      text = `,"time":"${new Date(now).toISOString().slice(0, -4)}`;
    }
    return `${text}${String(now % 1_000).padStart(3, '0')}Z"`;
  };
}

/** OpenTelemetry's names for logs that are not its own: https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/ */
export function traceFields({ traceId, spanId, sampled }: SpanContext): { readonly trace_id: string; readonly span_id: string; readonly trace_flags: string } {
  return { trace_id: traceId, span_id: spanId, trace_flags: sampled ? '01' : '00' };
}

/** Of whoever logs within a request, the parts that know of no request included; a line that names its span has it already. */
function withTrace(fields: Record<string, unknown>): Record<string, unknown> {
  const span = currentSpan();
  return span === undefined || Object.hasOwn(fields, 'trace_id') ? fields : { ...fields, ...traceFields(span) };
}

/** CWE-532: two levels deep covers what is logged here: fields of its own, and a bag of headers. */
function withoutSecrets(fields: Record<string, unknown>): Record<string, unknown> {
  // Nearly every line is as it may be, and needs no copy.
  if (!Object.keys(fields).some((name) => isSecret(name) || isBag(fields[name]))) return fields;
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (isSecret(name)) continue;
    kept[name] = isBag(value) ? Object.fromEntries(Object.entries(value).filter(([inner]) => !isSecret(inner))) : value;
  }
  return kept;
}

function isSecret(name: string): boolean {
  return SECRET_FIELDS.has(name.toLowerCase());
}

/** Errors have a serialiser of their own. */
function isBag(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Error);
}

/**
 * Only what finds the fault. Errors of libraries carry more (a request's headers, a row's values in PostgreSQL's `detail`), and
 * their `code`, a SQLSTATE or an errno, needs a name that is not the one of an authorization code.
 */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { type: error.name, message: error.message, errorCode: code, stack: error.stack, ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }) };
}
