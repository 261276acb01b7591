import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '#app/errors.ts';
import type { Subject } from '#app/feature.ts';
import { Hub } from '#app/live/hub.ts';
import { LIMITS } from '#app/live/limits.ts';
import { canSample, createPaperSession, EVENT_TYPES, eventAt, MOVED, PRICED, subjectOf } from '#app/testing/live-fixtures.ts';

function createHub(limits: Partial<typeof LIMITS> = {}, events = EVENT_TYPES) {
  const hub = new Hub({ source: 'https://stock.example', events, can: canSample, limits: { ...LIMITS, ...limits } });
  const join = (subject: Subject) => {
    const paper = createPaperSession(subject, hub.typesFor(subject));
    hub.add(paper.session);
    return paper;
  };
  return { hub, join };
}

test('ASVS 8.4.1: a session sees the events of its own tenant only', () => {
  const { hub, join } = createHub();
  const acme = join(subjectOf('clerk'));
  const globex = join(subjectOf('globex-clerk', { tenantId: 'globex' }));
  hub.deliver(eventAt(1));
  hub.deliver(eventAt(2, { tenantId: 'globex' }));
  hub.deliver(eventAt(3, { tenantId: 'nobody' }));
  assert.deepEqual(acme.written, [1]);
  assert.deepEqual(globex.written, [2]);
});

test('ASVS 8.3.3: a session sees the event types that its roles allow, and none that nobody declared', () => {
  const { hub, join } = createHub();
  const clerk = join(subjectOf('clerk'));
  const manager = join(subjectOf('manager', { roles: ['manager'] }));
  hub.deliver(eventAt(1, { type: PRICED }));
  hub.deliver(eventAt(2, { type: MOVED }));
  hub.deliver(eventAt(3, { type: 'sample.thing.unheard.v1' }));
  assert.deepEqual(clerk.written, [2]);
  assert.deepEqual(manager.written, [1, 2]);
});

test('a subject whose roles allow none of the events is refused; where there are no events at all nobody is', () => {
  const auditor = subjectOf('auditor', { roles: ['auditor'] });
  const refusal = createHub().hub.admit(auditor);
  assert.ok(isRefusal(refusal));
  assert.equal(refusal.status, 403);
  assert.ok('types' in createHub({}, {}).hub.admit(auditor));
});

test('one person may hold so many sessions and no more, and gets the place back when one closes', () => {
  const { hub, join } = createHub({ sessionsPerSubject: 2 });
  const first = join(subjectOf('clerk'));
  join(subjectOf('clerk'));
  const refusal = hub.admit(subjectOf('clerk'));
  assert.ok(isRefusal(refusal));
  assert.equal(refusal.status, 429);
  assert.ok('types' in hub.admit(subjectOf('viewer')));
  assert.ok('types' in hub.admit(subjectOf('clerk', { tenantId: 'globex' })), 'the same name in another tenant is another person');
  first.close();
  assert.ok('types' in hub.admit(subjectOf('clerk')));
});

test('a closed session is forgotten once, and the process’s places are counted', () => {
  const { hub, join } = createHub({ sessions: 2 });
  const first = join(subjectOf('clerk'));
  join(subjectOf('viewer'));
  assert.equal(hub.full, true);
  first.close();
  first.close();
  assert.equal(hub.full, false);
  assert.equal(hub.size, 1);
  assert.equal(hub.count('sse'), 1);
  hub.deliver(eventAt(1));
  assert.deepEqual(first.written, []);
});

test('ASVS 15.4.4: a full session holds up no other', () => {
  const { hub, join } = createHub();
  const slow = join(subjectOf('slow'));
  const quick = join(subjectOf('quick'));
  slow.state.writable = false;
  for (let position = 1; position <= 1_000; position += 1) hub.deliver(eventAt(position));
  assert.equal(quick.written.length, 1_000);
  assert.equal(slow.written.length, 1);
  assert.ok(slow.session.queued <= 10);
});

test('a gap of the reader makes every session read again', () => {
  const { hub, join } = createHub();
  const one = join(subjectOf('one'));
  const two = join(subjectOf('two', { tenantId: 'globex' }));
  hub.resyncAll();
  for (const { written } of [one, two]) assert.deepEqual(written, [{ kind: 'resync', position: 0, reason: 'gap' }]);
});
