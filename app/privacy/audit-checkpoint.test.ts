// A checkpoint survives its way out of the database and back, from a line of its own or of a log.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { isSignedBy, readCheckpoint, signCheckpoint, writeCheckpoint } from '#app/privacy/audit-checkpoint.ts';
import { deriveAuditKey } from '#app/privacy/audit-keys.ts';

const key = deriveAuditKey({ secret: randomBytes(32) });
const checkpoint = signCheckpoint({ tenantId: 'acme', position: 7, chainHash: randomBytes(32), signedAt: new Date('2026-11-24T12:00:00.123Z') }, key);
const written = writeCheckpoint(checkpoint);

test('it reads back as it was, from a line of its own and from a line of the log', () => {
  assert.deepEqual(readCheckpoint(JSON.stringify(written)), checkpoint);
  assert.deepEqual(readCheckpoint(JSON.stringify({ level: 30, auditCheckpoint: written, msg: 'audit checkpoint' })), checkpoint);
  assert.ok(isSignedBy(checkpoint, key.verifying));
});

test('other lines are none', () => {
  for (const line of ['', 'not JSON', '{}', '[]', 'null', '{"msg":"request"}', JSON.stringify({ ...written, position: 0 }), JSON.stringify({ ...written, signature: 'ab' }), JSON.stringify({ ...written, chainHash: `${written.chainHash}00` })]) assert.equal(readCheckpoint(line), undefined, line);
});

test('its signature holds for all of it, and for its key alone', () => {
  for (const change of [{ tenantId: 'globex' }, { position: 8 }, { chainHash: randomBytes(32) }, { signedAt: new Date(0) }, { signature: randomBytes(64) }]) assert.ok(!isSignedBy({ ...checkpoint, ...change }, key.verifying), JSON.stringify(change));
  assert.ok(!isSignedBy(checkpoint, deriveAuditKey({ secret: randomBytes(32) }).verifying));
});
