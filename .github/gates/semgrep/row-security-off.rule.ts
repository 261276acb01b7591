// Row-level security, which keeps tenants apart, taken away (CWE-1220).
import type { WeaknessRule } from './weakness.ts';

export const rule: WeaknessRule = {
  cwe: 1220,
  message: 'Row-level security keeps each tenant to its rows; this takes it away.',
  fix: 'Let handlers work as the role app_tenant, by the db that they are given.',
  // It names what a login must not have.
  except: /^app\/data\/(?:roles|login|server-database)\.ts$|^\.github\//,
  match: { 'pattern-either': [
    { 'pattern-regex': '(?i)\\b(?:row_security\\s*(?:=|to)\\s*(?:off|false)|set_config\\(\\s*\\x27row_security\\x27|disable\\s+row\\s+level\\s+security|no\\s+force\\s+row\\s+level|bypassrls(?<!no)\\b(?!\\w)|reset\\s+role\\b|set\\s+(?:local\\s+|session\\s+)?role\\s+(?:none|postgres|superuser)|set\\s+session\\s+authorization)' },
  ] },
  refuses: [
    'export const f = (db) => sql`set local row_security = off`.execute(db);',
    'export const f = (db) => sql`alter table item disable row level security`.execute(db);',
    'export const f = (client) => client.query("reset role");',
  ],
  allows: [
    'export const f = (db) => sql`alter table item enable row level security`.execute(db);',
  ],
};
