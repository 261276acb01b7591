// The chain as it comes about: behind the writers, in one order for each tenant, signed; and what the verification finds in it.
import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { inTransaction, sqlState } from '#app/data/transaction.ts';
import type { Database } from '#app/feature.ts';
import type { Checkpoint } from '#app/privacy/audit-checkpoint.ts';
import { chainEntry, digestEntry, NO_HASH } from '#app/privacy/audit-entry.ts';
import { deriveAuditKey } from '#app/privacy/audit-keys.ts';
import { startSealer } from '#app/privacy/audit-sealer.ts';
import { isErasureSignedBy, type SignedErasure } from '#app/privacy/erasures.ts';
import { auditTables, toEntry } from '#app/privacy/audit-tables.ts';
import { type AuditDraft, createAuditWriter } from '#app/privacy/audit-trail.ts';
import { verifyTrail } from '#app/privacy/audit-reader.ts';
import { until } from '#app/testing/condition.ts';
import { type TestDatabase, testDatabases } from '#app/testing/database.ts';
import { makeServiceKeys } from '#app/testing/privacy.ts';

const NOW = new Date('2026-11-24T12:00:00.000Z');

const draftOf = (n: number, tenantId = 'acme'): AuditDraft => ({ tenantId, occurredAt: NOW, actor: null, action: 'things:write', resource: `/things/${n}`, requestId: `request-${n}`, details: { n } });

async function open(t: TestContext, engine: TestDatabase) {
  const database = await engine.open();
  t.after(() => database.close());
  const keys = makeServiceKeys();
  const kept: Checkpoint[] = [];
  const erased: SignedErasure[] = [];
  const clock = () => NOW;
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const key = deriveAuditKey(keys.audit[0]);
  const writer = createAuditWriter(key);
  const sealer = startSealer({ db: database.db, keys: [key], publish: (checkpoint) => Promise.resolve(void kept.push(checkpoint)), publishErasure: (erasure) => Promise.resolve(void erased.push(erasure)), log, clock });
  t.after(() => sealer.stop());
  const append = (n: number, tenantId = 'acme') => inTransaction(database.forTenant(tenantId), (tx) => writer.append(tx, draftOf(n, tenantId)));
  /** Sealed one by one, so that there is a checkpoint at each. */
  const fill = async (most: number) => {
    for (let n = 1; n <= most; n += 1) {
      await append(n);
      await sealer.flush();
    }
  };
  const verify = (outside: readonly Checkpoint[] = kept) => verifyTrail(database.db, { keys: [key], outside });
  const problems = async (outside?: readonly Checkpoint[]) => (await verify(outside)).flatMap((verdict) => verdict.problems);
  return { database, owner: database.owner, sealer, writer, append, fill, verify, problems, kept, erased, key, log, lines };
}

/** The database gives it. */
const withoutSequence = (row: object) => Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'sequence'));
const at = (position: number) => sql<boolean>`tenant_id = 'acme' and position = ${position}`;

/** What the owner of the database can do who has no key: all of it, from an entry on. */
async function recompute(owner: Database): Promise<void> {
  const rows = await auditTables(owner).selectFrom('audit_entry').selectAll().where('tenant_id', '=', 'acme').where('position', 'is not', null).orderBy('position').execute();
  await sql`update audit_entry set position = null, chain_hash = null where tenant_id = 'acme'`.execute(owner);
  let hash: Buffer = NO_HASH;
  for (const [index, row] of rows.entries()) {
    hash = chainEntry(hash, index + 1, digestEntry(toEntry(row)));
    await sql`update audit_entry set position = ${index + 1}, chain_hash = ${hash} where tenant_id = 'acme' and id = ${row.id}`.execute(owner);
  }
}

