import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEVELOPMENT_USERS } from '#app/identity/development-users.ts';
import { ROLES } from '#app/feature.ts';

test('whom the documents name is there: each role in two tenants', () => {
  assert.deepEqual(DEVELOPMENT_USERS.map(({ id, name, tenantId, roles }) => `${id}: ${name}, ${roles.join()} of ${tenantId}`), [
    'viewer: Vera Viewer, viewer of acme',
    'clerk: Cleo Clerk, clerk of acme',
    'manager: Mara Manager, manager of acme',
    'auditor: Aldo Auditor, auditor of acme',
    'globex-viewer: Gwen Viewer, viewer of globex',
    'globex-clerk: Gus Clerk, clerk of globex',
    'globex-manager: Greta Manager, manager of globex',
    'globex-auditor: Gil Auditor, auditor of globex',
  ]);
  for (const tenant of ['acme', 'globex']) assert.deepEqual(DEVELOPMENT_USERS.filter(({ tenantId }) => tenantId === tenant).flatMap(({ roles }) => roles).toSorted(), ROLES.toSorted());
});
