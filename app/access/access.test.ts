import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { type Access, type AccessOptions, createAccess } from '#app/access/access.ts';
import { toDecision } from '#app/access/policy.ts';
import type { AccessSource } from '#app/access/rules.ts';
import { ROLES, type Role, type Subject } from '#app/feature.ts';
import { createLog } from '#app/telemetry/log.ts';

const now = new Date('2026-03-01T08:00:00Z');
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
const someone: Subject = { tenantId: 'acme', id: 'someone', name: 'Someone Secret', roles: [], credential: { kind: 'session', sessionId: 's', expiresAt: new Date(8.64e15) } };
const subjectWith = (...roles: readonly Role[]): Subject => ({ ...someone, roles });

async function open(sources: readonly AccessSource[], options: Partial<AccessOptions> = {}) {
  const lines: Record<string, unknown>[] = [];
  const metrics = new Registry();
  const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) } });
  return { access: await createAccess(sources, { log, metrics, clock: () => now, logAllowedOneIn: 1_000_000, signInFactors: 1, ...options }), lines, metrics };
}
const reasonOf = (access: Access, ...request: Parameters<Access['decide']>) => access.decide(...request).reason;

test('a role that is granted the action is allowed, another is denied with a reason', async () => {
  const { access } = await open([{ grants: { 'items:read': ['viewer', 'clerk'] } }, { grants: { 'items:move': ['clerk'] } }]);
  assert.deepEqual(access.decide(subjectWith('clerk'), 'items:move'), { allowed: true, reason: 'granted', obligations: { omit: [], sensitivities: ['normal'] } });
  assert.deepEqual(access.decide(subjectWith('viewer'), 'items:move'), { allowed: false, reason: 'role-not-granted' });
});

test('ASVS 8.2.1: what nobody granted is denied to everybody', async () => {
  const { access } = await open([{ grants: { 'items:read': ['viewer'], 'items:burn': [] } }]);
  fc.assert(
    fc.property(fc.subarray([...ROLES]), fc.stringMatching(/^[a-z]{1,9}:[a-z]{1,9}$/), (roles, action) => {
      fc.pre(action !== 'items:read');
      assert.equal(reasonOf(access, subjectWith(...roles), action as `${string}:${string}`), action === 'items:burn' ? 'role-not-granted' : 'action-unknown');
    }),
  );
  for (const action of ['toString:x', 'constructor', '__proto__', '', ':', 'items:', 'items:read:x'] as `${string}:${string}`[]) assert.equal(access.can(subjectWith(...ROLES), action), false, action);
});

test('decisions are counted by what they are, and what is only shown is none', async () => {
  const { access, metrics } = await open([{ grants: { 'items:read': ['viewer'], 'items:burn': ['viewer'] }, rules: { stepUp: { 'items:burn': { maxAgeS: 60, factors: 1 } } } }]);
  const counts = async () => [...(await metrics.metrics()).matchAll(/^stockade_access_decisions_total\{decision="([\w-]+)"\} (\d+)$/gm)].map(([, decision, count]) => `${decision} ${count}`);
  assert.deepEqual(await counts(), ['allowed 0', 'denied 0', 'step-up 0', 'failed 0']);
  access.decide(subjectWith('viewer'), 'items:read');
  access.decide(subjectWith('clerk'), 'items:read');
  access.decide(subjectWith('clerk'), 'items:read');
  access.decide(subjectWith('viewer'), 'items:burn');
  access.can(subjectWith('viewer'), 'items:read');
  assert.deepEqual(await counts(), ['allowed 1', 'denied 2', 'step-up 1', 'failed 0']);
});

test('a decision that can not be had is counted as a failure', async () => {
  const broken = () => { throw new Error('no clock'); };
  const { access, metrics } = await open([{ grants: { 'items:read': ['viewer'] } }], { clock: broken });
  assert.throws(() => access.decide({ ...subjectWith('viewer'), assurance: { factors: 1, authenticatedAt: now } }, 'items:read'), /no clock/);
  assert.match(await metrics.metrics(), /^stockade_access_decisions_total\{decision="failed"\} 1$/m);
  assert.match(await metrics.metrics(), /^stockade_access_decisions_total\{decision="allowed"\} 0$/m);
});

