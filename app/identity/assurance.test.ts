import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAssurance } from '#app/identity/assurance.ts';

const factorsOf = (claims: Record<string, unknown>) => readAssurance(claims, ['aal2']).factors;

test('ASVS 6.8.4: two factors are what the provider calls so by acr, and what amr names of two kinds (RFC 8176)', () => {
  for (const claims of [{ acr: 'aal2' }, { amr: ['mfa'] }, { amr: ['pwd', 'otp'] }, { amr: ['hwk', 'fpt'] }, { acr: 'x', amr: ['pin', 'hwk'] }]) assert.equal(factorsOf(claims), 2, JSON.stringify(claims));
});

test('ASVS 6.8.4: of the methods that RFC 8176 names, two are two factors where they are of two kinds', () => {
  const kinds = [['pwd', 'pin', 'kba'], ['otp', 'sms', 'tel', 'hwk', 'swk', 'sc', 'pop'], ['face', 'fpt', 'iris', 'retina', 'vbm']];
  const methods = kinds.flatMap((kind, index) => kind.map((name) => ({ name, index })));
  for (const one of methods) for (const other of methods) assert.equal(factorsOf({ amr: [one.name, other.name] }), one.index === other.index ? 1 : 2, `${one.name} and ${other.name}`);
});

test('ASVS 6.8.4: everything else is one factor', () => {
  for (const claims of [{}, { acr: 'AAL2' }, { acr: ['aal2'] }, { acr: '' }, { amr: 'mfa' }, { amr: ['pwd'] }, { amr: ['otp', 'sms'] }, { amr: ['pwd', 'constructor'] }, { amr: ['pwd', ['otp']] }, { amr: ['MFA'] }]) assert.equal(factorsOf(claims), 1, JSON.stringify(claims));
});

test('ASVS 6.8.4: the time of authentication is taken where it is one', () => {
  assert.deepEqual(readAssurance({ auth_time: 1_700_000_000 }, []).authenticatedAt, new Date(1_700_000_000_000));
  for (const auth_time of ['1700000000', null, -1, 0, Number.NaN, Number.POSITIVE_INFINITY]) assert.equal(readAssurance({ auth_time }, []).authenticatedAt, undefined);
});
