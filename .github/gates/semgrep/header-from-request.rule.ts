// A header that the request writes: another file name, another type, another header (CWE-113).
import type { WeaknessRule } from './weakness.ts';
import { CHECKED, focus, REQUEST_DATA } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 113,
  message: 'A header that browsers act on is made of what the request says.',
  fix: 'Choose it from a fixed list; a file name of a download is checked by requireFileName, or encoded by encodeURIComponent as filename*.',
  match: {
    mode: 'taint',
    'pattern-sources': REQUEST_DATA,
    'pattern-sanitizers': [
      ...CHECKED,
      { pattern: 'encodeURIComponent(...)' },
      { pattern: 'requireFileName(...)' },
    ],
    'pattern-sinks': [
      focus('V', ['$C.$SET($NAME, $V)'], { SET: 'set|append|setHeader|appendHeader', NAME: '(?i)[\'"`](?:content-disposition|content-type|link|clear-site-data|content-security-policy|x-accel-redirect|x-sendfile|cache-control|vary|www-authenticate)[\'"`]' }),
      focus('V', ['$C.$SET($V, $X)'], { C: 'ctx|context|koa|c|res|response|ctx\\.res|ctx\\.response|headers|reply', SET: 'set|append|setHeader|appendHeader' }),
      focus('V', ['$C.attachment($V, ...)', '$C.type = $V', '$S.write(`HTTP/1.1...${$V}...`)', '$S.end(`HTTP/1.1...${$V}...`)']),
    ],
  },
  refuses: [
    'export const f = (ctx) => { ctx.set("Content-Disposition", `attachment; filename="${ctx.query.name}"`); };',
    'export const f = (ctx) => { ctx.set(ctx.query.header, "1"); };',
    'export const f = (ctx) => { ctx.type = ctx.query.type; };',
    'export const f = (ctx) => { const { name } = ctx.params; ctx.attachment(name); };',
    'export const f = (req, res) => { res.setHeader("Content-Type", req.headers["x-type"]); };',
  ],
  allows: [
    'export const f = (ctx) => { ctx.set("Content-Disposition", "attachment"); };',
    'export const f = (ctx) => { ctx.type = "text/html"; };',
  ],
};