test('a decision is the overlap of the roles held and the roles granted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.subarray([...ROLES]), fc.subarray([...ROLES]), async (held, granted) => {
      const { access } = await open([{ grants: { 'items:read': granted } }]);
      assert.equal(access.can(subjectWith(...held), 'items:read'), held.some((role) => granted.includes(role)));
    }),
    { numRuns: 30 },
  );
});

test('ASVS 8.4.1: what is another tenant’s is nobody’s here, whatever their role', async () => {
  const { access } = await open([{ grants: { 'items:read': [...ROLES] }, rules: { ownerActions: ['items:read'] } }]);
  assert.equal(reasonOf(access, subjectWith('manager'), 'items:read', { tenant: 'globex', owner: 'someone' }), 'other-tenant');
  assert.equal(reasonOf(access, subjectWith('manager'), 'items:read', { tenant: 'acme' }), 'granted');
});

test('the owner of a resource may do to it what owners may, and nobody else without the role', async () => {
  const { access } = await open([{ grants: { 'notes:change': ['manager'], 'notes:burn': ['manager'] }, rules: { ownerActions: ['notes:change'] } }]);
  assert.equal(reasonOf(access, subjectWith('viewer'), 'notes:change', { owner: 'someone' }), 'granted');
  for (const resource of [{ owner: 'other' }, { owner: '' }, {}, undefined]) assert.equal(reasonOf(access, subjectWith('viewer'), 'notes:change', resource), 'role-not-granted');
  assert.equal(reasonOf(access, subjectWith('viewer'), 'notes:burn', { owner: 'someone' }), 'role-not-granted');
});

test('ASVS 10.3.2: a token’s scopes bound what its roles allow; a token without scopes has its roles alone (RFC 9068, 2.2.3)', async () => {
  const { access } = await open([{ grants: { 'items:read': ['clerk'], 'items:move': ['clerk'] } }]);
  const tokenWith = (scopes: readonly string[] | undefined, roles: readonly Role[] = ['clerk']): Subject => ({ ...someone, roles, credential: { kind: 'bearer', expiresAt: now, ...(scopes && { scopes }) } });
  assert.equal(reasonOf(access, tokenWith(['api']), 'items:move'), 'granted');
  assert.equal(reasonOf(access, tokenWith(['items:read']), 'items:read'), 'granted');
  assert.equal(reasonOf(access, tokenWith(['items:read']), 'items:move'), 'scope-missing');
  assert.equal(reasonOf(access, tokenWith([]), 'items:read'), 'scope-missing');
  assert.equal(reasonOf(access, tokenWith(undefined), 'items:move'), 'granted');
  assert.equal(reasonOf(access, tokenWith(['api', 'items:move'], ['viewer']), 'items:move'), 'role-not-granted', 'a scope grants nothing');
});

test('what is sensitive is for who is cleared for it; lists are told which they may show', async () => {
  const rules = { sensitivities: { items: { restricted: ['manager', 'auditor'], secret: ['auditor'] } } } as const;
  const { access } = await open([{ grants: { 'items:read': [...ROLES], 'movements:read': [...ROLES] }, rules }]);
  assert.equal(reasonOf(access, subjectWith('clerk'), 'items:read', { sensitivity: 'restricted' }), 'sensitivity-not-cleared');
  assert.equal(reasonOf(access, subjectWith('manager'), 'items:read', { sensitivity: 'restricted' }), 'granted');
  assert.equal(reasonOf(access, subjectWith('manager'), 'items:read', { sensitivity: 'made up' }), 'sensitivity-not-cleared');
  assert.equal(reasonOf(access, subjectWith('auditor'), 'movements:read', { sensitivity: 'restricted' }), 'sensitivity-not-cleared', 'of items alone');
  const seen = (...roles: readonly Role[]) => {
    const decision = access.decide(subjectWith(...roles), 'items:read');
    return decision.allowed && decision.obligations.sensitivities.toSorted();
  };
  assert.deepEqual([seen('clerk'), seen('manager'), seen('clerk', 'auditor')], [['normal'], ['normal', 'restricted'], ['normal', 'restricted', 'secret']]);
});

