// Where the checkpoints of the audit trail, and erasures, go: into the file, or into the log whatever its level.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { Registry } from 'prom-client';
import { inTransaction } from '#app/data/transaction.ts';
import { readCheckpoint } from '#app/privacy/audit-checkpoint.ts';
import { deriveAuditKey } from '#app/privacy/audit-keys.ts';
import { verifyTrail } from '#app/privacy/audit-reader.ts';
import { startAuditTrail } from '#app/privacy/audit-trail.ts';
import { readErasure } from '#app/privacy/erasures.ts';
import { createLog } from '#app/telemetry/log.ts';
import { openTestDatabase } from '#app/testing/database.ts';
import { makeServiceKeys } from '#app/testing/privacy.ts';

const PERSON = '6f1c2f5e-3c1b-4c57-9c58-0d3c3f1a2b4c';

async function start(t: TestContext, checkpointFile: string | undefined) {
  const database = await openTestDatabase();
  const keys = makeServiceKeys();
  const lines: string[] = [];
  const trail = startAuditTrail({ db: database.db, keys: keys.audit, checkpointFile, verifyMs: 600_000, metrics: new Registry(), log: createLog({ level: 'error', destination: { write: (line) => void lines.push(line) } }), clock: () => new Date() });
  t.after(async () => {
    await trail.stop();
    await database.close();
  });
  const write = (action: string, resource: string) => inTransaction(database.forTenant('acme'), (tx) => trail.append(tx, { tenantId: 'acme', occurredAt: new Date(), actor: null, action, resource, requestId: 'r', details: {} }));
  return { database, trail, append: () => write('things:write', `/${'x'.repeat(600)}`), erase: () => write('people:erase', `/people/${PERSON}`), lines, key: deriveAuditKey(keys.audit[0]) };
}

test('without a file they stand in the log, however quiet it is, and hold up the trail that they tell of', async (t) => {
  const { database, trail, append, erase, lines, key } = await start(t, undefined);
  await append();
  await erase();
  await trail.flush();
  assert.deepEqual(lines.flatMap((line) => readErasure(line) ?? []).map(({ tenantId, personId }) => [tenantId, personId]), [['acme', PERSON]]);
  assert.deepEqual(lines.map((line) => (JSON.parse(line) as { readonly msg: string }).msg), ['erasure', 'audit checkpoint']);
  const outside = lines.flatMap((line) => readCheckpoint(line) ?? []);
  assert.deepEqual(outside.map(({ tenantId, position }) => [tenantId, position]), [['acme', 2]]);
  assert.deepEqual((await verifyTrail(database.db, { keys: [key], outside })).map(({ problems, signedUpTo }) => ({ problems, signedUpTo })), [{ problems: [], signedUpTo: 2 }], 'a long path is cut off before it is digested');
});

test('with a file they are added to it, which others can not read, and the log is silent', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-audit-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = path.join(directory, 'checkpoints.ndjson');
  const { trail, append, erase, lines } = await start(t, file);
  for (let n = 0; n < 2; n += 1) {
    await append();
    await trail.flush();
  }
  await erase();
  await trail.flush();
  const written = (await readFile(file, 'utf8')).trimEnd().split('\n');
  assert.deepEqual(written.map((line) => readCheckpoint(line)?.position ?? readErasure(line)?.personId), [1, 2, PERSON, 3]);
  await append();
  await trail.stop();
  assert.equal(readCheckpoint((await readFile(file, 'utf8')).trimEnd().split('\n').at(-1) ?? '')?.position, 4, 'what the last requests wrote is sealed at the end');
  assert.equal((await stat(file)).mode & 0o077, 0);
  assert.deepEqual(lines, []);
});
