import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { pino } from 'pino';
import { type IdempotencyScope, purgeIdempotencyKeys, runOnce, type StoredResponse } from '#app/data/idempotency.ts';
import { openServerDatabase } from '#app/data/server-database.ts';
import type { Database } from '#app/feature.ts';
import { type TestDatabase, testDatabases } from '#app/testing/database.ts';

const now = new Date('2026-11-23T12:00:00Z');
const scope: IdempotencyScope = { tenantId: 'acme', subjectId: 'clerk', operationId: 'moveItem', key: 'k1', fingerprint: 'f1' };
const created: StoredResponse = { status: 201, headers: { location: '/items/A', 'content-type': 'application/json' }, body: '{"sku":"A \\"é\\""}' };

async function open(t: TestContext, engine: TestDatabase) {
  const database = await engine.open();
  t.after(() => database.close());
  await sql`create table note (text text)`.execute(database.owner);
  return { url: database.url, db: database.owner };
}
const readNotes = async (db: Database) => (await sql<{ text: string }>`select text from note order by text`.execute(db)).rows.map(({ text }) => text);
const writeNote = (text: string, response = created) => async (tx: Database): Promise<StoredResponse> => {
  await sql`insert into note values (${text})`.execute(tx);
  return response;
};

for (const engine of testDatabases()) {
  test(`${engine.name}: the same key runs once and answers what was stored`, async (t) => {
    const { db } = await open(t, engine);
    assert.deepEqual(await runOnce(db, scope, writeNote('first'), now), { replayed: false, response: created });
    assert.deepEqual(await runOnce(db, scope, writeNote('second'), now), { replayed: true, response: created });
    assert.deepEqual(await readNotes(db), ['first']);
  });

  test(`${engine.name}: the same key with another request is a mismatch and runs nothing`, async (t) => {
    const { db } = await open(t, engine);
    await runOnce(db, scope, writeNote('first'), now);
    assert.equal(await runOnce(db, { ...scope, fingerprint: 'f2' }, writeNote('second'), now), 'mismatch');
    assert.deepEqual(await readNotes(db), ['first']);
  });

  test(`${engine.name}: a key counts for one tenant, subject and operation`, async (t) => {
    const { db } = await open(t, engine);
    for (const other of [scope, { ...scope, tenantId: 'globex' }, { ...scope, subjectId: 'manager' }, { ...scope, operationId: 'createItem' }, { ...scope, key: 'k2' }]) {
      assert.notEqual(await runOnce(db, other, writeNote('x'), now), 'mismatch');
    }
    assert.equal((await readNotes(db)).length, 5);
  });

  test(`${engine.name}: a refusal undoes what was written, and is stored`, async (t) => {
    const { db } = await open(t, engine);
    const refusal = { status: 409, headers: {}, body: 'no stock' };
    assert.deepEqual(await runOnce(db, scope, writeNote('undone', refusal), now), { replayed: false, response: refusal });
    assert.deepEqual(await runOnce(db, scope, writeNote('second'), now), { replayed: true, response: refusal });
    assert.deepEqual(await runOnce(db, undefined, writeNote('undone', refusal), now), { replayed: false, response: refusal });
    assert.deepEqual(await readNotes(db), []);
  });

  test(`${engine.name}: a refusal after a statement that failed is stored as well`, async (t) => {
    const { db } = await open(t, engine);
    const refusal = { status: 409, headers: {}, body: 'exists' };
    const work = async (tx: Database) => {
      await sql`select 1 / 0`.execute(tx).catch(() => undefined);
      return refusal;
    };
    assert.deepEqual(await runOnce(db, scope, work, now), { replayed: false, response: refusal });
    assert.deepEqual(await runOnce(db, scope, writeNote('second'), now), { replayed: true, response: refusal });
  });

  test(`${engine.name}: an error takes the key with it, so that the request may be tried again`, async (t) => {
    const { db } = await open(t, engine);
    const failing = async (tx: Database): Promise<StoredResponse> => {
      await writeNote('undone')(tx);
      throw new Error('broken');
    };
    await assert.rejects(runOnce(db, scope, failing, now), /broken/);
    assert.deepEqual(await runOnce(db, scope, writeNote('again'), now), { replayed: false, response: created });
    assert.deepEqual(await readNotes(db), ['again']);
  });

  test(`${engine.name}: ASVS 14.2.7: old keys are purged, younger ones stay`, async (t) => {
    const { db } = await open(t, engine);
    await runOnce(db, scope, writeNote('old'), new Date('2026-11-21T12:00:00Z'));
    await runOnce(db, { ...scope, key: 'k2' }, writeNote('young'), now);
    assert.equal(await purgeIdempotencyKeys(db, new Date('2026-11-22T12:00:00Z')), 1);
    assert.deepEqual([await runOnce(db, scope, writeNote('old again'), now), await runOnce(db, { ...scope, key: 'k2' }, writeNote('no'), now)].map((one) => one !== 'mismatch' && one.replayed), [false, true]);
  });

  test(`${engine.name}: any sequence of requests behaves like a map from keys to first responses`, async (t) => {
    const { db } = await open(t, engine);
    const run = { number: 0 };
    const requests = fc.array(fc.record({ key: fc.constantFrom('a', 'b'), fingerprint: fc.constantFrom('f', 'g'), status: fc.constantFrom(200, 409, undefined) }), { maxLength: 8 });
    await fc.assert(fc.asyncProperty(requests, async (sequence) => {
      run.number += 1;
      const model = new Map<string, { fingerprint: string; status: number }>();
      for (const { key, fingerprint, status } of sequence) {
        const known = model.get(key);
        const expected = known === undefined ? (status === undefined ? 'thrown' : `ran ${status}`) : known.fingerprint === fingerprint ? `replayed ${known.status}` : 'mismatch';
        const work = () => (status === undefined ? Promise.reject(new Error('broken')) : Promise.resolve({ status, headers: {}, body: '' }));
        const actual = await runOnce(db, { ...scope, key: `${run.number} ${key}`, fingerprint }, work, now).then(
          (outcome) => (outcome === 'mismatch' ? outcome : `${outcome.replayed ? 'replayed' : 'ran'} ${outcome.response.status}`),
          () => 'thrown',
        );
        assert.equal(actual, expected);
        if (known === undefined && status !== undefined) model.set(key, { fingerprint, status });
      }
    }), { numRuns: 20 });
  });
}

