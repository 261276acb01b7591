// People as records know them: one id each, the name apart and encrypted, and nothing left of who was erased.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { inTransaction } from '#app/data/transaction.ts';
import type { Database } from '#app/feature.ts';
import { open as unseal } from '#app/lib/sealed.ts';
import { createPeople } from '#app/privacy/people.ts';
import type { ServiceKeys } from '#app/privacy/service-keys.ts';
import { type TestDatabase, testDatabases } from '#app/testing/database.ts';
import { makeServiceKeys } from '#app/testing/privacy.ts';

const CLEO = { id: 'clerk', name: 'Cleo Clerk' };
const DAY_MS = 86_400_000;

async function open(t: TestContext, engine: TestDatabase) {
  const database = await engine.open();
  t.after(() => database.close());
  const keys = makeServiceKeys();
  const clock = { now: new Date('2026-11-24T12:00:00.000Z') };
  const make = (own: ServiceKeys = keys) => createPeople({ keys: own, clock: () => clock.now });
  return { database, db: database.forTenant('acme'), keys, clock, make, people: make() };
}

/** All of the two tables as text. */
async function dump(owner: Database): Promise<string> {
  const { rows } = await sql<{ line: string }>`select person::text as line from person union all select person_key::text from person_key`.execute(owner);
  // A bytea stands there as \\x and its bytes.
  return rows.map(({ line }) => line + [...line.matchAll(/\\x([0-9a-f]*)/g)].map(([, hex = '']) => Buffer.from(hex, 'hex').toString('latin1')).join(' ')).join('\n');
}

