import assert from 'node:assert/strict';
import { test } from 'node:test';
import { currentSpan, errorTypeOf, formatTraceparent, inSpan, outsideSpans, parseTraceparent, runInSpan, sampledSpan, type Span, type SpanPart } from '#app/lib/span.ts';

/** Remembers what happens to it and to its parts. */
function recordSpans(sampled: boolean) {
  const events: string[] = [];
  const create = ({ name }: SpanPart): Span => ({
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    sampled,
    start(part) {
      events.push(`${name} starts ${part.name}`);
      return create(part);
    },
    setName: () => undefined,
    set: () => undefined,
    end: (errorType = 'well') => void events.push(`${name} ends ${errorType}`),
  });
  return { events, span: create({ name: 'request', kind: 'server' }) };
}
const QUERY = (): SpanPart => ({ name: 'query', kind: 'client' });

test('work is a part of the current span for as long as it takes, and what it calls finds that part', async () => {
  const { events, span } = recordSpans(true);
  const seen = await runInSpan(span, () =>
    inSpan(QUERY, async (part) => {
      await Promise.resolve();
      events.push('works');
      return part !== undefined && currentSpan() === part;
    }),
  );
  assert.equal(seen, true);
  assert.deepEqual(events, ['request starts query', 'works', 'query ends well']);
});

test('work that fails ends its span with a name, and its error goes on', async () => {
  const { events, span } = recordSpans(true);
  const error = Object.assign(new Error('Key (email)=(canary) already exists.'), { code: '23505' });
  await assert.rejects(runInSpan(span, () => inSpan(QUERY, () => Promise.reject(error))), error);
  assert.deepEqual(events, ['request starts query', 'query ends 23505']);
});

test('without a span, and under one that is not kept, work is done and nothing else', async () => {
  const { events, span } = recordSpans(false);
  const describe = () => assert.fail('nobody asks what it is');
  const work = (part: Span | undefined) => Promise.resolve(part === undefined ? 'done' : 'followed');
  assert.equal(await inSpan(describe, work), 'done');
  assert.equal(await runInSpan(span, () => inSpan(describe, work)), 'done');
  assert.deepEqual(events, []);
});

test('an exemplar points to a span that is kept, and to no other', () => {
  assert.equal(sampledSpan(), undefined);
  const [kept, left] = [recordSpans(true).span, recordSpans(false).span];
  assert.equal(runInSpan(kept, sampledSpan), kept);
  assert.equal(runInSpan(left, sampledSpan), undefined);
});

test('what outlives the request is outside of its span, in everything that follows from it', async () => {
  const { span } = recordSpans(true);
  const later = runInSpan(span, () => outsideSpans(async () => {
    await Promise.resolve();
    return currentSpan();
  }));
  assert.equal(await later, undefined);
  assert.equal(outsideSpans(currentSpan), undefined);
});

test('an error is told by its code or its class, never by its message', () => {
  assert.equal(errorTypeOf(Object.assign(new Error('m'), { code: 'ECONNREFUSED' })), 'ECONNREFUSED');
  assert.equal(errorTypeOf(Object.assign(new TypeError('m'), { code: 'a code with the value canary' })), 'TypeError');
  assert.equal(errorTypeOf(new TypeError('fetch failed', { cause: Object.assign(new Error('m'), { code: 'ECONNREFUSED' }) })), 'ECONNREFUSED');
  assert.equal(errorTypeOf(new RangeError('canary')), 'RangeError');
  assert.equal(errorTypeOf('canary'), 'string');
});

test('a traceparent is read as W3C Trace Context has it, and written so', () => {
  const [trace, span] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
  assert.deepEqual(parseTraceparent(`00-${trace}-${span}-01`), { traceId: trace, spanId: span, sampled: true });
  assert.deepEqual(parseTraceparent(`00-${trace}-${span}-02`), { traceId: trace, spanId: span, sampled: false });
  assert.equal(formatTraceparent({ traceId: trace, spanId: span, sampled: true }), `00-${trace}-${span}-01`);
  assert.equal(formatTraceparent({ traceId: trace, spanId: span, sampled: false }), `00-${trace}-${span}-00`);
  // A later version may say more.
  assert.deepEqual(parseTraceparent(`01-${trace}-${span}-01-more`), { traceId: trace, spanId: span, sampled: true });
  for (const bad of [
    undefined, ['00'], '', `00-${trace}`, `00-${trace}-${span}-01-more`, `00-${trace}-${span}-01more`, `ff-${trace}-${span}-01`, `00-${trace.toUpperCase()}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`, `00-${trace}-${'0'.repeat(16)}-01`, ` 00-${trace}-${span}-01`, `00-${trace}-${span}-01, 00-${trace}-${span}-01`, `00-${trace}-${span}-1`, `00-${trace}-${span}-01\n`,
  ]) assert.equal(parseTraceparent(bad), undefined, String(bad));
});
