// The process's log: JSON lines on standard output, with the fields that may carry secrets removed by construction.
import { pino, type DestinationStream, type Logger } from 'pino';

const SECRET_FIELDS = ['authorization', 'cookie', 'set-cookie', 'password', 'token', 'access_token', 'id_token', 'client_secret', 'code', 'code_verifier'];

export interface LogOptions {
  readonly level: string;
  readonly destination?: DestinationStream;
}

export function createLog({ level, destination }: LogOptions): Logger {
  const options = {
    level,
    base: { service: 'stockade' },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    serializers: { err: describeError },
    formatters: { level: (label: string) => ({ level: label }) },
    // CWE-532: two levels deep covers what is logged here (a bag of headers, an error's own fields).
    redact: { paths: SECRET_FIELDS.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), remove: true },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
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
