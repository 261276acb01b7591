// A statement of a feature that names no tenant (CWE-566).
import type { WeaknessRule } from './weakness.ts';

export const rule: WeaknessRule = {
  cwe: 566,
  message: 'This statement reaches the rows of every tenant: no where(\'tenant_id\', …) is in it, and row-level security alone is left.',
  fix: 'Add .where(\'tenant_id\', \'=\', subject.tenantId) to it; what a feature does before a tenant is known goes by a digest (…_hash) or by an expiry.',
  // The platform's own tables have other keys, and their own tests.
  only: /^app\/features\//,
  match: { 'pattern-either': [
    // By hand, in the text.
    { 'pattern-regex': '(?i)\\bsql\\s*`\\s*(?:delete\\s+from|update)\\s(?![^`]*(?:tenant_id|_hash\\b|_at\\s*<|\\b\\w*expires?\\b))[^`]*`' },
    { patterns: [
    { 'pattern-either': [{ pattern: '$Q.execute(...)' }, { pattern: '$Q.executeTakeFirst(...)' }, { pattern: '$Q.executeTakeFirstOrThrow(...)' }, { pattern: '$Q.stream(...)' }] },
    { 'metavariable-regex': { metavariable: '$Q', regex: '(?s)^(?!.*\\.insertInto\\()(?=.*\\.(?:selectFrom|updateTable|deleteFrom)\\([\'"`]?\\w+)(?!.*(?:tenant_?[iI]d|_hash|_at[\'"`], ?[\'"`]<|\\.limit\\(2\\))).*$' } },
  ] },
  ] },
  refuses: [
    'export const f = (db, id) => sql`delete from report where id = ${id}`.execute(db);',
    'export const f = (db, sku) => db.selectFrom("item").selectAll().where("sku", "=", sku).executeTakeFirst();',
    'export const f = (db, id) => tables(db).deleteFrom("movement").where("id", "=", id).execute();',
    'export const f = (db) => db.updateTable("item").set({ status: "active" }).execute();',
  ],
  allows: [
    'export const f = (db, tenantId) => db.selectFrom("item").selectAll().where("tenant_id", "=", tenantId).execute();',
    'export const f = (db, now) => db.deleteFrom("attempt").where("expires_at", "<", now).execute();',
    'export const f = (tx, db) => db.transaction().execute(tx);',
  ],
};
