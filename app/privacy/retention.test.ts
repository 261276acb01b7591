// Who has not been here for as long as the register says is erased, and nobody else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { parseConfig } from '#app/config.ts';
import { collectRegister, PERSON_KEPT_DAYS } from '#app/privacy/register.ts';
import { eraseAgain, eraseUnseen, eraseWhoIsKnown } from '#app/privacy/retention.ts';
import { inTransaction } from '#app/data/transaction.ts';
import { createPeople } from '#app/privacy/people.ts';
import { testDatabases } from '#app/testing/database.ts';
import { createTestPrivacy } from '#app/testing/privacy.ts';

const START = new Date('2023-01-01T12:00:00.000Z');
const after = (days: number) => new Date(START.getTime() + days * 86_400_000);

for (const engine of testDatabases()) {
  test(`${engine.name}: a person is erased once their time is over, by one of two processes, with an entry in the trail`, async (t) => {
    const database = await engine.open();
    t.after(() => database.close());
    let now = START;
    const { keys, trail } = createTestPrivacy();
    const directory = () => createPeople({ keys, clock: () => now });
    const people = directory();
    const acme = people.of(database.forTenant('acme'), 'acme');
    const gone = await acme.idOf({ id: 'gone', name: 'Gone' });
    const other = await people.of(database.forTenant('globex'), 'globex').idOf({ id: 'gone', name: 'Gone Globex' });
    now = after(1);
    const here = await acme.idOf({ id: 'here', name: 'Here' });
    const parts = { database, people, register: collectRegister([], parseConfig({})), trail };
    assert.equal(await eraseUnseen(parts, after(PERSON_KEPT_DAYS - 1)), 0);
    const erased = await Promise.all([eraseUnseen(parts, after(PERSON_KEPT_DAYS + 0.4)), eraseUnseen({ ...parts, people: directory() }, after(PERSON_KEPT_DAYS + 0.4))]);
    assert.equal(erased[0] + erased[1], 2);
    assert.deepEqual([...(await directory().of(database.forTenant('acme'), 'acme').known([gone, here])).keys()], [here]);
    assert.equal((await people.of(database.forTenant('globex'), 'globex').known([other])).size, 0);
    const { rows } = await sql<{ line: string }>`select tenant_id || ' ' || action || ' ' || resource || ' ' || (details::jsonb ->> 'by') as line from audit_entry order by tenant_id`.execute(database.owner);
    assert.deepEqual(rows.map(({ line }) => line), [`acme people:erase /people/${gone} retention`, `globex people:erase /people/${other} retention`]);
    assert.equal((await sql<{ n: number }>`select count(*)::integer as n from person_key`.execute(database.owner)).rows[0]?.n, 1);
  });

  test(`${engine.name}: who comes back between being found and being erased stays; who is to be erased again goes, whenever they were here`, async (t) => {
    const database = await engine.open();
    t.after(() => database.close());
    const { keys, trail } = createTestPrivacy();
    const people = createPeople({ keys, clock: () => after(10) });
    const parts = { database, people, register: collectRegister([], parseConfig({})), trail };
    const acme = people.of(database.forTenant('acme'), 'acme');
    const [back, other] = [await acme.idOf({ id: 'back', name: 'Back' }), await acme.idOf({ id: 'other', name: 'Other' })];
    await acme.known([back, other]);
    const person = { tenantId: 'acme', personId: back };
    const erase = (before: Date) => inTransaction(database.forTenant('acme'), (tx) => eraseWhoIsKnown(tx, parts, person, { now: after(11), by: 'retention', before }));
    assert.equal(await erase(after(9)), false);
    assert.equal((await acme.known([back])).get(back)?.name, 'Back');
    assert.equal(await eraseAgain(parts, [person, { ...person, tenantId: 'globex' }, person], after(11)), 1, 'once, and in their tenant');
    assert.deepEqual([...(await acme.known([back, other])).keys()], [other], 'remembered no more either');
    const { rows } = await sql<{ line: string }>`select tenant_id || ' ' || coalesce(actor::text, 'the service') || ' ' || action || ' ' || resource || ' ' || (details::jsonb ->> 'by') as line from audit_entry`.execute(database.owner);
    assert.deepEqual(rows.map(({ line }) => line), [`acme the service people:erase /people/${back} restore`]);
  });

  test(`${engine.name}: whom none of today’s keys can name is erased all the same`, async (t) => {
    const database = await engine.open();
    t.after(() => database.close());
    const { keys, trail } = createTestPrivacy();
    const parts = { database, people: createPeople({ keys: createTestPrivacy().keys, clock: () => START }), register: collectRegister([], parseConfig({})), trail };
    const nameless = await createPeople({ keys, clock: () => START }).of(database.forTenant('acme'), 'acme').idOf({ id: 'nameless', name: 'Nameless' });
    assert.equal((await parts.people.of(database.forTenant('acme'), 'acme').known([nameless])).size, 0);
    assert.equal(await eraseUnseen(parts, after(PERSON_KEPT_DAYS + 1)), 1);
    const left = await sql<{ n: number }>`select (select count(*) from person)::integer + (select count(*) from person_key)::integer as n`.execute(database.owner);
    assert.equal(left.rows[0]?.n, 0);
  });

  test(`${engine.name}: whose erasure fails does not keep the others, and is told`, async (t) => {
    const database = await engine.open();
    t.after(() => database.close());
    const { keys, trail } = createTestPrivacy();
    const people = createPeople({ keys, clock: () => START });
    const acme = people.of(database.forTenant('acme'), 'acme');
    const [one, stuck, other] = [await acme.idOf({ id: 'one', name: 'One' }), await acme.idOf({ id: 'stuck', name: 'Stuck' }), await acme.idOf({ id: 'other', name: 'Other' })];
    const append: typeof trail.append = async (tx, entry) => (entry.resource.endsWith(stuck) ? Promise.reject(new Error('no room')) : trail.append(tx, entry));
    const parts = { database, people, register: collectRegister([], parseConfig({})), trail: { ...trail, append } };
    const isTold = (error: unknown) => error instanceof AggregateError && error.message === '1 of 3 whose time is over could not be erased' && (error.errors[0] as Error).message === 'no room';
    await assert.rejects(eraseUnseen(parts, after(PERSON_KEPT_DAYS + 1)), isTold);
    assert.deepEqual([...(await createPeople({ keys, clock: () => START }).of(database.forTenant('acme'), 'acme').known([one, stuck, other])).keys()], [stuck]);
    assert.equal(await eraseUnseen({ ...parts, trail }, after(PERSON_KEPT_DAYS + 1)), 1, 'the next time, where nothing is in the way');
  });
}
