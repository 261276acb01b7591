import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Subject } from '#app/feature.ts';
import { Envelope } from '#app/live/cloud-event.ts';
import { type DropReason, Session } from '#app/live/session.ts';
import type { Notice, ResyncReason, Transport } from '#app/live/transport.ts';

const TYPE = 'sample.thing.happened.v1';
const START_MS = Date.parse('2026-11-23T10:00:00Z');

function setUp(options: { bufferLimit?: number; bufferBytes?: number; expiresInMs?: number } = {}) {
  const state = { position: 0, nowMs: START_MS, writable: true, destroyed: 0, beats: 0, alive: true };
  const written: (number | Notice)[] = [];
  const resyncs: ResyncReason[] = [];
  const drops: DropReason[] = [];
  let drain = (): void => undefined;
  let close = (): void => undefined;
  const transport: Transport = {
    kind: 'sse',
    send(envelope) {
      written.push(envelope.position);
      return state.writable;
    },
    notify(notice) {
      written.push(notice);
      return state.writable;
    },
    heartbeat() {
      state.beats += 1;
      return state.alive;
    },
    close(notice) {
      written.push(notice);
      close();
    },
    destroy() {
      state.destroyed += 1;
      close();
    },
    onDrain: (listener) => (drain = listener),
    onClose: (listener) => (close = listener),
  };
  const subject: Subject = {
    tenantId: 'acme',
    id: 'clerk',
    name: 'Cleo Clerk',
    roles: ['clerk'],
    credential: { kind: 'session', sessionId: 's-1', expiresAt: new Date(START_MS + (options.expiresInMs ?? 3_600_000)) },
  };
  const session = new Session({
    transport,
    subject,
    types: new Set([TYPE]),
    bufferLimit: options.bufferLimit ?? 4,
    bufferBytes: options.bufferBytes ?? 1_000_000,
    goodbyeMs: 10,
    clock: () => new Date(state.nowMs),
    position: () => state.position,
    onDelivered: () => undefined,
    onResync: (reason) => resyncs.push(reason),
    onDrop: (reason) => drops.push(reason),
  });
  const publish = (type = TYPE) => {
    state.position += 1;
    session.deliver(envelopeAt(state.position, type));
  };
  return { state, written, resyncs, drops, session, publish, drain: () => { drain(); } };
}

function envelopeAt(position: number, type = TYPE): Envelope {
  return new Envelope({ position, tenantId: 'acme', id: `id-${position}`, type, subject: 'things/1', time: new Date(START_MS), actor: 'clerk', data: {} }, 'https://stock.example');
}

test('whatever the peer’s pace, it sees every event once and in order, or is told to read again; the buffer stays bounded', () => {
  const steps = fc.array(fc.constantFrom('publish', 'block', 'drain'), { maxLength: 60 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 5 }), (sequence, bufferLimit) => {
      const { state, written, session, publish, drain } = setUp({ bufferLimit });
      for (const step of sequence) {
        if (step === 'publish') publish();
        else if (step === 'block') state.writable = false;
        else {
          state.writable = true;
          drain();
        }
        assert.ok(session.queued <= bufferLimit);
      }
      state.writable = true;
      drain();
      let seen = 0;
      for (const item of written) {
        if (typeof item === 'number') {
          assert.equal(item, seen + 1);
          seen = item;
        } else {
          assert.equal(item.kind, 'resync');
          seen = 'position' in item ? item.position : seen;
        }
      }
      assert.equal(seen, state.position);
    }),
    { numRuns: 500 },
  );
});

test('while a peer takes nothing, its queue is dropped at the limit, and one resync follows once it drains', () => {
  const { state, written, resyncs, drops, session, publish, drain } = setUp({ bufferLimit: 4 });
  state.writable = false;
  for (let count = 0; count < 5; count += 1) publish();
  assert.equal(session.queued, 4);
  publish();
  assert.equal(session.queued, 0);
  for (let count = 0; count < 100; count += 1) publish();
  assert.equal(session.queued, 0);
  state.writable = true;
  drain();
  publish();
  assert.deepEqual(written, [1, { kind: 'resync', position: 106, reason: 'overflow' }, 107]);
  assert.deepEqual([resyncs, drops], [['overflow'], ['overflow']]);
});

test('the bytes that wait are bounded as well', () => {
  const { state, session, publish, resyncs, drain } = setUp({ bufferLimit: 1_000, bufferBytes: 600 });
  state.writable = false;
  publish();
  publish();
  publish();
  assert.ok(session.queued > 0);
  publish();
  publish();
  assert.equal(session.queued, 0);
  drain();
  assert.deepEqual(resyncs, ['overflow']);
});

