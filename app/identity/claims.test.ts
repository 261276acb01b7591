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

test('who can not get in is told what to ask their administrator for', () => {
  const detailOf = (given: Readonly<Record<string, unknown>>) => {
    const person = readPerson(given, { rolesClaim: 'groups', tenantClaim: 'org' });
    return isRefusal(person) ? `${person.status} ${person.detail}` : '';
  };
  assert.match(detailOf({ sub: 'u-1', groups: ['clerk'] }), /^403 .*belongs to no tenant: its administrator must set the claim "org"/);
  assert.match(detailOf({ sub: 'u-1', org: 'acme' }), /^403 .*has no role here: its administrator must set the claim "groups"/);
  assert.match(detailOf({ org: 'acme' }), /^403 .*no usable subject/);
});

test('ASVS 6.8.1: no provider names somebody who is known here: their subjects are set apart', () => {
  assert.equal(codeOf({ ...claims, sub: 'account:0b9f7a52-5d0c-4a53-9f0e-0d5c1f0a9a11' }), 'subject-missing');
  assert.equal(codeOf({ ...claims, sub: 'Account:1' }), undefined);
});

test('ASVS 10.3.3, 10.5.2: who somebody is, is their sub, whatever else is said of them', () => {
  const others = { email: 'mia@acme.example', preferred_username: 'mia', name: 'Mia', upn: 'mia', oid: 'u-2', username: 'mia' };
  const person = readPerson({ ...claims, ...others }, names);
  assert.ok(!isRefusal(person));
  assert.equal(person.id, 'u-1');
  assert.equal(codeOf({ ...claims, ...others, sub: undefined }), 'subject-missing');
});

test('a path through what is no object leads to nothing; who has no name has the one that they prefer', () => {
  for (const org of ['text', null, 7, undefined]) assert.equal(codeOf({ ...claims, org }, { ...names, tenantClaim: 'org.id' }), 'tenant-missing', String(org));
  const person = readPerson({ ...claims, name: ' ', preferred_username: 'cleo' }, names);
  assert.equal(isRefusal(person) ? undefined : person.name, 'cleo');
});

test('CWE-1321: a claim of a prototype is no claim', () => {
  assert.equal(codeOf({ ...claims, tenant: undefined }, { ...names, tenantClaim: 'constructor.name' }), 'tenant-missing');
});

test('a subject that no database can hold is none', () => {
  for (const sub of ['a\u0000b', 'a\r\nb', '\ud800', 'x\udc00', 'a\u007f', 'a\u202eb']) assert.equal(codeOf({ ...claims, sub }), 'subject-missing', JSON.stringify(sub));
  assert.equal(codeOf({ ...claims, sub: 'auth0|5f7c8ec7c33c6c004bbafe82' }), undefined);
  assert.deepEqual([codeOf({ ...claims, sub: 'x'.repeat(255) }), codeOf({ ...claims, sub: 'x'.repeat(256) })], [undefined, 'subject-missing']);
});

test('CWE-1007: a name, which people may choose themselves, is text that can be stored, and turns nothing around on others’ screens', () => {
  const nameOf = (name: unknown) => {
    const person = readPerson({ ...claims, name }, names);
    return isRefusal(person) ? undefined : person.name;
  };
  assert.equal(nameOf(' a\u0000b\r\nc '), 'a b  c');
  assert.equal(nameOf('\u202enam evil'), 'nam evil');
  assert.equal(nameOf('Cleo\ud83d'), 'Cleo\ufffd');
  assert.equal(nameOf(`${'x'.repeat(254)}😀y`), `${'x'.repeat(254)}😀`);
  assert.equal(nameOf('\u0000\u202e'), 'u-1');
  assert.equal(nameOf('Zoë 仓库 Müller'), 'Zoë 仓库 Müller');
});
