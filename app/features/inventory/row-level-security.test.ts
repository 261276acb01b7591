import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { testDatabases, type TestedDatabase } from '#app/testing/database.ts';
import { createItem, moveStock } from './changes.ts';
import { countStock, listItems, listMovements, readItem, recentMovements } from './store.ts';
import { allOf, subjectOf, writeContext } from './test-context.ts';

const order = { sort: 'sku', direction: 'asc' } as const;

for (const engine of testDatabases()) {
  describe(`the tenants' rows, without the statements' own conditions, on ${engine.name}`, () => {
    let database: TestedDatabase;
    before(async () => {
      database = await engine.open();
      for (const tenantId of ['acme', 'globex']) {
        const options = { subject: subjectOf(tenantId) };
        await createItem(writeContext(database.forTenant(tenantId), options), { sku: 'A-1', name: `Bolt of ${tenantId}`, location: 'Aisle 1', unit: 'box', reorderLevel: 5 });
        await database.forTenant(tenantId).transaction().execute((tx) => moveStock(writeContext(tx, options), 'A-1', { delta: 7, reason: 'received' }));
      }
    });
    after(() => database.close());

    it('asked for the wrong tenant, every statement of the store finds nothing (ASVS 8.4.1)', async () => {
      const [acme, globex] = [database.forTenant('acme', { readOnly: true }), 'globex'];
      assert.equal(await readItem(acme, allOf(globex), 'A-1'), undefined);
      assert.deepEqual(await listItems(acme, allOf(globex), { order, limit: 10 }), { rows: [], more: false });
      assert.deepEqual(await listMovements(acme, allOf(globex), 'A-1', { limit: 10 }), { rows: [], more: false });
      assert.deepEqual(await recentMovements(acme, allOf(globex), { limit: 10 }), { rows: [], more: false });
      assert.deepEqual(await countStock(acme, allOf(globex)), { active: 0, units: 0, out: 0, low: 0 });
      assert.equal((await readItem(database.owner, allOf(globex), 'A-1'))?.name, 'Bolt of globex', 'it is there');
    });

    it('a change with no condition at all changes one tenant’s rows', async () => {
      const acme = database.forTenant('acme');
      assert.equal((await sql`update item set name = 'Ours'`.execute(acme)).numAffectedRows, 1n);
      assert.equal((await readItem(database.owner, allOf('globex'), 'A-1'))?.name, 'Bolt of globex');
      await assert.rejects(sql`update item set tenant_id = 'globex', sku = 'B-1'`.execute(acme), { code: '42501' });
      await assert.rejects(sql`update item set tenant_id = 'acme'`.execute(database.db), { code: '42501' }, 'nor does the platform');
    });

    it('nobody rewrites the ledger', async () => {
      for (const statement of [sql`update movement set delta = 1`, sql`delete from movement`, sql`delete from item`, sql`truncate movement`]) {
        await assert.rejects(statement.execute(database.forTenant('acme')), { code: '42501' });
      }
    });
  });
}