test('a peer that has taken nothing for the time given is dropped, one that drained in between is not', () => {
  const { state, session, publish, drain, drops } = setUp();
  state.writable = false;
  publish();
  state.nowMs += 30;
  session.heartbeat(40);
  assert.equal(state.destroyed, 0);
  drain();
  publish();
  state.nowMs += 30;
  session.heartbeat(40);
  assert.equal(state.destroyed, 0);
  assert.equal(state.beats, 0, 'nothing is written to a full connection');
  state.nowMs += 10;
  assert.deepEqual(drops, []);
  session.heartbeat(40);
  assert.equal(state.destroyed, 1);
  assert.deepEqual(drops, ['stalled']);
  assert.equal(session.ended, true);
});

test('a peer that no longer answers is dropped at the next beat', () => {
  const { state, session } = setUp();
  session.heartbeat(40);
  assert.equal(state.destroyed, 0);
  state.alive = false;
  session.heartbeat(40);
  assert.equal(state.destroyed, 1);
});

test('ASVS 7.4.1: nothing is delivered from the moment the credential expires, even between two beats', () => {
  const { state, session, publish, written } = setUp({ expiresInMs: 100 });
  publish();
  state.nowMs += 99;
  publish();
  state.nowMs += 1;
  publish();
  assert.deepEqual(written, [1, 2, { kind: 'end', reason: 'expired' }]);
  assert.equal(session.ended, true);
});

test('an event type that the subject may not see is left out, and so is one after its roles have changed', () => {
  const { session, publish, written } = setUp();
  publish();
  publish('sample.other.happened.v1');
  session.authorise(session.subject, new Set(['sample.other.happened.v1']));
  publish();
  publish('sample.other.happened.v1');
  assert.deepEqual(written, [1, 4]);
});

test('what happens while the past is read comes after it, without doubles', async () => {
  const { state, session, publish, written } = setUp();
  state.position = 2;
  session.hold();
  publish();
  await session.replay(envelopeAt(1));
  await session.replay(envelopeAt(2));
  publish();
  assert.equal(session.missed, false);
  session.release(2);
  publish();
  assert.deepEqual(written, [1, 2, 3, 4, 5]);
});

test('a client that another process has told more than this one knows gets nothing twice', () => {
  const { session, publish, written } = setUp();
  session.hold();
  publish();
  publish();
  session.release(4);
  for (let count = 0; count < 4; count += 1) publish();
  assert.deepEqual(written, [5, 6]);
});

test('a buffer that overflows while the past is read says so, and forgets: the database has it', () => {
  const { session, publish } = setUp({ bufferLimit: 2 });
  session.hold();
  publish();
  publish();
  publish();
  assert.equal(session.missed, true);
  assert.equal(session.queued, 0);
  session.hold();
  assert.equal(session.missed, false);
});

test('replay waits for a peer that is full, and ends with the connection', async () => {
  const { state, session, drain } = setUp();
  session.hold();
  state.writable = false;
  let done = 0;
  const first = session.replay(envelopeAt(1)).then(() => (done += 1));
  await new Promise(setImmediate);
  assert.equal(done, 0);
  state.writable = true;
  drain();
  await first;
  state.writable = false;
  const second = session.replay(envelopeAt(2)).then(() => (done += 1));
  session.destroy();
  await second;
  assert.equal(done, 2);
});

test('a session that is told to read everything again while its past is read gets none of that past', async () => {
  const { state, session, publish, written } = setUp();
  state.position = 5;
  session.hold();
  await session.replay(envelopeAt(1));
  session.resync('gap');
  assert.equal(session.holding, false);
  await session.replay(envelopeAt(2));
  publish();
  assert.deepEqual(written, [1, { kind: 'resync', position: 5, reason: 'gap' }, 6]);
});

test('a session that starts now is told where it stands', () => {
  const { session, written } = setUp();
  session.start();
  assert.deepEqual(written, [{ kind: 'position', position: 0 }]);
});

test('after its end a session writes nothing more', () => {
  const { session, publish, written, drain } = setUp();
  session.reconnect(700);
  publish();
  session.resync('gap');
  session.end('signed-out');
  session.heartbeat(1);
  drain();
  assert.deepEqual(written, [{ kind: 'reconnect', afterMs: 700 }]);
});
