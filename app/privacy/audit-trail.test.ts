// Where the checkpoints of the audit trail go: into the file, or into the log whatever its level.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { inTransaction } from '#app/data/transaction.ts';
import { readCheckpoint } from '#app/privacy/audit-checkpoint.ts';
import { deriveAuditKey } from '#app/privacy/audit-keys.ts';
import { verifyTrail } from '#app/privacy/audit-reader.ts';
import { startAuditTrail } from '#app/privacy/audit-trail.ts';
import { createLog } from '#app/telemetry/log.ts';
import { openTestDatabase } from '#app/testing/database.ts';
import { makeServiceKeys } from '#app/testing/privacy.ts';

async function start(t: TestContext, checkpointFile: string | undefined) {
  const database = await openTestDatabase();
  const keys = makeServiceKeys();
  const lines: string[] = [];
  const trail = startAuditTrail({ db: database.db, keys: keys.audit, checkpointFile, log: createLog({ level: 'error', destination: { write: (line) => void lines.push(line) } }), clock: () => new Date() });
  t.after(async () => {
    await trail.stop();
    await database.close();
  });
  const append = () => inTransaction(database.forTenant('acme'), (tx) => trail.append(tx, { tenantId: 'acme', occurredAt: new Date(), actor: null, action: 'things:write', resource: `/${'x'.repeat(600)}`, requestId: 'r', details: {} }));
  return { database, trail, append, lines, key: deriveAuditKey(keys.audit[0]) };
}

test('without a file they stand in the log, however quiet it is, and hold up the trail that they tell of', async (t) => {
  const { database, trail, append, lines, key } = await start(t, undefined);
  await append();
  await trail.flush();
  const outside = lines.flatMap((line) => readCheckpoint(line) ?? []);
  assert.deepEqual(outside.map(({ tenantId, position }) => [tenantId, position]), [['acme', 1]]);
  assert.deepEqual((await verifyTrail(database.db, { keys: [key], outside })).map(({ problems, signedUpTo }) => ({ problems, signedUpTo })), [{ problems: [], signedUpTo: 1 }], 'a long path is cut off before it is digested');
});

test('with a file they are added to it, which others can not read, and the log is silent', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-audit-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = path.join(directory, 'checkpoints.ndjson');
  const { trail, append, lines } = await start(t, file);
  for (let n = 0; n < 2; n += 1) {
    await append();
    await trail.flush();
  }
  const read = (await readFile(file, 'utf8')).trimEnd().split('\n').map(readCheckpoint);
  assert.deepEqual(read.map((one) => one?.position), [1, 2]);
  assert.equal((await stat(file)).mode & 0o077, 0);
  assert.deepEqual(lines, []);
});