test('ASVS 8.2.3: fields that a role may not see are named, of that kind of resource', async () => {
  const { access } = await open([{ grants: { 'movements:read': [...ROLES], 'items:read': [...ROLES] }, rules: { fields: { movements: { actor: ['clerk'], note: ['clerk', 'viewer'] } } } }]);
  const omitted = (action: 'movements:read' | 'items:read', ...roles: readonly Role[]) => {
    const decision = access.decide(subjectWith(...roles), action);
    return decision.allowed && decision.obligations.omit.toSorted();
  };
  assert.deepEqual([omitted('movements:read', 'clerk'), omitted('movements:read', 'viewer'), omitted('movements:read', 'auditor'), omitted('movements:read', 'viewer', 'clerk'), omitted('items:read', 'auditor')], [[], ['actor'], ['actor', 'note'], [], []]);
});

test('ASVS 7.5.3, 10.3.4: some actions take a sign-in that is fresh and strong, and what is not known is neither', async () => {
  const { access } = await open([{ grants: { 'items:retire': ['manager'] }, rules: { stepUp: { 'items:retire': { maxAgeS: 900, factors: 2 } } } }]);
  const decide = (assurance: Subject['assurance']) => access.decide({ ...subjectWith('manager'), ...(assurance && { assurance }) }, 'items:retire');
  assert.equal(decide({ authenticatedAt: minutesAgo(15), factors: 2 }).allowed, true);
  for (const assurance of [{ authenticatedAt: minutesAgo(16), factors: 2 }, { authenticatedAt: minutesAgo(1), factors: 1 }, { factors: 2 }, undefined] as const) {
    assert.deepEqual(decide(assurance), { allowed: false, reason: 'step-up-required', stepUp: { maxAgeS: 900, factors: 2 } });
  }
  assert.deepEqual([access.can(subjectWith('manager'), 'items:retire'), access.can(subjectWith('viewer'), 'items:retire')], [true, false], 'the button is there');
  assert.equal(reasonOf(access, subjectWith('viewer'), 'items:retire'), 'role-not-granted', 'whom no sign-in helps is not asked for one');
});

test('ASVS 6.3.3: where two factors are asked for, a person with one may do nothing but get another; programs have none', async () => {
  const { access } = await open([{ grants: { 'items:read': ['clerk'], 'keys:change': ['clerk'] }, rules: { enrolment: ['keys:change'] } }], { signInFactors: 2 });
  const withFactors = (factors: 1 | 2): Subject => ({ ...subjectWith('clerk'), assurance: { factors } });
  for (const one of [withFactors(1), subjectWith('clerk')]) {
    assert.deepEqual(access.decide(one, 'items:read'), { allowed: false, reason: 'second-factor-missing', stepUp: { maxAgeS: 604_800, factors: 2 } });
    assert.equal(access.can(one, 'items:read'), false, 'nor is it shown, or told on a live stream');
    assert.equal(reasonOf(access, one, 'keys:change'), 'granted');
  }
  assert.equal(reasonOf(access, withFactors(2), 'items:read'), 'granted');
  assert.equal(reasonOf(access, { ...subjectWith('clerk'), credential: { kind: 'bearer', expiresAt: now } }, 'items:read'), 'granted');
});

test('ASVS 8.2.4: a cookie that turned up in another browser reads on, and changes nothing without a new sign-in', async () => {
  const { access } = await open([{ grants: { 'items:read': ['clerk'], 'items:move': ['clerk'] } }]);
  const risky: Subject = { ...subjectWith('clerk'), risk: 'elevated', assurance: { authenticatedAt: now, factors: 2 } };
  assert.equal(reasonOf(access, risky, 'items:read'), 'granted');
  assert.deepEqual(access.decide(risky, 'items:move'), { allowed: false, reason: 'step-up-required', stepUp: { maxAgeS: 0, factors: 1 } });
});

