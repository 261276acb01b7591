// A row that takes every field which the client sends (CWE-915).
import type { WeaknessRule } from './weakness.ts';
import { either, focus, restrict, where } from './patterns.ts';

const BODY = '(?:[\\w.]+\\.)?(?:body|payload|patch|requestBody|rawBody)|input|given\\(.*\\)\\.value|params|query';

export const rule: WeaknessRule = {
  cwe: 915,
  message: 'A whole body is written into a row, so that the client sets columns that nobody offered: roles, tenant_id, price.',
  fix: 'Name the columns: .values({ tenant_id: subject.tenantId, name: body.name }).',
  match: {
    mode: 'taint',
    'pattern-sources': [
      { patterns: [{ pattern: '$DB.updateTable($T).set($BODY)' }, ...restrict({ BODY: '\\w*(?:changes|update|updates|fields|data|attributes|rest|others|input|values)' }), { 'focus-metavariable': '$BODY' }] },
      ...['{..., ...$BODY, ...}', 'Object.assign($A, ..., $BODY, ...)', 'structuredClone($BODY)'].map((pattern) => where(pattern, { BODY })),
      { patterns: [either(['$Q.values($BODY)', '$Q.set($BODY)', '$Q.doUpdateSet($BODY)']), ...restrict({ BODY }), { 'focus-metavariable': '$BODY' }] },
    ],
    'pattern-sinks': [
      where('Object.assign($ROW, $BODY)', { ROW: '[a-z]\\w*(?:\\.\\w+)*', BODY }),
      focus('ROW', ['$Q.values($ROW)', '$Q.set($ROW)', '$Q.values([..., $ROW, ...])', '$Q.doUpdateSet($ROW)', '$Q.insertInto($T).values($ROW)']),
    ],
  },
  refuses: [
    'export const f = ({ body, db }) => db.insertInto("item").values({ ...body, tenant_id: "a" }).execute();',
    'export const f = ({ body, db }) => db.updateTable("account").set(body).where("id", "=", 1).execute();',
    'export const f = (ctx, db) => { const row = { created: 1, ...ctx.request.body }; return db.insertInto("item").values(row).execute(); };',
    'export const f = (db, input) => db.updateTable("item").set(Object.assign({}, input.body)).execute();',
    'export const f = (db, patch) => db.updateTable("item").set({ ...patch, updated_at: 1 }).execute();',
  ],
  allows: [
    'export const f = ({ body, db }) => db.insertInto("item").values({ name: body.name, tenant_id: "a" }).execute();',
    'export const f = (ctx, headers) => { ctx.set(headers); };',
    'export const f = (db, row) => db.insertInto("item").values(row).execute();',
  ],
};
