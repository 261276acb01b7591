// An erasure outside the database: what says it, how it is written, and that nobody removes a person by writing one.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { deriveAuditKey } from '#app/privacy/audit-keys.ts';
import { erasureOf, isErasureSignedBy, readErasure, signErasure, writeErasure } from '#app/privacy/erasures.ts';
import { makeServiceKeys } from '#app/testing/privacy.ts';

const key = deriveAuditKey(makeServiceKeys().audit[0]);
const erasure = { tenantId: 'acme', personId: randomUUID(), at: new Date('2026-11-24T12:00:00.123Z') };

test('the entries of the audit trail that erase a person say so, and no others', () => {
  const entry = { tenantId: 'acme', resource: `/people/${erasure.personId}`, occurredAt: erasure.at };
  for (const action of ['people:erase', 'own-data:erase']) assert.deepEqual(erasureOf({ ...entry, action }), erasure);
  for (const action of ['people:export', 'own-data:export', 'people:erased']) assert.equal(erasureOf({ ...entry, action }), undefined);
  for (const resource of ['/people', '/people/', `/people/${erasure.personId}/x`, '/people/clerk', `/things/${erasure.personId}`]) assert.equal(erasureOf({ ...entry, action: 'people:erase', resource }), undefined, resource);
});

test('it reads back as it was, from a line of its own and from one of the log; anything else is none', () => {
  const signed = signErasure(erasure, key);
  const written = writeErasure(signed);
  assert.deepEqual(readErasure(JSON.stringify(written)), signed);
  assert.deepEqual(readErasure(JSON.stringify({ level: 'info', msg: 'erasure', ...written })), signed);
  const { erasure: content } = written;
  for (const line of ['', 'x', '{}', JSON.stringify(content), ...Object.keys(content).map((name) => JSON.stringify({ erasure: { ...content, [name]: undefined } })), JSON.stringify({ erasure: { ...content, person: 'clerk' } })]) assert.equal(readErasure(line), undefined, line);
});

test('its signature holds for all of it, and for its key alone', () => {
  const signed = signErasure(erasure, key);
  assert.ok(isErasureSignedBy(signed, key.verifying));
  for (const change of [{ tenantId: 'globex' }, { personId: randomUUID() }, { at: new Date(0) }, { signature: Buffer.alloc(64) }]) assert.ok(!isErasureSignedBy({ ...signed, ...change }, key.verifying), Object.keys(change).join());
  assert.ok(!isErasureSignedBy(signed, deriveAuditKey(makeServiceKeys().audit[0]).verifying));
});
