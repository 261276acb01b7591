// A route that everybody may ask, because it has no step that decides (CWE-862).
import type { WeaknessRule } from './weakness.ts';
import { where } from './patterns.ts';

/** Sign-in itself, and what documents the API; the literal ones are a list on purpose. */
const OTHER_PATH = '(?![\'"`]/(?:auth/callback|auth/sign-out|openapi\\.json|docs)?[\'"`]$|BACK_CHANNEL_LOGOUT_PATH$|SECURITY_TXT_PATH$|PROVIDER_WAY_IN$)(?s).*';

export const rule: WeaknessRule = {
  cwe: 862,
  message: 'This route is mounted by hand, without the steps that ask who it is and what they may.',
  fix: 'Define it with defineQuery, defineCommand, definePage or defineForm and its action; where everybody may, definePublicPage says so.',
  // The one list of what everybody may ask is held by its test; the provider of development is none of ours.
  except: /^app\/http\/(?:public-routes|ways-in|raw-corpus)\.ts$/,
  match: { patterns: [
    { 'pattern-either': [where('$API.$VERB($PATH, ...)', { API: 'api|routes|app', VERB: 'get|post|put|patch|delete|del|all', PATH: '[\'"`]/.*' }), { pattern: 'if ($C.path === "...") { ... $C.body = $X; ... }' }, where('$ROUTER.$VERB($PATH, ...)', { ROUTER: '(?s)(?:\\w+\\.)*\\w*[rR]outer|new Router\\(.*', VERB: 'get|post|put|patch|delete|del|all|register|head', PATH: OTHER_PATH }), where('get($PATH, ...)', { PATH: OTHER_PATH })] },
    ...['authorise(...)', 'authorisePerson(...)', 'authenticateCaller(...)', 'authenticatePerson(...)'].flatMap((step) => [{ 'pattern-not': `$R.$V(..., ${step}, ...)` }, { 'pattern-not': `$R.$V($P, $M, [..., ${step}, ...])` }, { 'pattern-not': `get(..., ${step}, ...)` }]),
    { 'pattern-not': 'get($P, refusePlainRequest())' }, { 'pattern-not': 'get($P, $X.assets.serveFile(...))' }, { 'pattern-not': '$R.$V($P, ..., ...$STEPS, ...)' }, { 'pattern-not': '$R.$V($P, $M, [..., ...$STEPS, ...])' },
  ] },
  refuses: [
    'export const f = (router) => { router.get("/api/v1/export", async (ctx) => { ctx.body = await everything(); }); };',
    'export const f = (router, list) => { router.post("/api/v1/items", validateJson(schema), withinDeadline(), list); };',
    'export const f = (get, handler) => { get("/reports", negotiate("text/html"), handler); };',
    'export const f = (parts) => { parts.router.register("/api/v1/a", ["delete"], [nameRoute("/a"), remove]); };',
  ],
  allows: [
    'export const f = (router, path, parts, run) => { router.get(path, nameRoute(path), authenticateCaller(parts.authenticate), authorise(parts.decide, "a:b"), run); };',
    'export const f = (router, path, enter, run) => { router.get(path, ...enter, run); };',
  ],
};
