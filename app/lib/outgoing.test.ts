import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Peer, traceOutgoing } from '#app/lib/outgoing.ts';
import { formatTraceparent, runInSpan, type Span, type SpanAttributes, type SpanPart } from '#app/lib/span.ts';
import { serve } from '#app/testing/local-server.ts';
import { freePorts } from '#app/testing/ports.ts';

interface Recorded {
  readonly part: SpanPart;
  readonly set: SpanAttributes[];
  ended: string | undefined;
}

/** A span that is kept, or is not, and what becomes of its parts. */
function record(sampled = true): { readonly span: Span; readonly parts: Recorded[] } {
  const parts: Recorded[] = [];
  const create = (spanId: string, recorded?: Recorded): Span => ({
    traceId: 'a'.repeat(32),
    spanId,
    sampled,
    start(part) {
      const own: Recorded = { part, set: [], ended: undefined };
      parts.push(own);
      return create('c'.repeat(16), own);
    },
    setName: () => undefined,
    set: (attributes) => recorded?.set.push(attributes),
    end: (errorType = 'well') => {
      if (recorded !== undefined) recorded.ended = errorType;
    },
  });
  return { span: create('b'.repeat(16)), parts };
}

const PROVIDER: Peer = { name: 'identity provider', told: true };
const send = (peer: Peer, url: URL, init: RequestInit = {}) => traceOutgoing(peer, url, init, (own) => fetch(url, own));

test('a request that leaves is a span with host, port and status, and nothing of its path or query', async (t) => {
  const { origin } = await serve(t, (_request, response) => response.writeHead(404).end());
  const { span, parts } = record();
  await runInSpan(span, () => send(PROVIDER, new URL('/canary?canary=canary', origin), { method: 'POST', body: 'canary' }));
  const attributes = { 'http.request.method': 'POST', 'server.address': '127.0.0.1', 'server.port': Number(new URL(origin).port), 'service.peer.name': 'identity provider' };
  assert.deepEqual(parts, [{ part: { name: 'POST identity provider', kind: 'client', attributes }, set: [{ 'http.response.status_code': 404, 'error.type': '404' }], ended: 'well' }]);
});

test('who is to know is told of the trace, kept or not; a stranger is not, and neither is anybody without one', async (t) => {
  const told: unknown[] = [];
  const { origin } = await serve(t, ({ headers }, response) => {
    told.push([headers['traceparent'], headers['x-own']]);
    response.end();
  });
  const ask = (told: boolean) => send({ name: 'them', told }, new URL(origin), { headers: { 'x-own': 'kept' } });
  const [kept, left] = [record().span, record(false).span];
  await runInSpan(kept, () => ask(true));
  await runInSpan(left, () => ask(true));
  await runInSpan(kept, () => ask(false));
  await ask(true);
  // Its own span, not the one that it is a part of.
  assert.deepEqual(told, [[formatTraceparent({ ...kept, spanId: 'c'.repeat(16) }), 'kept'], [formatTraceparent(left), 'kept'], [undefined, 'kept'], [undefined, 'kept']]);
});

test('one that fails is told by its errno, and rejects as fetch does', async () => {
  const [port] = await freePorts(1);
  const { span, parts } = record();
  await assert.rejects(runInSpan(span, () => send(PROVIDER, new URL(`http://127.0.0.1:${String(port)}/`))), TypeError);
  assert.deepEqual(parts.map(({ ended }) => ended), ['ECONNREFUSED']);
});

test('https has its port although no address names it', async () => {
  const { span, parts } = record();
  const aborted = AbortSignal.abort();
  for (const url of ['https://127.0.0.1', 'http://127.0.0.1']) await runInSpan(span, () => send(PROVIDER, new URL(url), { signal: aborted })).catch(() => undefined);
  assert.deepEqual(parts.map(({ part: { attributes } }) => attributes?.['server.port']), [443, 80]);
});
