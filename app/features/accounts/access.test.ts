import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { askEveryRoute } from '#app/testing/authorisation-matrix.ts';
import { startTestService, type TestService } from '#app/testing/service.ts';
import { feature } from './feature.ts';
import { createPerson } from './proofs/test-person.ts';

/** People of the identity provider, who have no account here: what is for one’s own account is shut to them all. The last column is a manager of another tenant. */
const MATRIX = `
route                                         viewer  clerk  manager  auditor  other
GET /api/v1/accounts                          no      no     yes      yes      200
POST /api/v1/accounts                         no      no     yes      no       400
GET /api/v1/accounts/{id}                     no      no     yes      yes      404
PATCH /api/v1/accounts/{id}                   no      no     yes      no       404
POST /api/v1/accounts/{id}/invitations        no      no     yes      no       404
DELETE /api/v1/accounts/{id}/factors          no      no     yes      no       404
GET /account/security                         yes     yes    yes      yes      200
POST /account/security/password               no      no     no       no       403
POST /account/security/authenticator/begin    no      no     no       no       403
POST /account/security/authenticator          no      no     no       no       403
POST /account/security/authenticator/removal  no      no     no       no       403
POST /account/security/recovery-codes         no      no     no       no       403
POST /account/security/passkeys/begin         no      no     no       no       403
POST /account/security/passkeys               no      no     no       no       403
POST /account/security/passkeys/removal       no      no     no       no       403
`.trim();

describe('access to accounts', () => {
  let service: TestService;
  before(async () => (service = await startTestService()));
  after(() => service.close());

  test('ASVS 8.2.1, 8.2.2 and 8.4.1: every route, each role, and another tenant', async (t) => {
    const account = await createPerson(service, 'subject');
    const own = feature.create({ database: service.database.db, settings: {}, production: false, signInFactors: 1, publicUrl: service.url, log: pino({ level: 'silent' }), metrics: new Registry(), countSignIns: () => () => undefined, clock: () => new Date() });
    t.after(() => own.stop?.());
    const attempt = 'a'.repeat(43);
    const bodies = {
      createAccount: {},
      changeAccount: { name: 'Subject' },
      '/account/security/password': { current: 'x', password: 'y' },
      '/account/security/authenticator/begin': { confirm: 'yes' },
      '/account/security/authenticator': { attempt, code: '123456' },
      '/account/security/authenticator/removal': { confirm: 'yes' },
      '/account/security/recovery-codes': { confirm: 'yes' },
      '/account/security/passkeys/begin': { name: 'Key' },
      '/account/security/passkeys': { attempt, name: 'Key', answer: '{}' },
      '/account/security/passkeys/removal': { id: 'key' },
    };
    const people = { viewer: 'viewer', clerk: 'clerk', manager: 'manager', auditor: 'auditor', other: 'globex-manager' };
    assert.equal(await askEveryRoute(service, own, { params: { id: account.id }, bodies }, people), MATRIX);
  });
});