for (const engine of testDatabases()) {
  test(`${engine.name}: entries of many writers and tenants get one unbroken chain for each tenant, signed and verified`, async (t) => {
    const { append, sealer, verify, kept } = await open(t, engine);
    await Promise.all(Array.from({ length: 30 }, (_, n) => append(n, n % 3 === 0 ? 'globex' : 'acme')));
    await sealer.flush();
    await append(31);
    await sealer.flush();
    assert.deepEqual(await verify(), [
      { tenantId: 'acme', entries: 21, signedUpTo: 21, unsealed: 0, problems: [] },
      { tenantId: 'globex', entries: 10, signedUpTo: 10, unsealed: 0, problems: [] },
    ]);
    assert.deepEqual(kept.map(({ tenantId, position }) => `${tenantId} ${position}`).toSorted(), ['acme 20', 'acme 21', 'globex 10']);
  });

  test(`${engine.name}: what is not committed is not sealed, and what was rolled back leaves no gap`, async (t) => {
    const { database, append, sealer, verify, key } = await open(t, engine);
    await append(1);
    await assert.rejects(inTransaction(database.forTenant('acme'), async (tx) => { await createAuditWriter(key).append(tx, draftOf(2)); throw new Error('undone'); }), /undone/);
    await append(3);
    await sealer.flush();
    assert.deepEqual(await verify(), [{ tenantId: 'acme', entries: 2, signedUpTo: 2, unsealed: 0, problems: [] }]);
  });

  test(`${engine.name}: one flush seals more than a batch, and what an older key wrote as its own; a chain longer than a page is read whole`, async (t) => {
    const { database, sealer: first, writer, key, log, lines } = await open(t, engine);
    await first.stop();
    const next = deriveAuditKey({ secret: randomBytes(32) });
    const gone: SignedErasure[] = [];
    await inTransaction(database.forTenant('acme'), async (tx) => {
      for (let n = 1; n <= 1_000; n += 1) await writer.append(tx, draftOf(n));
      await writer.append(tx, { ...draftOf(1_001), action: 'people:erase', resource: `/people/${randomUUID()}` });
    });
    const sealer = startSealer({ db: database.db, keys: [next, key], publish: () => Promise.resolve(), publishErasure: (erasure) => Promise.resolve(void gone.push(erasure)), log, clock: () => NOW });
    t.after(() => sealer.stop());
    await sealer.flush();
    assert.deepEqual(await verifyTrail(database.db, { keys: [next, key], outside: [] }), [{ tenantId: 'acme', entries: 1_001, signedUpTo: 1_001, unsealed: 0, problems: [] }]);
    assert.deepEqual([gone.length, lines], [1, []]);
  });

  test(`${engine.name}: two sealers at once give no position twice`, async (t) => {
    const { database, append, verify, key, kept, log } = await open(t, engine);
    const others = [1, 2].map(() => startSealer({ db: database.db, keys: [key], publish: (checkpoint) => Promise.resolve(void kept.push(checkpoint)), publishErasure: () => Promise.resolve(), log, clock: () => NOW }));
    t.after(() => Promise.all(others.map((one) => one.stop())));
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([...Array.from({ length: 10 }, (_, n) => append(round * 10 + n)), ...others.map((one) => one.flush())]);
    }
    // One of them may be at it still.
    const [verdict] = await until('every entry to be in the chain', async () => {
      await others[0]?.flush();
      const verdicts = await verify();
      return verdicts.every(({ unsealed }) => unsealed === 0) && verdicts;
    });
    assert.deepEqual([verdict?.entries, verdict?.signedUpTo, verdict?.problems], [50, 50, []]);
  });

  for (const [column, value] of [['action', 'things:read'], ['resource', '/things/7'], ['details', '{"n":4}'], ['request_id', 'another'], ['occurred_at', '2026-11-24T12:00:00.001Z'], ['actor', '00000000-0000-4000-8000-000000000000']] as const) {
    test(`${engine.name}: a changed ${column} is found at its entry`, async (t) => {
      const { owner, fill, problems } = await open(t, engine);
      await fill(4);
      await sql`update audit_entry set ${sql.ref(column)} = ${value} where ${at(2)}`.execute(owner);
      const found = await problems();
      assert.match(found[0] ?? '', /^entry 2 \(.*\) was changed/);
      assert.match(found[1] ?? '', /^the chain breaks at entry 2 /);
    });
  }

  test(`${engine.name}: a removed entry, several, the first ones and two that changed places are found`, async (t) => {
    const { owner, fill, problems } = await open(t, engine);
    await fill(6);
    const whole = await auditTables(owner).selectFrom('audit_entry').selectAll().execute();
    const restore = async () => {
      await sql`delete from audit_entry`.execute(owner);
      for (const row of whole) await auditTables(owner).insertInto('audit_entry').values(withoutSequence(row) as never).execute();
      assert.deepEqual(await problems(), []);
    };
    await sql`delete from audit_entry where ${at(3)}`.execute(owner);
    assert.match((await problems()).join('\n'), /^entry 3 was removed\nthe chain breaks at entry 4 /);
    await restore();
    await sql`delete from audit_entry where position in (2, 3, 4)`.execute(owner);
    assert.match((await problems()).join('\n'), /^the entries from 2 to 4 were removed\n/);
    await restore();
    await sql`delete from audit_entry where position <= 2`.execute(owner);
    assert.match((await problems()).join('\n'), /^the entries from 1 to 2 were removed\n/);
    await restore();
    await sql`update audit_entry set position = 100 where ${at(2)}`.execute(owner);
    await sql`update audit_entry set position = 2 where ${at(3)}`.execute(owner);
    await sql`update audit_entry set position = 3 where ${at(100)}`.execute(owner);
    assert.match((await problems()).join('\n'), /^the chain breaks at entry 2 /);
  });

  test(`${engine.name}: a tail that is cut off, with its checkpoints, is found by those that were kept elsewhere`, async (t) => {
    const { owner, fill, problems } = await open(t, engine);
    await fill(5);
    await sql`delete from audit_entry where position > 3`.execute(owner);
    assert.match((await problems([])).join('\n'), /^the tail is cut off: entries up to 5 were signed, the last one there is 3$/);
    await sql`delete from audit_checkpoint where position > 3`.execute(owner);
    assert.deepEqual(await problems([]), [], 'within the database nothing is left that tells of it');
    assert.match((await problems()).join('\n'), /^the tail is cut off: entries up to 5 were signed, the last one there is 3$/);
    await sql`delete from audit_entry`.execute(owner);
    await sql`delete from audit_checkpoint`.execute(owner);
    assert.match((await problems()).join('\n'), /^the tail is cut off: entries up to 5 were signed, the last one there is 0$/, 'all of it');
  });

  test(`${engine.name}: the whole chain computed anew by the database's owner, without an entry, is found`, async (t) => {
    const { owner, fill, problems } = await open(t, engine);
    await fill(5);
    await sql`delete from audit_entry where ${at(3)}`.execute(owner);
    await recompute(owner);
    const found = (await problems([])).join('\n');
    assert.match(found, /at 3 the chain is another than the one that was signed/);
    assert.match(found, /the tail is cut off: entries up to 5 were signed, the last one there is 4/);
    await sql`delete from audit_checkpoint where position >= 3`.execute(owner);
    assert.match((await problems([])).join('\n'), /^the entries after 2 are not signed$/, 'the owner can sign nothing');
    assert.match((await problems()).join('\n'), /at 3 the chain is another than the one that was signed/);
  });

  test(`${engine.name}: an entry that the owner wrote, and a checkpoint signed with another key, are found`, async (t) => {
    const { owner, fill, sealer, problems } = await open(t, engine);
    await fill(2);
    await sql`insert into audit_entry (tenant_id, id, occurred_at, action, resource, request_id, details, mac) values ('acme', gen_random_uuid(), now(), 'things:write', '/things/9', 'r', '{}', ${randomBytes(32)})`.execute(owner);
    await sealer.flush();
    assert.match((await problems()).join('\n'), /^entry 3 \(.*\) was changed, or not written by this service$/);
    await sql`update audit_checkpoint set signature = ${randomBytes(64)} where position = 2`.execute(owner);
    assert.match((await problems([])).join('\n'), /^the checkpoint at 2 is not signed by this service\nentry 3 /);
    await sql`update audit_checkpoint set key_id = ${createHash('sha256').update('mine').digest('hex')} where position = 2`.execute(owner);
    assert.match((await problems([])).join('\n'), /^the checkpoint at 2 is not signed by this service\n/);
  });

  test(`${engine.name}: an erasure leaves the database, signed, before its entry is in the chain; one that the owner wrote does not`, async (t) => {
    const { database, owner, writer, sealer, erased, key, log, lines } = await open(t, engine);
    const [gone, forged] = [randomUUID(), randomUUID()];
    // By hand from here on, not by its clock.
    await sealer.stop();
    const append = (action: string, resource: string) => inTransaction(database.forTenant('acme'), (tx) => writer.append(tx, { ...draftOf(1), action, resource }));
    await append('people:export', `/people/${gone}`);
    await append('people:erase', `/people/${gone}`);
    await append('own-data:erase', '/people');
    await sql`insert into audit_entry (tenant_id, id, occurred_at, action, resource, request_id, details, mac) values ('acme', gen_random_uuid(), now(), 'people:erase', ${`/people/${forged}`}, 'r', '{}', ${randomBytes(32)})`.execute(owner);
    // A place that can't be written to: nothing is in the chain that did not leave the database before.
    let refused = 0;
    const publishErasure = () => {
      refused += 1;
      return Promise.reject(new Error('disk full'));
    };
    const failing = startSealer({ db: database.db, keys: [key], publish: () => Promise.resolve(), publishErasure, log, clock: () => NOW });
    await failing.stop();
    assert.ok(refused > 0);
    assert.equal((await sql`select id from audit_entry where position is not null`.execute(owner)).rows.length, 0);
    lines.length = 0;
    await sealer.flush();
    const [told] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual([lines.length, told?.['level'], told?.['tenant'], /not written by this service/.test(String(told?.['msg']))], [1, 50, 'acme', true]);
    assert.deepEqual(erased.map(({ tenantId, personId, at: when }) => [tenantId, personId, when]), [['acme', gone, NOW]]);
    assert.ok(erased.every((erasure) => isErasureSignedBy(erasure, key.verifying)));
  });

  test(`${engine.name}: whoever serves can append and read, and neither change nor remove`, async (t) => {
    const { database, fill } = await open(t, engine);
    await fill(2);
    const refused = { code: '42501' };
    for (const db of [database.db, database.forTenant('acme')]) {
      for (const statement of [sql`delete from audit_entry`, sql`update audit_entry set action = 'x:y'`, sql`update audit_entry set mac = mac`, sql`truncate audit_entry`, sql`delete from audit_checkpoint`, sql`update audit_checkpoint set position = 9`]) {
        await assert.rejects(statement.execute(db), (error) => sqlState(error) === refused.code, statement.compile(db).sql);
      }
    }
    await assert.rejects(sql`update audit_entry set position = 9`.execute(database.forTenant('acme')), (error) => sqlState(error) === refused.code);
    assert.equal((await sql<{ n: number }>`select count(*)::integer as n from audit_entry`.execute(database.forTenant('globex'))).rows[0]?.n, 0);
  });
}
