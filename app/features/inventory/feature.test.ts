import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { testDatabases, type TestedDatabase } from '#app/testing/database.ts';
import type { PeopleDirectory } from '#app/privacy/people.ts';
import { createTestPrivacy } from '#app/testing/privacy.ts';
import { feature } from './feature.ts';
import { countStock, listItems, listMovements, readItem, recentMovements } from './store.ts';
import { allOf, silentLog } from './test-context.ts';

const now = new Date('2026-11-23T09:00:00.000Z');

describe('feature', () => {
  it('grants every action that an operation, a page or an event asks for, and no other', async () => {
    const database = await testDatabases()[0]?.open();
    assert.ok(database);
    const { operations, pages } = feature.create({ database: database.db, settings: {}, production: false, signInFactors: 1, publicUrl: 'http://stockade.test', log: silentLog, metrics: new Registry(), countSignIns: () => () => undefined, clock: () => now });
    await database.close();
    const asked = [...operations, ...pages, ...Object.values(feature.events)].map(({ action }) => action);
    assert.deepEqual(new Set(Object.keys(feature.grants)), new Set(asked));
  });

  it('lets viewers and auditors look, clerks move, and only managers keep the catalogue', () => {
    const allowed = (role: string) => Object.entries(feature.grants).flatMap(([action, roles]) => (roles.some((one) => one === role) ? [action] : []));
    assert.deepEqual(allowed('viewer'), ['items:read', 'movements:read']);
    assert.deepEqual(allowed('auditor'), ['items:read', 'restricted-items:read', 'movements:read']);
    assert.deepEqual(allowed('clerk'), ['items:read', 'items:move', 'movements:read']);
    assert.deepEqual(allowed('manager'), ['items:read', 'items:move', 'items:write', 'items:retire', 'restricted-items:read', 'movements:read']);
  });
});

for (const engine of testDatabases()) {
  describe(`seed on ${engine.name}`, () => {
    let database: TestedDatabase;
    let people: PeopleDirectory;
    before(async () => {
      database = await engine.open();
      ({ people } = createTestPrivacy());
      for (const tenantId of ['acme', 'globex', 'empty']) {
        await database.forTenant(tenantId).transaction().execute((db) => feature.seed?.({ db, people: people.of(db, tenantId), tenantId, now }) ?? Promise.resolve());
      }
    });
    after(() => database.close());

    it('fills the two example tenants, each with its own, and no other', async () => {
      const order = { sort: 'sku', direction: 'asc' } as const;
      const counts = await Promise.all(['acme', 'globex', 'empty'].map(async (tenant) => (await listItems(database.owner, allOf(tenant), { order, limit: 100 })).rows.length));
      assert.deepEqual(counts, [13, 8, 0]);
      const { out, low } = await countStock(database.owner, allOf('acme'));
      assert.ok(out > 0 && low > 0);
      assert.equal(await readItem(database.owner, allOf('globex'), 'BOLT-M8-40'), undefined);
    });

    it('leaves a ledger that sums to every quantity', async () => {
      for (const tenantId of ['acme', 'globex']) {
        const { rows } = await listItems(database.owner, allOf(tenantId), { order: { sort: 'sku', direction: 'asc' }, limit: 100 });
        for (const item of rows) {
          const ledger = await listMovements(database.owner, allOf(tenantId), item.sku, { limit: 1000 });
          assert.equal(ledger.more, false);
          assert.equal(ledger.rows.reduce((sum, { delta }) => sum + delta, 0), item.quantity, item.sku);
        }
      }
    });

    it('leaves a tenant alone that has items', async () => {
      const before = await recentMovements(database.owner, allOf('acme'), { limit: 100 });
      await database.forTenant('acme').transaction().execute((db) => feature.seed?.({ db, people: people.of(db, 'acme'), tenantId: 'acme', now: new Date(now.getTime() + 1_000) }) ?? Promise.resolve());
      assert.deepEqual(await recentMovements(database.owner, allOf('acme'), { limit: 100 }), before);
    });

    it('has something recent to show', async () => {
      const { rows } = await recentMovements(database.owner, allOf('acme'), { limit: 10 });
      assert.equal(rows.length, 10);
      assert.ok(rows.every(({ occurredAt }) => occurredAt < now && now.getTime() - occurredAt.getTime() < 86_400_000));
    });
  });
}
