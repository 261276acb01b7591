import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { obtainToken } from '#app/identity/token.ts';
import { askEveryRoute } from '#app/testing/authorisation-matrix.ts';
import { expectProblem } from '#app/testing/problem.ts';
import { startTestService, type TestService, type Visitor } from '#app/testing/service.ts';
import { createSessionsFeature, type ShownSession } from '#app/identity/sessions.ts';

/** The last column is what a manager of another tenant gets; each is asked of a session and a person of this one. */
const MATRIX = `
route                                     viewer  clerk  manager  auditor  other
GET /api/v1/sessions                      yes     yes    yes      yes      200
DELETE /api/v1/sessions/{id}              yes     yes    yes      yes      404
DELETE /api/v1/sessions                   yes     yes    yes      yes      200
DELETE /api/v1/people/{subject}/sessions  no      no     yes      no       200
GET /account/sessions                     yes     yes    yes      yes      200
POST /account/sessions/end                yes     yes    yes      yes      303
POST /account/sessions/end-others         yes     yes    yes      yes      303
`.trim();

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const json = { accept: 'application/json' };

describe('sessions of a person', () => {
  let service: TestService;
  let offsetMs = 0;
  before(async () => {
    service = await startTestService({ clock: () => new Date(Date.now() + offsetMs) });
  });
  after(() => service.close());

  const list = async (visitor: Visitor) => ((await (await visitor.fetch('/api/v1/sessions')).json()) as { sessions: ShownSession[] }).sessions;
  const isIn = async (visitor: Visitor) => (await visitor.fetch('/api/v1/sessions')).status === 200;
  const endAll = async (visitor: Visitor) => {
    assert.equal((await visitor.fetch('/api/v1/sessions', { method: 'DELETE' })).status, 200);
  };

  test('ASVS 7.5.2, 14.2.6: a person sees their own sessions, which of them asks, and no more of them than is needed', async () => {
    const [one, two] = [await service.as('clerk'), await service.as('clerk')];
    await service.as('manager');
    const sessions = await list(one);
    assert.equal(sessions.length, 2);
    assert.deepEqual(sessions.map(({ current }) => current).toSorted(), [false, true]);
    assert.deepEqual(sessions.map(({ id }) => id).toSorted(), (await list(two)).map(({ id }) => id).toSorted());
    assert.equal(sessions[0]?.browser, 'node');
    // Neither address, nor the whole User-Agent, nor anything that stands for the session.
    for (const session of sessions) assert.deepEqual(Object.keys(session).sort(), ['browser', 'createdAt', 'current', 'expiresAt', 'factors', 'id', 'lastSeenAt']);
    await endAll(one);
  });

  test('the document of the API says of each operation, answer and field in words what it is', async () => {
    interface Described { readonly description?: string; readonly properties?: Record<string, Described> }
    interface Documented extends Described { readonly operationId: string; readonly summary?: string; readonly tags?: readonly string[]; readonly responses: Record<string, Described> }
    const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as { paths: Record<string, Record<string, Documented>>; components: { schemas: Record<string, Described> } };
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path)).filter(({ tags }) => tags?.includes('Sessions'));
    assert.equal(operations.length, 4);
    for (const { operationId, summary, responses } of operations) {
      assert.match(summary ?? '', /^\w+ .{8,}$/, operationId);
      for (const [status, { description }] of Object.entries(responses)) assert.match(description ?? '', /\w+ .+\.$/, `${operationId} ${status}`);
    }
    const { Session, EndedSessions } = document.components.schemas;
    assert.match(EndedSessions?.description ?? '', /\w+ .+\.$/);
    for (const field of ['lastSeenAt', 'current']) assert.match(Session?.properties?.[field]?.description ?? '', /\w+ .+\.$/, field);
  });

  test('ASVS 7.4.1: one that is ended is out at once, its live stream included, and the others stay', { timeout: 60_000 }, async () => {
    const [here, lost, other] = [await service.as('viewer'), await service.as('viewer'), await service.as('viewer')];
    const stream = await lost.fetch('/api/v1/stream', { headers: { accept: 'text/event-stream' } });
    const id = (await list(lost)).find(({ current }) => current)?.id ?? '';
    assert.equal((await here.fetch(`/api/v1/sessions/${id}`, { method: 'DELETE' })).status, 204);
    assert.match(await stream.text(), /signed-out/);
    assert.deepEqual([await isIn(here), await isIn(lost), await isIn(other)], [true, false, true]);
    await expectProblem(await here.fetch(`/api/v1/sessions/${id}`, { method: 'DELETE', headers: json }), 404, 'session-not-found');
    await endAll(here);
    assert.deepEqual([await isIn(here), await isIn(other)], [true, false]);
  });

  test('ASVS 7.5.2: ending sessions takes a sign-in at most a quarter of an hour old; looking at them does not', async (t) => {
    t.after(() => (offsetMs = 0));
    const [one, two] = [await service.as('auditor'), await service.as('auditor')];
    offsetMs = 16 * 60_000;
    const sessions = await list(one);
    const id = sessions.find(({ current }) => !current)?.id ?? '';
    for (const [method, path] of [['DELETE', `/api/v1/sessions/${id}`], ['DELETE', '/api/v1/sessions']] as const) {
      const response = await one.fetch(path, { method, headers: json });
      assert.equal(response.status, 401);
      assert.match(response.headers.get('www-authenticate') ?? '', /insufficient_user_authentication.*max_age="?900/);
    }
    const form = await one.fetch('/account/sessions/end-others', { method: 'POST', headers: { ...FORM, accept: 'text/html', referer: `${service.url}/account/sessions` }, body: new URLSearchParams({ all: 'others' }) });
    assert.match(form.headers.get('location') ?? '', /sign-in\?return_to=%2Faccount%2Fsessions&max_age=900$/);
    assert.ok(await isIn(two));
    offsetMs = 0;
    await endAll(one);
    assert.equal(await isIn(two), false);
  });

  test('ASVS 8.2.2: nobody ends another’s session by its id, not even a manager or a namesake of another tenant (CWE-639)', async () => {
    const [mine, manager, stranger] = [await service.as('clerk'), await service.as('manager'), await service.as('globex-clerk')];
    const id = (await list(mine))[0]?.id ?? '';
    for (const visitor of [manager, stranger]) await expectProblem(await visitor.fetch(`/api/v1/sessions/${id}`, { method: 'DELETE', headers: json }), 404, 'session-not-found');
    assert.equal((await stranger.fetch('/account/sessions/end', { method: 'POST', headers: FORM, body: new URLSearchParams({ id }) })).status, 303);
    assert.ok(await isIn(mine));
    await endAll(mine);
  });

  test('on the page one ends a session, or all but one’s own, and their live streams end with them', async () => {
    const [here, lost, other] = [await service.as('viewer'), await service.as('viewer'), await service.as('viewer')];
    const [streamOfLost, streamOfOther] = await Promise.all([lost, other].map((visitor) => visitor.fetch('/api/v1/stream', { headers: { accept: 'text/event-stream' } })));
    const id = (await list(lost)).find(({ current }) => current)?.id ?? '';
    const ended = await here.fetch('/account/sessions/end', { method: 'POST', headers: FORM, body: new URLSearchParams({ id }) });
    assert.equal(ended.headers.get('location'), '/account/sessions?done=ended');
    assert.match((await streamOfLost?.text()) ?? '', /signed-out/);
    assert.deepEqual([await isIn(here), await isIn(lost), await isIn(other)], [true, false, true]);
    const others = await here.fetch('/account/sessions/end-others', { method: 'POST', headers: FORM, body: new URLSearchParams({ all: 'others' }) });
    assert.equal(others.headers.get('location'), '/account/sessions?done=others');
    assert.match((await streamOfOther?.text()) ?? '', /signed-out/);
    assert.deepEqual([await isIn(here), await isIn(other)], [true, false]);
    const page = await (await here.fetch('/account/sessions?done=others', { headers: { accept: 'text/html' } })).text();
    assert.match(page, /<title>Sessions/);
    assert.match(page, /All other sessions have ended/);
    assert.match(page, /This browser/);
  });

  test('in the API one ends all but one’s own, and their live streams end with them', async () => {
    const [here, other] = [await service.as('auditor'), await service.as('auditor')];
    const others = (await list(here)).length - 1;
    const stream = await other.fetch('/api/v1/stream', { headers: { accept: 'text/event-stream' } });
    assert.deepEqual(await (await here.fetch('/api/v1/sessions', { method: 'DELETE' })).json(), { ended: others });
    assert.match(await stream.text(), /signed-out/);
    assert.ok(await isIn(here));
  });

  test('every operation says what it does, and each of its answers what it means', () => {
    const { feature } = createSessionsFeature({ limits: service.config.identity, onSessionEnd: () => undefined });
    const ids = feature.operations.map((operation) => {
      assert.match(operation.summary, /^[A-Z]/, operation.operationId);
      assert.match(operation.description ?? '', /\.$/, operation.operationId);
      for (const [status, response] of Object.entries(operation.responses as Readonly<Record<string, { readonly description: string }>>)) assert.match(response.description, /\.$/, `${operation.operationId} ${status}`);
      return operation.operationId;
    });
    assert.deepEqual(ids, ['listSessions', 'endSession', 'endOtherSessions', 'endSessionsOfPerson']);
  });

  test('ASVS 8.2.1: every route, each role, and another tenant, which leaves the session in question alone', async () => {
    const people = { viewer: 'viewer', clerk: 'clerk', manager: 'manager', auditor: 'auditor', other: 'globex-manager' };
    const { feature } = createSessionsFeature({ limits: service.config.identity, onSessionEnd: () => undefined });
    const watched = await service.as('globex-viewer');
    const id = (await list(watched))[0]?.id ?? '';
    const bodies = { '/account/sessions/end': { id }, '/account/sessions/end-others': { all: 'others' } };
    assert.equal(await askEveryRoute(service, feature, { params: { id, subject: 'nobody-here' }, bodies }, people), MATRIX);
    assert.ok(await isIn(watched), 'four roles of one tenant and a manager of its own have asked for its end');
  });

  test('ASVS 7.4.5: a manager ends all sessions of a person of their tenant, and of no other', async () => {
    const [clerk, globex, manager] = [await service.as('clerk'), await service.as('globex-clerk'), await service.as('manager')];
    await endAll(clerk);
    const end = (visitor: Visitor, subject: string) => visitor.fetch(`/api/v1/people/${subject}/sessions`, { method: 'DELETE', headers: json });
    await expectProblem(await end(clerk, 'manager'), 403, 'role-not-granted');
    assert.deepEqual(await (await end(manager, 'globex-clerk')).json(), { ended: 0 });
    assert.deepEqual(await (await end(manager, 'clerk')).json(), { ended: 1 });
    assert.deepEqual([await isIn(clerk), await isIn(globex), await isIn(manager)], [false, true, true]);
    const [again, stream] = await service.as('clerk').then(async (visitor) => [visitor, await visitor.fetch('/api/v1/stream', { headers: { accept: 'text/event-stream' } })] as const);
    await end(manager, 'clerk');
    assert.match(await stream.text(), /signed-out/);
    assert.equal(await isIn(again), false);
  });

  test('a program with a token has no session of its own, and may end those of its person', async () => {
    const auditor = await service.as('auditor');
    await endAll(auditor);
    const authorization = `Bearer ${await obtainToken({ ...service.config.identity, user: 'auditor' })}`;
    const { sessions } = (await (await fetch(`${service.url}/api/v1/sessions`, { headers: { authorization } })).json()) as { sessions: ShownSession[] };
    assert.deepEqual(sessions.map(({ current }) => current), [false]);
    assert.deepEqual(await (await fetch(`${service.url}/api/v1/sessions`, { method: 'DELETE', headers: { authorization } })).json(), { ended: 1 });
    assert.ok(!(await isIn(auditor)));
  });
});
