import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeDevice, readDevice } from './device.ts';
import { createKeyRing } from './keys.ts';

const keys = createKeyRing([{ id: 'a', secret: Buffer.alloc(32, 1) }]);
const mine = { tenantId: 'acme', accountId: '1' };

test('a browser is known to the account that it signed in to, by a name of its own', () => {
  const device = makeDevice(keys, mine);
  assert.match(device, /^[A-Za-z0-9_-]{64}$/);
  assert.match(readDevice(keys, device, mine) ?? '', /^[0-9a-f]{32}$/);
  assert.notEqual(readDevice(keys, device, mine), readDevice(keys, makeDevice(keys, mine), mine));
});

test('to no other account, tenant or service, and nothing made up is known', () => {
  const device = makeDevice(keys, mine);
  assert.equal(readDevice(keys, device, { ...mine, accountId: '2' }), undefined);
  assert.equal(readDevice(keys, device, { ...mine, tenantId: 'globex' }), undefined);
  assert.equal(readDevice(createKeyRing([{ id: 'a', secret: Buffer.alloc(32, 2) }]), device, mine), undefined);
  for (const kept of [undefined, '', 'x', 'A'.repeat(64), device.slice(1), `${device}AAAA`]) assert.equal(readDevice(keys, kept, mine), undefined);
});

test('nobody’s device is none', () => {
  const nobody = { tenantId: 'acme', accountId: undefined };
  assert.equal(readDevice(keys, makeDevice(keys, nobody), nobody), undefined);
});