for (const engine of testDatabases()) {
  test(`${engine.name}: a person has one id, for every process and at the same time, and another in another tenant`, async (t) => {
    const { database, db, make, people } = await open(t, engine);
    const processes = [people, make(), make()];
    const ids = await Promise.all(Array.from({ length: 12 }, (_, n) => (processes[n % 3] ?? people).of(db, 'acme').idOf(CLEO)));
    assert.equal(new Set(ids).size, 1);
    const elsewhere = await people.of(database.forTenant('globex'), 'globex').idOf(CLEO);
    assert.notEqual(elsewhere, ids[0]);
    assert.notEqual(await people.of(db, 'acme').idOf({ id: 'Clerk', name: 'Cleo Clerk' }), ids[0]);
    assert.equal(await people.find(db, 'acme', 'clerk'), ids[0]);
    assert.equal(await make().find(db, 'acme', 'nobody'), undefined);
  });

  test(`${engine.name}: ASVS 14.2.4: the tables hold neither name nor subject in the clear`, async (t) => {
    const { database, db, people } = await open(t, engine);
    await people.of(db, 'acme').idOf({ id: 'canary-subject', name: 'Canary Name' });
    const text = await dump(database.owner);
    assert.ok(text.includes('acme'), 'it is there');
    for (const word of ['canary', 'Canary', 'Name']) assert.ok(!text.includes(word), word);
  });

  test(`${engine.name}: key and name are bound to their tenant and person, by words that stay: what is kept must open tomorrow, and nowhere else`, async (t) => {
    const { database, db, keys, make, people } = await open(t, engine);
    const [cleo, dora] = [await people.of(db, 'acme').idOf(CLEO), await people.of(db, 'acme').idOf({ id: 'dora', name: 'Dora' })];
    const { rows } = await sql<{ wrapped: Buffer; sealed: Buffer }>`select wrapped, sealed from person_key join person on person.id = person_id where person_id = ${cleo}`.execute(database.owner);
    const [row] = rows;
    assert.ok(row);
    const key = unseal(keys.people[0].secret, row.wrapped, `person key acme ${cleo}`);
    assert.deepEqual(key && JSON.parse(String(unseal(key, row.sealed, `person acme ${cleo}`))), { subject: 'clerk', name: 'Cleo Clerk' });
    for (const other of [`person key globex ${cleo}`, `person key acme ${dora}`, '']) assert.equal(unseal(keys.people[0].secret, row.wrapped, other), undefined);
    for (const other of [`person globex ${cleo}`, `person acme ${dora}`, '']) assert.equal(key && unseal(key, row.sealed, other), undefined);
    await sql`update person_key set wrapped = ${row.wrapped} where person_id = ${dora}`.execute(database.owner);
    await sql`update person set sealed = ${row.sealed} where id = ${dora}`.execute(database.owner);
    assert.deepEqual([...(await make().of(db, 'acme').known([cleo, dora])).keys()], [cleo], 'nobody gets another’s name by a change in the database');
  });

  test(`${engine.name}: names are read in one go, by every process; another tenant's and unknown ids are absent`, async (t) => {
    const { database, db, make, people } = await open(t, engine);
    const acme = people.of(db, 'acme');
    const [cleo, dora] = [await acme.idOf(CLEO), await acme.idOf({ id: 'dora', name: 'Dora 📦' })];
    const other = await people.of(database.forTenant('globex'), 'globex').idOf({ id: 'gus', name: 'Gus' });
    const known = await make().of(db, 'acme').known([cleo, dora, cleo, other, randomUUID()]);
    assert.deepEqual(Object.fromEntries(known), { [cleo]: { subjectId: 'clerk', name: 'Cleo Clerk' }, [dora]: { subjectId: 'dora', name: 'Dora 📦' } });
    assert.equal((await acme.known([])).size, 0);
  });

  test(`${engine.name}: a name that changed at the provider changes here, and the day of the last visit is kept`, async (t) => {
    const { database, db, clock, make, people } = await open(t, engine);
    const id = await people.of(db, 'acme').idOf(CLEO);
    await people.of(db, 'acme').idOf({ ...CLEO, name: 'Cleo Married' });
    assert.equal((await make().of(db, 'acme').known([id])).get(id)?.name, 'Cleo Married');
    const seen = async () => (await sql<{ seen: Date }>`select seen_at as seen from person`.execute(database.owner)).rows[0]?.seen.toISOString();
    assert.equal(await seen(), '2026-11-24T00:00:00.000Z');
    clock.now = new Date(clock.now.getTime() + DAY_MS);
    await people.of(db, 'acme').idOf({ ...CLEO, name: 'Cleo Married' });
    assert.equal(await seen(), '2026-11-25T00:00:00.000Z');
  });

  test(`${engine.name}: somebody made in a transaction that is undone is not remembered`, async (t) => {
    const { db, people } = await open(t, engine);
    let undone = '';
    await assert.rejects(inTransaction(db, async (tx) => { undone = await people.of(tx, 'acme').idOf(CLEO); throw new Error('undone'); }), /undone/);
    const id = await people.of(db, 'acme').idOf(CLEO);
    assert.notEqual(id, undone);
    assert.equal((await people.of(db, 'acme').known([undone])).size, 0);
  });

  test(`${engine.name}: what is encrypted for a person opens for that person and place, and for nobody once they are erased`, async (t) => {
    const { db, clock, make, people } = await open(t, engine);
    const acme = people.of(db, 'acme');
    const [cleo, dora] = [await acme.idOf(CLEO), await acme.idOf({ id: 'dora', name: 'Dora' })];
    const sealed = await acme.seal(cleo, 'cleo@acme.example', 'account.email');
    assert.equal(await make().of(db, 'acme').open(cleo, sealed, 'account.email'), 'cleo@acme.example');
    assert.equal(await acme.open(cleo, sealed, 'account.name'), undefined);
    assert.equal(await acme.open(dora, sealed, 'account.email'), undefined);
    const elsewhere = make();
    await elsewhere.of(db, 'acme').known([cleo]);
    await inTransaction(db, (tx) => people.erase(tx, 'acme', cleo));
    people.forget('acme', cleo);
    assert.equal(await acme.open(cleo, sealed, 'account.email'), undefined);
    assert.equal((await acme.known([cleo, dora])).size, 1);
    assert.equal(await people.find(db, 'acme', 'clerk'), undefined);
    await assert.rejects(acme.seal(cleo, 'x', 'account.email'), TypeError);
    clock.now = new Date(clock.now.getTime() + 60_000);
    assert.equal((await elsewhere.of(db, 'acme').known([cleo])).size, 0, 'another process forgets within a minute');
    const again = await acme.idOf(CLEO);
    assert.notEqual(again, cleo);
    assert.equal(await acme.open(again, sealed, 'account.email'), undefined, 'who comes back is somebody new');
  });

  test(`${engine.name}: with other keys nobody is known, and a moved or changed row opens for nobody`, async (t) => {
    const { database, db, make, people } = await open(t, engine);
    const acme = people.of(db, 'acme');
    const [cleo, dora] = [await acme.idOf(CLEO), await acme.idOf({ id: 'dora', name: 'Dora' })];
    assert.equal((await make(makeServiceKeys()).of(db, 'acme').known([cleo])).size, 0);
    await sql`update person set sealed = (select sealed from person where id = ${dora}) where id = ${cleo}`.execute(database.owner);
    assert.equal((await make().of(db, 'acme').known([cleo])).size, 0);
    await sql`update person_key set wrapped = (select wrapped from person_key where person_id = ${cleo}) where person_id = ${dora}`.execute(database.owner);
    assert.equal((await make().of(db, 'acme').known([dora])).size, 0);
  });

  test(`${engine.name}: ASVS 11.2.2: a new service key takes over: both work, then the keys of people move to it, and the old one may go`, async (t) => {
    const { database, db, keys, make, people } = await open(t, engine);
    const ids = await Promise.all(Array.from({ length: 5 }, (_, n) => people.of(db, 'acme').idOf({ id: `p${n}`, name: `Person ${n}` })));
    const next: ServiceKeys = { ...keys, people: [{ id: randomUUID(), secret: randomBytes(32) }, ...keys.people] };
    const rotated = make(next);
    assert.equal((await rotated.of(db, 'acme').known(ids)).size, 5);
    assert.equal(await rotated.rewrap(database.db, 3), 3);
    assert.equal(await rotated.rewrap(database.db, 3), 2);
    assert.equal(await rotated.rewrap(database.db, 3), 0);
    assert.equal((await make({ ...next, people: [next.people[0]] }).of(db, 'acme').known(ids)).size, 5);
    assert.equal((await make(keys).of(db, 'acme').known(ids)).size, 0, 'the old key opens none of them any more');
    await assert.rejects(make(makeServiceKeys()).rewrap(database.db, 3), { name: 'TypeError', message: /can't be opened: its service key is gone, or the row was changed/ });
    assert.equal((await make({ ...next, people: [next.people[0]] }).of(db, 'acme').known(ids)).size, 5, 'and nothing of what can’t be opened was written');
  });
}
