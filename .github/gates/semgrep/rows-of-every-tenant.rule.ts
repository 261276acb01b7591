// A statement of a feature that names no tenant (CWE-566).
import { either } from './patterns.ts';
import type { WeaknessRule } from './weakness.ts';

const RUNS = ['execute', 'executeTakeFirst', 'executeTakeFirstOrThrow', 'stream'];
const WITHOUT_TENANT = '(?s)^(?!.*\\.insertInto\\()(?=.*\\.(?:selectFrom|updateTable|deleteFrom)\\([\'"`]?\\w+)(?!.*(?:tenant_?[iI]d|_hash|_at[\'"`], ?[\'"`]<|\\.limit\\(2\\))).*$';

export const rule: WeaknessRule = {
  cwe: 566,
  message: 'This statement reaches the rows of every tenant: no where(\'tenant_id\', …) is in it, and row-level security alone is left.',
  fix: 'Add .where(\'tenant_id\', \'=\', subject.tenantId) to it; what a feature does before a tenant is known goes by a digest (…_hash) or by an expiry.',
  // The platform's own tables have other keys, and their own tests.
  only: /^app\/features\//,
  match: either([
    // By hand, in the text.
    { 'pattern-regex': '(?i)\\bsql\\s*`\\s*(?:delete\\s+from|update)\\s(?![^`]*(?:tenant_id|_hash\\b|_at\\s*<|\\b\\w*expires?\\b))[^`]*`' },
    { patterns: [either(RUNS.map((run) => `$Q.${run}(...)`)), { 'metavariable-regex': { metavariable: '$Q', regex: WITHOUT_TENANT } }] },
    // In two steps.
    ...['const', 'let'].map((kept) => ({
      patterns: [
        either(['', '.$M(...)', '.$M(...).$N(...)'].flatMap((between) => RUNS.map((run) => `$V${between}.${run}(...)`))),
        { 'pattern-inside': `${kept} $V = $Q;\n...` },
        { 'metavariable-regex': { metavariable: '$Q', regex: WITHOUT_TENANT } },
        ...RUNS.flatMap((run) => [{ 'pattern-not': `$V.where(<... "tenant_id" ...>, ...).${run}(...)` }, { 'pattern-not': `$V.where(<... "tenant_id" ...>, ...).$ANY(...).${run}(...)` }, { 'pattern-not': `$V.$ANY(...).where(<... "tenant_id" ...>, ...).${run}(...)` }]),
        { 'pattern-not-inside': '$V = $V.where(<... "tenant_id" ...>, ...);\n...' },
      ],
    })),
  ]),
  // Units and countries are everybody's.
  spares(matched, sharedTables) {
    const names = [...matched.matchAll(/(?:\.(?:selectFrom|updateTable|deleteFrom|\w+Join)\(\s*['"`]|\b(?:delete\s+from|update)\s+)(\w+)/g)].map(([, name = '']) => name);
    return names.length > 0 && names.every((name) => sharedTables.has(name));
  },
  refuses: [
    'export const f = (db, id) => sql`delete from report where id = ${id}`.execute(db);',
    'export const f = (db, sku) => db.selectFrom("item").selectAll().where("sku", "=", sku).executeTakeFirst();',
    'export const f = (db, id) => tables(db).deleteFrom("movement").where("id", "=", id).execute();',
    'export const f = (db) => db.updateTable("item").set({ status: "active" }).execute();',
    'export const f = (db) => { const query = db.selectFrom("item").selectAll(); return query.execute(); };',
    'export const f = async (db, sku) => { const all = db.selectFrom("item").selectAll(); return all.where("sku", "=", sku).limit(1).executeTakeFirst(); };',
    'export const f = async (db, sku) => { let query = db.deleteFrom("item"); if (sku) query = query.where("sku", "=", sku); await query.execute(); };',
  ],
  allows: [
    'export const f = (db, tenantId) => { const all = db.selectFrom("item").selectAll(); return all.where("tenant_id", "=", tenantId).execute(); };',
    'export const f = (db, tenantId, sku) => { let query = db.selectFrom("item").selectAll().where("tenant_id", "=", tenantId); if (sku) query = query.where("sku", "=", sku); return query.execute(); };',
    'export const f = (db, tenantId) => db.selectFrom("item").selectAll().where("tenant_id", "=", tenantId).execute();',
    'export const f = (db, now) => db.deleteFrom("attempt").where("expires_at", "<", now).execute();',
    'export const f = (tx, db) => db.transaction().execute(tx);',
  ],
};
