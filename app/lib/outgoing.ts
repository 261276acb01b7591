// A request that leaves, as a span: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span
// Of what the conventions ask for, the address is left out but for its host: a path may say what must not be known elsewhere.
import { currentSpan, formatTraceparent, inSpan } from '#app/lib/span.ts';

export interface Peer {
  /** As the service calls them: `identity provider`. */
  readonly name: string;
  /** Whether they are told of the trace. Not strangers: it would tie together what they must not know to belong together. */
  readonly told: boolean;
}

/** `send` is handed `init` as it is to be sent. */
export function traceOutgoing(peer: Peer, url: URL, init: RequestInit, send: (init: RequestInit) => Promise<Response>): Promise<Response> {
  const { method = 'GET' } = init;
  const describe = () => ({ name: `${method} ${peer.name}`, kind: 'client' as const, attributes: { 'http.request.method': method, 'server.address': url.hostname, 'server.port': portOf(url), 'service.peer.name': peer.name } });
  return inSpan(describe, async (span) => {
    const response = await send(peer.told ? withTraceparent(init) : init);
    span?.set({ 'http.response.status_code': response.status, ...(response.status >= 400 && { 'error.type': String(response.status) }) });
    return response;
  });
}

function portOf({ protocol, port }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

/** Of a trace that is not kept too: else it would begin there anew. */
function withTraceparent(init: RequestInit): RequestInit {
  const span = currentSpan();
  if (span === undefined) return init;
  const headers = new Headers(init.headers);
  headers.set('traceparent', formatTraceparent(span));
  return { ...init, headers };
}
