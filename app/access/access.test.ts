import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createAccess } from '#app/access/access.ts';
import { ROLES, type Role, type Subject } from '#app/feature.ts';

function subjectWith(...roles: readonly Role[]): Subject {
  return { tenantId: 'acme', id: 'someone', name: 'Someone', roles, credential: { kind: 'bearer', expiresAt: new Date(8.64e15) } };
}

test('a role that is granted the action is allowed, another is denied with a reason', () => {
  const access = createAccess([{ 'items:read': ['viewer', 'clerk'] }, { 'items:move': ['clerk'] }]);
  assert.deepEqual(access.decide(subjectWith('clerk'), 'items:move'), { allowed: true });
  assert.deepEqual(access.decide(subjectWith('viewer'), 'items:move'), { allowed: false, reason: 'role-not-granted' });
});

test('ASVS 8.2.1: what nobody granted is denied to everybody', () => {
  const access = createAccess([{ 'items:read': ['viewer'] }]);
  fc.assert(
    fc.property(fc.subarray([...ROLES]), fc.stringMatching(/^[a-z]{1,9}:[a-z]{1,9}$/), (roles, action) => {
      fc.pre(action !== 'items:read');
      assert.deepEqual(access.decide(subjectWith(...roles), action as `${string}:${string}`), { allowed: false, reason: 'action-unknown' });
    }),
  );
});

test('a decision is the overlap of the roles held and the roles granted', () => {
  fc.assert(
    fc.property(fc.subarray([...ROLES]), fc.subarray([...ROLES]), (held, granted) => {
      const access = createAccess([{ 'items:read': granted }]);
      assert.equal(access.can(subjectWith(...held), 'items:read'), held.some((role) => granted.includes(role)));
    }),
  );
});

test('a malformed action, an unknown role and a double grant are refused at the start', () => {
  assert.throws(() => createAccess([{ 'Items:read': ['viewer'] }]), /"<resource>:<verb>"/);
  assert.throws(() => createAccess([{ 'items:read': ['root' as Role] }]), /unknown role "root"/);
  assert.throws(() => createAccess([{ 'items:read': ['viewer'] }, { 'items:read': ['clerk'] }]), /granted twice/);
});