for (const engine of testDatabases().filter(({ name }) => name === 'PostgreSQL')) {
  test('PostgreSQL: ASVS 15.4.2: concurrent doubles run once, and all get the one response', async (t) => {
    const { db, url } = await open(t, engine);
    // A second pool stands for a second process.
    const other = await openServerDatabase({ url: url ?? '', poolSize: 4, role: 'none' }, { log: pino({ level: 'silent' }) });
    t.after(() => other.close());
    for (let round = 0; round < 10; round += 1) {
      const results = await Promise.all(Array.from({ length: 8 }, (_, i) => runOnce(i % 2 === 0 ? db : other.db, { ...scope, key: `round ${round}` }, writeNote(`round ${round}`), now)));
      assert.equal(results.filter((result) => result !== 'mismatch' && !result.replayed).length, 1);
      assert.ok(results.every((result) => result !== 'mismatch' && result.response.body === created.body));
    }
    assert.equal((await readNotes(db)).length, 10);
  });

  test('PostgreSQL: when the first request fails, the double that waited for it runs', async (t) => {
    const { db } = await open(t, engine);
    const started = Promise.withResolvers<undefined>();
    const fail = Promise.withResolvers<undefined>();
    const first = runOnce(db, scope, async () => { started.resolve(undefined); await fail.promise; throw new Error('broken'); }, now);
    await started.promise;
    const second = runOnce(db, scope, writeNote('second'), now);
    await waitForLock(db);
    fail.resolve(undefined);
    await assert.rejects(first, /broken/);
    assert.deepEqual(await second, { replayed: false, response: created });
  });

  test('PostgreSQL: a double does not wait longer than the lock timeout', async (t) => {
    const { db, url } = await open(t, engine);
    const impatient = await openServerDatabase({ url: url ?? '', poolSize: 1, lockTimeoutMs: 50, role: 'none' }, { log: pino({ level: 'silent' }) });
    t.after(() => impatient.close());
    const started = Promise.withResolvers<undefined>();
    const finish = Promise.withResolvers<undefined>();
    const first = runOnce(db, scope, async () => { started.resolve(undefined); await finish.promise; return created; }, now);
    await started.promise;
    try {
      await assert.rejects(runOnce(impatient.db, scope, writeNote('second'), now), { status: 409, code: 'idempotency-key-in-use', headers: { 'Retry-After': '1' } });
    } finally {
      finish.resolve(undefined);
    }
    assert.deepEqual(await first, { replayed: false, response: created });
  });
}

async function waitForLock(db: Database): Promise<void> {
  for (const deadline = Date.now() + 4_000; ; ) {
    const { rows } = await sql<{ waiting: number }>`select count(*) as waiting from pg_locks where not granted and pid in (select pid from pg_stat_activity where datname = current_database())`.execute(db);
    if ((rows[0]?.waiting ?? 0) > 0) return;
    if (Date.now() > deadline) throw new Error('nobody waits');
  }
}
