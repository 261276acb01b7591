import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { askEveryRoute } from '#app/testing/authorisation-matrix.ts';
import { expectProblem } from '#app/testing/problem.ts';
import { startTestService, type TestService } from '#app/testing/service.ts';
import { feature } from './feature.ts';

const minuteMs = 60_000;
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** The last column is what a manager of another tenant gets for an item of this one. */
const MATRIX = `
route                               viewer  clerk  manager  auditor  other
GET /api/v1/items                   yes     yes    yes      yes      200
POST /api/v1/items                  no      no     yes      no       400
GET /api/v1/items/{sku}             yes     yes    yes      yes      404
PATCH /api/v1/items/{sku}           no      no     yes      no       404
DELETE /api/v1/items/{sku}          no      no     yes      no       404
POST /api/v1/items/{sku}/movements  no      yes    yes      no       404
GET /api/v1/items/{sku}/movements   yes     yes    yes      yes      404
GET /api/v1/movements               yes     yes    yes      yes      200
GET /                               yes     yes    yes      yes      200
GET /items/new                      no      no     yes      no       200
GET /items/{sku}                    yes     yes    yes      yes      404
POST /items/{sku}/movements         no      yes    yes      no       404
POST /items                         no      no     yes      no       400
POST /items/{sku}/changes           no      no     yes      no       404
POST /items/{sku}/retirement        no      no     yes      no       404
`.trim();

describe('access to the sample', () => {
  let service: TestService;
  let clockOffsetMs = 0;
  before(async () => {
    service = await startTestService({ clock: () => new Date(Date.now() + clockOffsetMs) });
    const manager = await service.as('manager');
    for (const sku of ['OURS', 'EMPTY']) {
      const created = await manager.fetch('/api/v1/items', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ sku, name: sku, location: 'Here', unit: 'piece' }) });
      assert.equal(created.status, 201);
    }
  });
  after(() => service.close());

  test('ASVS 8.2.1 and 8.4.1: every route, each role, and another tenant', async () => {
    const { operations, pages } = feature.create({ database: service.database.db, settings: {}, production: false, signInFactors: 1, publicUrl: service.url, log: pino({ level: 'silent' }), metrics: new Registry(), countSignIns: () => () => undefined, clock: () => new Date() });
    const form = { name: 'Ours', location: 'Here', unit: 'piece', reorderLevel: '0', version: '99' };
    const bodies = {
      createItem: {},
      changeItem: { name: 'Ours' },
      recordMovement: { delta: 1, reason: 'received' },
      '/items': { sku: '-' },
      '/items/{sku}/movements': { delta: '1', reason: 'received', page: 'item' },
      '/items/{sku}/changes': form,
      '/items/{sku}/retirement': { version: '99' },
    };
    const people = { viewer: 'viewer', clerk: 'clerk', manager: 'manager', auditor: 'auditor', other: 'globex-manager' };
    assert.equal(await askEveryRoute(service, { operations, pages }, { params: { sku: 'OURS' }, bodies }, people), MATRIX);
  });

  test('ASVS 8.2.3: the id of who moved stock is for managers and auditors alone; the name is for all', async () => {
    const clerk = await service.as('clerk');
    const moved = await clerk.fetch('/api/v1/items/OURS/movements', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ delta: 1, reason: 'received' }) });
    assert.equal(moved.status, 201);
    for (const [user, keys] of [['viewer', ['name']], ['clerk', ['name']], ['manager', ['id', 'name']], ['auditor', ['id', 'name']]] as const) {
      const visitor = await service.as(user);
      for (const path of ['/api/v1/movements', '/api/v1/items/OURS/movements']) {
        const { movements } = (await (await visitor.fetch(path)).json()) as { movements: { actor: object }[] };
        assert.ok(movements.length > 0);
        for (const { actor } of movements) assert.deepEqual(Object.keys(actor).toSorted(), keys, `${user} ${path}`);
      }
    }
  });

  test('retiring takes a sign-in at most 15 minutes old (RFC 9470); from its page the person is sent there and back', async (t) => {
    t.after(() => (clockOffsetMs = 0));
    const manager = await service.as('manager');
    clockOffsetMs = 16 * minuteMs;
    const viaApi = await manager.fetch('/api/v1/items/EMPTY', { method: 'DELETE', headers: { accept: 'application/json', 'if-match': '"99"' } });
    assert.equal(viaApi.headers.get('www-authenticate'), 'Bearer realm="stockade", error="insufficient_user_authentication", max_age="900"');
    await expectProblem(viaApi, 401, 'step-up-required');
    assert.match(await (await manager.fetch('/items/EMPTY', { headers: { accept: 'text/html' } })).text(), /Retire/, 'the button stays');

    const viaForm = await manager.fetch('/items/EMPTY/retirement', { method: 'POST', headers: { ...FORM, referer: `${service.url}/items/EMPTY?done=moved` }, body: new URLSearchParams({ version: '99' }) });
    assert.equal(viaForm.status, 303);
    // Straight to the provider, or to the page of ways in where there are others.
    assert.match(viaForm.headers.get('location') ?? '', /^\/(?:auth\/)?sign-in\?return_to=%2Fitems%2FEMPTY%3Fdone%3Dmoved&max_age=900$/);
    clockOffsetMs = 0;
    const asked = await manager.fetch('/auth/sign-in?return_to=%2Fitems%2FEMPTY&max_age=0');
    const isChooser = ({ pathname }: URL) => pathname.startsWith('/interaction/');
    const chooser = await manager.jar.follow(asked.headers.get('location') ?? '', {}, isChooser);
    const back = await manager.jar.follow(chooser.url, { method: 'POST', headers: FORM, body: new URLSearchParams({ user: 'manager' }) });
    assert.equal(back.url.pathname, '/items/EMPTY');
    const allowed = await manager.fetch('/api/v1/items/EMPTY', { method: 'DELETE', headers: { accept: 'application/json', 'if-match': '"1"' } });
    assert.equal(allowed.status, 200);
  });
});
