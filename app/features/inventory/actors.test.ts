// Names of people come from the platform's directory, and go when it forgets them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inTransaction } from '#app/data/transaction.ts';
import { testDatabases } from '#app/testing/database.ts';
import { createTestPrivacy } from '#app/testing/privacy.ts';
import { ERASED, nameActors } from './actors.ts';
import type { Movement } from './item.ts';

const movementBy = (actor: string): Movement => ({ id: crypto.randomUUID(), sku: 'A-1', delta: 1, reason: 'count', note: undefined, actor, quantityAfter: 1, occurredAt: new Date('2026-11-01T08:00:00.000Z'), itemVersion: 2 });

for (const engine of testDatabases()) {
  test(`${engine.name}: who moved stock is named in each list; somebody who was erased, and another tenant's, is not`, async (t) => {
    const database = await engine.open();
    t.after(() => database.close());
    const { people } = createTestPrivacy();
    const db = database.forTenant('acme');
    const acme = people.of(db, 'acme');
    const [cleo, dora] = [await acme.idOf({ id: 'clerk', name: 'Cleo Clerk' }), await acme.idOf({ id: 'dora', name: 'Dora' })];
    const other = await people.of(database.forTenant('globex'), 'globex').idOf({ id: 'clerk', name: 'Gus Globex' });
    const [first = [], second = []] = await nameActors(acme, [movementBy(cleo), movementBy(dora)], [movementBy(cleo), movementBy(other)]);
    assert.deepEqual(first.map(({ actor }) => actor), [{ id: 'clerk', name: 'Cleo Clerk' }, { id: 'dora', name: 'Dora' }]);
    assert.deepEqual(second.map(({ actor }) => actor), [{ id: 'clerk', name: 'Cleo Clerk' }, { name: ERASED }]);
    await inTransaction(db, (tx) => people.erase(tx, 'acme', cleo));
    people.forget('acme', cleo);
    assert.deepEqual((await nameActors(acme, [movementBy(cleo)]))[0]?.map(({ actor }) => actor), [{ name: ERASED }]);
  });
}
