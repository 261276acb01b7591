// A change that a link makes: no form, no token, no question (CWE-650).
import { either, where } from './patterns.ts';
import type { WeaknessRule } from './weakness.ts';

const VERBS = '(?:with\\b[^`]*\\)\\s*)?(?:insert\\s+into|update\\s+(?:only\\s+)?[\\w.$"]|delete\\s+from|merge\\s+into|truncate|drop\\s|alter\\s|create\\s|grant\\s|copy\\s)';
const CHANGES = [
  either(['insertInto', 'updateTable', 'deleteFrom', 'mergeInto', 'replaceInto'].map((change) => `$DB.${change}(...)`)),
  // By hand, in the text.
  { 'pattern-regex': `(?i)\\bsql\\s*\`\\s*${VERBS}[^\`]*\`` },
  where('$DB.$ASK($TEXT, ...)', { ASK: 'query|exec|execute|executeQuery|queryRaw|raw|unsafe', TEXT: `(?is)['"\`]\\s*${VERBS.replaceAll('`', '')}.*` }),
];

export const rule: WeaknessRule = {
  cwe: 650,
  message: 'A GET changes something: every link, preview and prefetch does it in the person\'s name.',
  fix: 'Make it a command or a form (defineCommand, defineForm), which other sites can not send.',
  match: either([...['defineQuery(...)', 'definePage(...)', 'definePublicPage(...)', '$ROUTER.get($PATH, ...)', 'router.get(...)'].flatMap((inside) => CHANGES.map((change) => ({ patterns: [change, { 'pattern-inside': inside }] })))]),
  refuses: [
    'export const q = defineQuery({ path: "/a", async handle({ db, params }) { await db.deleteFrom("item").where("tenant_id", "=", 1).execute(); return { status: 204 }; } });',
    'export const p = definePage({ path: "/a", handle: async (context) => { await context.db.updateTable("item").set({ a: 1 }).where("tenant_id", "=", 1).execute(); return { redirect: "/" }; } });',
    'export const f = (router, db) => { router.get("/unsubscribe", async (ctx) => { await db.deleteFrom("mail").where("a_hash", "=", 1).execute(); }); };',
    'export const q = defineQuery({ path: "/a", async handle({ db, params }) { await sql`update item set seen = now() where tenant_id = ${params.t}`.execute(db); return { status: 204 }; } });',
    'export const p = definePage({ path: "/a", handle: async ({ db }) => { await sql`with gone as (select 1) delete from item where tenant_id = 1`.execute(db); return { redirect: "/" }; } });',
    'export const q = defineQuery({ path: "/a", async handle({ client }) { await client.query("truncate report"); return { status: 204 }; } });',
  ],
  allows: [
    'export const q = defineQuery({ path: "/a", async handle({ db }) { const rows = await sql`select id from item where tenant_id = 1 order by updated_at`.execute(db); return { status: 200, body: rows }; } });',
    'export const c = defineCommand({ path: "/a", async handle({ db }) { await sql`delete from item where tenant_id = 1`.execute(db); return { status: 204 }; } });',
    'export const c = defineCommand({ path: "/a", async handle({ db }) { await db.deleteFrom("item").where("tenant_id", "=", 1).execute(); return { status: 204 }; } });',
  ],
};
