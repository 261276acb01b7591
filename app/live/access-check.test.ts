import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import type { Subject } from '#app/feature.ts';
import { createAccessCheck } from '#app/live/access-check.ts';
import { createGate } from '#app/lib/gate.ts';
import { Hub } from '#app/live/hub.ts';
import { LIMITS } from '#app/live/limits.ts';
import { until } from '#app/testing/condition.ts';
import { canSample, createPaperSession, EVENT_TYPES, eventAt, PRICED, subjectOf } from '#app/testing/live-fixtures.ts';

function setUp(revalidate: (subject: Subject) => Promise<Subject | undefined>) {
  const hub = new Hub({ source: 'https://stock.example', events: EVENT_TYPES, can: canSample, limits: LIMITS });
  const access = createAccessCheck({ hub, gate: createGate(3), revalidate, log: pino({ level: 'silent' }) });
  const join = (subject: Subject) => {
    const paper = createPaperSession(subject, hub.typesFor(subject));
    hub.add(paper.session);
    return paper;
  };
  return { hub, access, join };
}

test('ASVS 7.4.1: a login that has ended takes its sessions with it, and no others', async () => {
  const { hub, access, join } = setUp((subject) => Promise.resolve(subject.id === 'leaver' ? undefined : subject));
  const leaver = [join(subjectOf('leaver')), join(subjectOf('leaver'))];
  const stayer = join(subjectOf('stayer'));
  access.request(hub.sessions());
  await until('the leaver’s sessions to end', () => hub.size === 1);
  hub.deliver(eventAt(1));
  for (const { written } of leaver) assert.deepEqual(written, [{ kind: 'end', reason: 'signed-out' }]);
  assert.deepEqual(stayer.written, [1]);
});

test('changed roles change what a session sees; a role without any event ends it', async () => {
  const { hub, access, join } = setUp((subject) => Promise.resolve({ ...subject, roles: subject.id === 'promoted' ? ['manager'] : ['auditor'] }));
  const promoted = join(subjectOf('promoted'));
  const demoted = join(subjectOf('demoted'));
  hub.deliver(eventAt(1, { type: PRICED }));
  access.request(hub.sessions());
  await until('the demoted session to end', () => demoted.session.ended);
  hub.deliver(eventAt(2, { type: PRICED }));
  assert.deepEqual(promoted.written, [2]);
  assert.deepEqual(demoted.written, [{ kind: 'end', reason: 'forbidden' }]);
});

test('a session never moves to another tenant', async () => {
  const { hub, access, join } = setUp((subject) => Promise.resolve({ ...subject, tenantId: 'globex' }));
  const session = join(subjectOf('clerk'));
  access.request(hub.sessions());
  await until('the session to end', () => session.session.ended);
});

test('thousands of sessions ask once for each login and a few at a time, however often a check is asked for', async () => {
  let asked = 0;
  let atOnce = 0;
  let most = 0;
  const { hub, access, join } = setUp(async (subject) => {
    asked += 1;
    atOnce += 1;
    most = Math.max(most, atOnce);
    await new Promise(setImmediate);
    atOnce -= 1;
    return subject;
  });
  for (let index = 0; index < 2_000; index += 1) join(subjectOf(`user-${index % 50}`));
  for (let index = 0; index < 20; index += 1) access.request(hub.sessions());
  await until('two rounds', () => asked === 100 && atOnce === 0);
  await access.stop();
  assert.equal(most, 3);
  assert.equal(asked, 100);
});

test('when the check itself fails nobody is thrown out, and it is made again', async () => {
  let failing = true;
  const { hub, access, join } = setUp(() => (failing ? Promise.reject(new Error('database away')) : Promise.resolve(undefined)));
  const session = join(subjectOf('clerk'));
  access.request(hub.sessions());
  await new Promise(setImmediate);
  assert.equal(session.session.ended, false);
  failing = false;
  await until('the second check', () => session.session.ended);
});

test('bearer tokens of one person with different ends are asked about one by one', async () => {
  const asked: number[] = [];
  const { hub, access, join } = setUp((subject) => {
    asked.push(subject.credential.expiresAt.getTime());
    return Promise.resolve(subject);
  });
  const later = Date.now() + 1_000_000;
  for (const expiresAt of [later, later, later + 1]) join(subjectOf('tool', { credential: { kind: 'bearer', expiresAt: new Date(expiresAt) } }));
  access.request(hub.sessions());
  await until('both', () => asked.length === 2);
  assert.deepEqual(asked, [later, later + 1]);
});
