// A request's method as telemetry names it: of few, whatever a client makes up. https://opentelemetry.io/docs/specs/semconv/registry/attributes/http/
// Tested by trace-requests.test.ts: by requests.

/** Those of RFC 9110, PATCH and QUERY. */
const METHODS: ReadonlySet<string> = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE']);
export const OTHER_METHOD = '_OTHER';

export function knownMethod(method: string): string {
  return METHODS.has(method) ? method : OTHER_METHOD;
}
