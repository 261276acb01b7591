import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '#app/errors.ts';
import { readPerson } from '#app/identity/claims.ts';

const names = { rolesClaim: 'roles', tenantClaim: 'tenant' };
const claims = { sub: 'u-1', name: 'Cleo Clerk', tenant: 'acme', roles: ['clerk'] };

function codeOf(given: Readonly<Record<string, unknown>>, with_ = names): string | undefined {
  const person = readPerson(given, with_);
  return isRefusal(person) ? person.code : undefined;
}

test('the person is what the claims say', () => {
  assert.deepEqual(readPerson(claims, names), { tenantId: 'acme', id: 'u-1', name: 'Cleo Clerk', roles: ['clerk'] });
});

test('roles that this service does not know are dropped, and text is read as a list', () => {
  assert.deepEqual(readPerson({ ...claims, roles: 'clerk root manager' }, names), { tenantId: 'acme', id: 'u-1', name: 'Cleo Clerk', roles: ['clerk', 'manager'] });
});

test('a claim may be a path, and a name with dots is no path where the claim is there', () => {
  const keycloak = { sub: 'u-1', org: 'acme', realm_access: { roles: ['viewer'] } };
  assert.deepEqual(readPerson(keycloak, { rolesClaim: 'realm_access.roles', tenantClaim: 'org' }), { tenantId: 'acme', id: 'u-1', name: 'u-1', roles: ['viewer'] });
  const auth0 = { sub: 'u-1', tenant: 'acme', 'https://example.com/roles': ['viewer'] };
  assert.equal(codeOf(auth0, { rolesClaim: 'https://example.com/roles', tenantClaim: 'tenant' }), undefined);
});

test('without a tenant, a role or a subject there is no person', () => {
  assert.equal(codeOf({ ...claims, tenant: undefined }), 'tenant-missing');
  assert.equal(codeOf({ ...claims, tenant: 'a b' }), 'tenant-missing');
  assert.equal(codeOf({ ...claims, tenant: ['acme'] }), 'tenant-missing');
  assert.equal(codeOf({ ...claims, roles: ['root'] }), 'role-missing');
  assert.equal(codeOf({ ...claims, roles: { 0: 'manager' } }), 'role-missing');
  assert.equal(codeOf({ ...claims, sub: '' }), 'subject-missing');
});

test('CWE-1321: a claim of a prototype is no claim', () => {
  assert.equal(codeOf({ ...claims, tenant: undefined }, { ...names, tenantClaim: 'constructor.name' }), 'tenant-missing');
});
