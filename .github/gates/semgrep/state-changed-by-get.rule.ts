// A change that a link makes: no form, no token, no question (CWE-650).
import type { WeaknessRule } from './weakness.ts';

export const rule: WeaknessRule = {
  cwe: 650,
  message: 'A GET changes something: every link, preview and prefetch does it in the person\'s name.',
  fix: 'Make it a command or a form (defineCommand, defineForm), which other sites can not send.',
  match: { 'pattern-either': ['insertInto', 'updateTable', 'deleteFrom'].flatMap((change) => ['defineQuery', 'definePage', 'definePublicPage'].map((define) => ({ patterns: [{ pattern: `$DB.${change}(...)` }, { 'pattern-inside': `${define}(...)` }] })).concat([{ patterns: [{ pattern: `$DB.${change}(...)` }, { 'pattern-inside': '$ROUTER.get($PATH, ...)' }] }])) },
  refuses: [
    'export const q = defineQuery({ path: "/a", async handle({ db, params }) { await db.deleteFrom("item").where("tenant_id", "=", 1).execute(); return { status: 204 }; } });',
    'export const p = definePage({ path: "/a", handle: async (context) => { await context.db.updateTable("item").set({ a: 1 }).where("tenant_id", "=", 1).execute(); return { redirect: "/" }; } });',
    'export const f = (router, db) => { router.get("/unsubscribe", async (ctx) => { await db.deleteFrom("mail").where("a_hash", "=", 1).execute(); }); };',
  ],
  allows: [
    'export const c = defineCommand({ path: "/a", async handle({ db }) { await db.deleteFrom("item").where("tenant_id", "=", 1).execute(); return { status: 204 }; } });',
  ],
};
