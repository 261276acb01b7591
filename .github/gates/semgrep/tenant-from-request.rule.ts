// A tenant that the client names (CWE-639).
import type { WeaknessRule } from './weakness.ts';
import { CHECKED, focus, REQUEST_DATA, where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 639,
  message: 'The tenant whose rows are read or written comes from the request: everybody reads everybody\'s.',
  fix: 'Take it from the subject: subject.tenantId is what the sign-in or the token has proved.',
  match: {
    mode: 'taint',
    'pattern-sources': REQUEST_DATA,
    'pattern-sanitizers': [
      ...CHECKED,
      // What a function found by it is no more what the client said.
      where('await $F(...)', { F: '\\w+' }),
    ],
    'pattern-sinks': [
      focus('TENANT', ['$Q.where("tenant_id", $OP, $TENANT)', '$Q.where("tenantId", $OP, $TENANT)', '$Q.where(`tenant_id`, $OP, $TENANT)', '$D.forTenant($TENANT, ...)', 'forTenant($TENANT, ...)', 'dbOf({..., tenantId: $TENANT, ...}, ...)', '{..., tenant_id: $TENANT, ...}', '{..., tenantId: $TENANT, ...}', 'sql`...tenant_id = ${$TENANT}...`', 'set_config("app.tenant_id", $TENANT, ...)']),
    ],
  },
  refuses: [
    'export const f = ({ params, db }) => db.selectFrom("item").where("tenant_id", "=", params.tenant).execute();',
    'export const f = (ctx, database) => database.forTenant(ctx.get("x-tenant"));',
    'export const f = ({ body, db }) => db.insertInto("item").values({ tenant_id: body.tenantId, name: body.name }).execute();',
    'export const f = async ({ query, db }) => { const tenantId = query.tenantId; return listItems(db, { tenantId, sort: "name" }); };',
  ],
  allows: [
    'export const f = ({ params, subject, db }) => db.selectFrom("item").where("tenant_id", "=", subject.tenantId).where("sku", "=", params.sku).execute();',
    'export const f = ({ body, subject }) => ({ tenant_id: subject.tenantId, name: body.name });',
  ],
};
