// Who somebody is, as they say themselves (CWE-290).
import type { WeaknessRule } from './weakness.ts';
import { either, where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 290,
  message: 'A header says who asks, or what they may: whoever sends it is that.',
  fix: 'Take subject from the request\'s state: it was made of a session or of a verified token.',
  except: /\/assets\/|^\.github\//,
  match: either([
    where('$C.cookies.get($NAME)', { NAME: '(?i)[\'"`](?:user|user_?id|roles?|admin|is_?admin|tenant|tenant_?id|account)[\'"`]' }),
    { 'pattern-regex': '(?i)[\'"]x-(?:user|role|tenant|admin|account|subject|groups?|permissions?)[\\w-]*[\'"]\\s*:\\s*\\w+\\s*[,}]' }, where('$C.query.$FLAG', { FLAG: 'admin|is_?[aA]dmin|roles?|bypass|impersonate|debug|superuser' }), where('$C.query[$FLAG]', { FLAG: '[\'"`](?:admin|is_?[aA]dmin|roles?|bypass|impersonate|debug|superuser)[\'"`]' }),
    where('$C.$GET($NAME)', { NAME: '(?i)[\'"`](?:x-)?(?:user|roles?|tenant|admin|is-admin|account|subject|authenticated|auth-?user|remote-?user|groups?|permissions?|scopes?|internal|debug|bypass|skip|impersonate|act-as|org)(?!-agent)(?:-[\\w-]+)?[\'"`]', GET: 'get|header', C: '(?:\\w+\\.)*(?:ctx|context|c|koa|req|request|headers)' }),
    where('$H[$NAME]', { NAME: '(?i)[\'"`](?:x-)?(?:user|roles?|tenant|admin|is-admin|account|subject|authenticated|auth-?user|remote-?user|groups?|permissions?|scopes?|internal|debug|bypass|skip|impersonate|act-as|org)(?!-agent)(?:-[\\w-]+)?[\'"`]', H: '(?:\\w+\\.)*headers?' }),
    where('$C.headers.$NAME', { C: 'ctx|req|request|ctx\\.req|ctx\\.request', NAME: '(?i)user|role|roles|tenant|admin' }),
  ]),
  refuses: [
    'export const f = (ctx) => ctx.get("X-User-Id");',
    'export const f = (req) => req.headers["x-role"] === "admin";',
    'export const f = (ctx) => { if (ctx.get("x-debug") === "1") return true; return false; };',
    'export const f = (request) => request.headers["x-tenant-id"];',
  ],
  allows: [
    'export const f = (ctx) => ctx.get("user-agent");',
    'export const f = (map) => map.get("item");',
  ],
};