test('declarations that do not fit together are refused at the start', async () => {
  const refused = (sources: readonly AccessSource[], message: RegExp) => assert.rejects(open(sources), message);
  for (const action of ['Items:read', 'items:read:all', 'items:read all', 'x items:read', 'items', ':read', 'items:'] as `${string}:${string}`[]) {
    await refused([{ grants: { [action]: ['viewer'] } }], new RegExp(`"${action}" must be written as "<resource>:<verb>"`));
  }
  await refused([{ grants: { 'items:read': ['root' as Role] } }], /action "items:read" is granted to the unknown role "root"/);
  await refused([{ grants: { 'items:read': ['viewer'] } }, { grants: { 'items:read': ['clerk'] } }], /action "items:read" is granted twice/);
  await refused([{ grants: {}, rules: { ownerActions: ['items:read'] } }], /granted to nobody/);
  await refused([{ grants: {}, rules: { stepUp: { 'items:read': { maxAgeS: 1, factors: 1 } } } }], /granted to nobody/);
  await refused([{ grants: {}, rules: { fields: { items: { cost: ['boss' as Role] } } } }], /"cost" of "items" is open to the unknown role "boss"/);
  await refused([{ grants: {}, rules: { fields: { items: {} } } }, { grants: {}, rules: { fields: { items: {} } } }], /fields of "items" are ruled twice/);
  await refused([{ grants: {}, rules: { sensitivities: { items: {} } } }, { grants: {}, rules: { sensitivities: { items: {} } } }], /sensitivities of "items" are ruled twice/);
  const stepUp = { 'items:read': { maxAgeS: 1, factors: 1 } } as const;
  await refused([{ grants: { 'items:read': ['clerk'] }, rules: { stepUp } }, { grants: {}, rules: { stepUp } }], /action "items:read" has two step-ups/);
});

test('what the features declare is kept as they declared it, those without rules too', async () => {
  const { access } = await open([{ grants: { 'items:read': ['clerk'] } }, { grants: { 'notes:change': ['manager'] }, rules: { ownerActions: ['notes:change'] } }]);
  assert.deepEqual(access.rules, { grants: { 'items:read': ['clerk'], 'notes:change': ['manager'] }, ownerActions: ['notes:change'], stepUp: {}, fields: {}, sensitivities: {}, signInFactors: 1, enrolment: [] });
});

test('grants from outside can be taken back: the declared ones count again, under their own revision', async () => {
  const { access, lines } = await open([{ grants: { 'items:read': ['clerk'] } }]);
  access.override({ 'items:read': ['viewer'] }, 'r-1');
  access.decide(subjectWith('clerk'), 'items:read');
  access.override(undefined, 'r-2');
  assert.equal(access.can(subjectWith('clerk'), 'items:read'), true);
  access.decide(subjectWith('viewer'), 'items:read');
  assert.deepEqual(lines.map(({ access: decided }) => decided as { allowed: boolean; revision: string }).map(({ allowed, revision }) => [allowed, revision]), [[false, 'r-1'], [false, 'declared']]);
});

test('a policy that has no answer lets nobody in', () => {
  assert.deepEqual(toDecision([]), { allowed: false, reason: 'undecided' });
});

test('ASVS 16.3.2: every decision that denies is logged, one in so many that allow, and no name', async () => {
  const { access, lines } = await open([{ grants: { 'items:read': ['clerk'] } }], { logAllowedOneIn: 3 });
  for (let request = 0; request < 7; request += 1) access.decide(subjectWith('clerk'), 'items:read');
  assert.equal(lines.length, 2);
  for (let request = 0; request < 3; request += 1) access.decide(subjectWith('viewer'), 'items:read', { sensitivity: 'normal' });
  assert.equal(lines.length, 5);
  assert.equal(lines.at(-1)?.['msg'], 'access decided');
  assert.deepEqual(lines.at(-1)?.['access'], { action: 'items:read', tenant: 'acme', subject: 'someone', roles: ['viewer'], credential: 'session', resource: { sensitivity: 'normal' }, allowed: false, reason: 'role-not-granted', revision: 'declared' });
  access.can(subjectWith('viewer'), 'items:read');
  assert.equal(lines.length, 5, 'what is merely shown is no decision');
  assert.ok(!JSON.stringify(lines).includes('Secret'));
});
