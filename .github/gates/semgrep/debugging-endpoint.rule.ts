// A way in that was left open for the one who looked for a fault (CWE-489).
import type { WeaknessRule } from './weakness.ts';
import { where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 489,
  message: 'A debugging aid is reachable: the environment, the memory or the inside of the process.',
  fix: 'Take it out; what operators need is on the admin port (app/admin.ts), without secrets.',
  // There it starts programs with the environment that it has.
  except: /^\.github\//,
  match: { 'pattern-either': [
    where('$R.$ON($PATH, ...)', { ON: 'get|post|all|put|use|register|delete|patch', PATH: '(?i)[\'"`](?:/api/v1|/admin|/auth)?/(?:_?_?(?:debug|dbg|dump|heap\\w*|env|environment|config|inspect|profile[rs]?|pprof|trace|eval|console|shell|exec|backdoor|phpinfo|actuator|internal|test|whoami-raw|vars|sql|query))(?:/.*)?[\'"`]' }),
    where('$ON($PATH, ...)', { ON: 'get|post|route|mount|page', PATH: '(?i)[\'"`](?:/api/v1|/admin|/auth)?/(?:_?_?(?:debug|dbg|dump|heap\\w*|env|environment|config|inspect|pprof|eval|console|shell|exec|backdoor|actuator|internal|vars|sql))(?:/.*)?[\'"`]' }),
    where('{..., path: $PATH, ...}', { PATH: '(?i)[\'"`]/(?:.*/)?(?:_?_?(?:debug|dbg|dump|heap\\w*|env|environment|pprof|eval|console|shell|exec|backdoor|actuator|vars))(?:/.*)?[\'"`]' }),
    { pattern: '$C.body = process.env' }, { pattern: '$C.body = <... process.env ...>' }, { pattern: '$R.end(JSON.stringify(process.env))' }, { pattern: 'JSON.stringify(process.env, ...)' },
    { pattern: 'inspector.open(...)' }, { pattern: 'writeHeapSnapshot(...)' }, { pattern: 'v8.writeHeapSnapshot(...)' }, { pattern: 'v8.getHeapSnapshot(...)' }, { pattern: 'getHeapSnapshot(...)' }, { pattern: 'repl.start(...)' }, { pattern: 'process.report.getReport(...)' }, { pattern: 'process._debugProcess(...)' },
  ] },
  refuses: [
    'export const f = (router) => { router.get("/debug/sessions", (ctx) => { ctx.body = "x"; }); };',
    'export const f = (ctx) => { ctx.body = { env: process.env }; };',
    'export const f = (get) => { get("/__env", (ctx) => { ctx.body = 1; }); };',
    'import inspector from "node:inspector";\nexport const f = () => inspector.open(9229, "0.0.0.0");',
    'export const q = defineQuery({ path: "/admin/heapdump", action: "x:read" });',
    'import v8 from "node:v8";\nexport const f = (ctx) => { ctx.body = v8.getHeapSnapshot(); };',
  ],
  allows: [
    'export const f = (router) => { router.get("/items", (ctx) => { ctx.body = "x"; }); };',
    'export const f = (map) => map.get("/inventions");',
    'export const f = () => ({ ...process.env });',
  ],
};
