// A way in that was left open for the one who looked for a fault (CWE-489).
import type { WeaknessRule } from './weakness.ts';
import { where } from './patterns.ts';

const DEBUGGING = '_?_?(?:debug|dbg|dump|heap\\w*|env|pprof|eval|backdoor|phpinfo|actuator|whoami-raw)|__\\w+';
/** Names that a warehouse has routes for as well: they are debugging where they tell of the process. */
const AMBIGUOUS = '_?(?:environment|config|inspect|profile[rs]?|trace|console|shell|exec|internal|test|vars|sql|query)';
const TELLS = '(?s).*\\b(?:process\\.(?:env|argv|execArgv|memoryUsage|resourceUsage|versions|report|config|cwd)|v8\\.|inspector\\b|eval\\(|new Function|sql\\.raw|CompiledQuery\\.raw|execFile|spawn|os\\.\\w+\\(|(?:body\\s*[:=]|json\\()\\s*\\{?\\s*(?:\\w+\\.)*(?:config|settings|environment|env)\\b\\s*[;,})]).*';
const route = (names: string): string => `(?i)['"\`](?:/api/v1|/admin|/auth)?/(?:${names})(?:/.*)?['"\`]`;

export const rule: WeaknessRule = {
  cwe: 489,
  message: 'A debugging aid is reachable: the environment, the memory or the inside of the process.',
  fix: 'Take it out; what operators need is on the admin port (app/admin.ts), without secrets.',
  // There it starts programs with the environment that it has.
  except: /^\.github\//,
  match: { 'pattern-either': [
    where('$R.$ON($PATH, ...)', { ON: 'get|post|all|put|use|register|delete|patch', PATH: route(DEBUGGING) }),
    where('$ON($PATH, ...)', { ON: 'get|post|route|mount|page', PATH: route(DEBUGGING) }),
    where('{..., path: $PATH, ...}', { PATH: `(?i)['"\`]/(?:.*/)?(?:${DEBUGGING})(?:/.*)?['"\`]` }),
    where('$R.$ON($PATH, ..., $HANDLER)', { ON: 'get|post|all|put|use|register|delete|patch', PATH: route(AMBIGUOUS), HANDLER: TELLS }),
    where('$ON($PATH, ..., $HANDLER)', { ON: 'get|post|route|mount|page', PATH: route(AMBIGUOUS), HANDLER: TELLS }),
    where('$DEFINE($ROUTE)', { DEFINE: 'define\\w+', ROUTE: `(?s)\\{.*\\bpath:\\s*['"\`]/(?:[^'"\`]*/)?(?:${AMBIGUOUS})(?:/[^'"\`]*)?['"\`]${TELLS}` }),
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
    'export const f = (router) => { router.get("/environment", (ctx) => { ctx.body = { started: process.argv }; }); };',
    'export const f = (router, config) => { router.get("/config", (ctx) => { ctx.body = config; }); };',
    'export const q = defineQuery({ path: "/trace", action: "x:read", handle: () => ({ status: 200, body: { memory: process.memoryUsage() } }) });',
    'export const q = defineQuery({ path: "/env", action: "x:read" });',
  ],
  allows: [
    'export const q = defineQuery({ path: "/warehouses/{id}/environment", action: "x:read", handle: ({ db, params }) => readClimate(db, params.id) });',
    'export const f = (router, store) => { router.get("/config", async (ctx) => { ctx.body = await store.settingsOf(ctx.state.subject); }); router.post("/test", (ctx) => { ctx.status = 204; }); router.get("/trace", (ctx) => { ctx.body = { lot: 1 }; }); };',
    'export const f = (router) => { router.get("/items", (ctx) => { ctx.body = "x"; }); };',
    'export const f = (map) => map.get("/inventions");',
    'export const f = () => ({ ...process.env });',
  ],
};
