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
    formatters: { level: (label: string) => ({ level: label }) },
    // CWE-532: two levels deep covers what is logged here (a bag of headers, an error's own fields).
    redact: { paths: SECRET_FIELDS.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), remove: true },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
