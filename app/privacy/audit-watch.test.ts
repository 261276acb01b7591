import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { type RawBuilder, sql } from 'kysely';
import { Registry } from 'prom-client';
import { inTransaction } from '#app/data/transaction.ts';
import { startAuditTrail } from '#app/privacy/audit-trail.ts';
import { createLog } from '#app/telemetry/log.ts';
import { until } from '#app/testing/condition.ts';
import { openTestDatabase } from '#app/testing/database.ts';
import { makeServiceKeys } from '#app/testing/privacy.ts';

/** A trail of two tenants that verifies itself all the time. */
async function start(t: TestContext, { entries = 3, verifyMs = 5 } = {}) {
  const database = await openTestDatabase();
  const metrics = new Registry();
  const lines: string[] = [];
  const log = createLog({ level: 'error', destination: { write: (line) => void lines.push(line) } });
  const trail = startAuditTrail({ db: database.db, keys: makeServiceKeys().audit, checkpointFile: undefined, verifyMs, metrics, log, clock: () => new Date() });
  t.after(async () => {
    await trail.stop();
    await database.close();
  });
  for (const tenantId of ['acme', 'globex']) {
    await inTransaction(database.forTenant(tenantId), async (tx) => {
      for (let n = 0; n < entries; n += 1) await trail.append(tx, { tenantId, occurredAt: new Date(), actor: null, action: 'things:write', resource: `/things/${n}`, requestId: randomUUID(), details: { n } });
    });
  }
  await trail.flush();
  const value = async (name: string) => {
    const text = new RegExp(`^${name} (\\S+)$`, 'm').exec(await metrics.metrics())?.[1];
    return text === undefined ? undefined : Number(text);
  };
  const intact = () => value('stockade_audit_chain_intact');
  const nextVerdict = async (what: string, expected: number) => until(what, async () => (await intact()) === expected);
  const execute = (statement: RawBuilder<unknown>) => statement.execute(database.owner);
  return { database, trail, value, nextVerdict, execute, lines };
}

test('a trail that is whole is told as such, and when it was verified and sealed last', async (t) => {
  const { value, nextVerdict } = await start(t);
  await nextVerdict('the verdict', 1);
  for (const name of ['stockade_audit_verified_timestamp_seconds', 'stockade_audit_sealed_timestamp_seconds']) {
    const agoS = Date.now() / 1_000 - ((await value(name)) ?? 0);
    assert.ok(agoS >= 0 && agoS < 30, `${name}: ${agoS} s ago`);
  }
});

test('an entry that was changed breaks it, which the log says of its tenant; put back, it is whole again', async (t) => {
  const { nextVerdict, execute, lines } = await start(t);
  await nextVerdict('it to be whole', 1);
  await execute(sql`update audit_entry set resource = '/things/canary' where tenant_id = 'globex' and position = 2`);
  await nextVerdict('the change to be found', 0);
  const { tenant, problems } = JSON.parse(lines.find((line) => line.includes('the audit trail is broken')) ?? '{}') as { readonly tenant: string; readonly problems: readonly string[] };
  assert.equal(tenant, 'globex');
  assert.match(problems.join('\n'), /entry 2 .* was changed/);
  await execute(sql`update audit_entry set resource = '/things/1' where tenant_id = 'globex' and position = 2`);
  await nextVerdict('it to be whole again', 1);
});

test('a tail that was cut off with its checkpoint is missed by the process that signed it', async (t) => {
  const { nextVerdict, execute } = await start(t);
  await nextVerdict('it to be whole', 1);
  await execute(sql`delete from audit_checkpoint where tenant_id = 'acme'`);
  await execute(sql`delete from audit_entry where tenant_id = 'acme' and position > 1`);
  await nextVerdict('the cut to be found', 0);
});

test('what is sealed while a verification is under way breaks nothing', async (t) => {
  const { database, trail, nextVerdict, lines } = await start(t, { entries: 250 });
  await nextVerdict('a verification of more than a step', 1);
  for (let n = 0; n < 30; n += 1) {
    await inTransaction(database.forTenant('acme'), (tx) => trail.append(tx, { tenantId: 'acme', occurredAt: new Date(), actor: null, action: 'things:write', resource: '/', requestId: randomUUID(), details: {} }));
    await trail.flush();
  }
  assert.deepEqual(lines.filter((line) => line.includes('broken')), []);
});

test('before the first verdict nothing is said', async (t) => {
  const database = await openTestDatabase();
  await database.close();
  const metrics = new Registry();
  const trail = startAuditTrail({ db: database.db, keys: makeServiceKeys().audit, checkpointFile: undefined, verifyMs: 600_000, metrics, log: createLog({ level: 'silent' }), clock: () => new Date() });
  t.after(() => trail.stop());
  await assert.rejects(trail.flush());
  assert.doesNotMatch(await metrics.metrics(), /^stockade_audit_(?:chain_intact|verified|sealed)\S* /m);
});
