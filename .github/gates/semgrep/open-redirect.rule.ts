// A redirect to where the client says: a link of ours that ends on somebody else's page (CWE-601).
import type { WeaknessRule } from './weakness.ts';
import { beginsWith, CHECKED, focus, REQUEST_DATA, where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 601,
  message: 'The browser is sent where the request says, which may be a page of an attacker.',
  fix: 'Take the path from a fixed list, or pass what was asked for through localPath (in a feature) or toReturnPath (in identity), which turn every other origin into "/".',
  match: {
    mode: 'taint',
    'pattern-sources': REQUEST_DATA,
    'pattern-sanitizers': [
      ...CHECKED,
      { pattern: 'localPath(...)' }, { pattern: '$X.localPath(...)' }, { pattern: 'requireOwnPath(...)' }, { pattern: 'encodeURIComponent(...)' },
      where('$F(...)', { F: '(?:to|read|safe)?(?:Return|Local|Own)Path|returnPath\\w*' }),
      // Begins with a path of ours: `/items/${sku}`.
      ...beginsWith('/[\\w-]'),
      ...beginsWith('\\$\\{(?:\\w+\\.)?\\w+Path\\('),
      // What only the configuration says, and a function that is given a constant path.
      where('$OWN + $B', { OWN: '(?:\\w+\\.)*(?:publicUrl|[A-Z_]*PATH)(?: ?\\+.*)?' }), { pattern: '`${$X.publicUrl}...`' },
      where('$F($PATH, ...)', { PATH: '[A-Z_]+|[\'"`]/\\w.*', F: '\\w+' }),
      // A path of this origin that a function of the feature makes.
      where('$F(...)', { F: '\\w+Path' }),
    ],
    'pattern-sinks': [
      focus('TO', ['$C.redirect($TO, ...)', 'sendRedirect($C, $TO)', 'redirect($TO)', '$R.location = $TO', 'return { ..., redirect: $TO, ... }', '({ ..., redirect: $TO, ... })']),
      focus('TO', ['$C.$SET($NAME, $TO)'], { SET: 'set|append|setHeader|appendHeader', NAME: '[\'"`](?i:location|refresh|content-location)[\'"`]' }),
      focus('TO', ['$C.set({ ..., Location: $TO, ... })', '$C.set({ ..., location: $TO, ... })', '$C.writeHead($S, { ..., Location: $TO, ... })', '$C.writeHead($S, { ..., location: $TO, ... })', 'new Response($B, { ..., headers: { ..., location: $TO, ... }, ... })', 'Response.redirect($TO, ...)']),
    ],
  },
  refuses: [
    'export const f = (ctx) => { ctx.redirect(ctx.query.next); };',
    'export const f = (ctx) => { const { returnTo } = ctx.query; sendRedirect(ctx, String(returnTo ?? "/")); };',
    'export const f = (ctx) => { const target = new URLSearchParams(ctx.querystring).get("to"); ctx.status = 302; ctx.set("Location", target); };',
    'export const page = definePublicPage({ path: "/go", handle: ({ query }) => Promise.resolve({ redirect: query.to }) });',
    'export const page = definePublicPage({ path: "/go", async handle(context) { const { to } = context.query; return { redirect: to }; } });',
    'export const f = (req, res) => { res.writeHead(302, { Location: new URL(req.url, "http://x").searchParams.get("u") }); res.end(); };',
    'export const f = (ctx) => { ctx.redirect(`${ctx.get("referer")}?done=1`); };',
    'export const f = (ctx, log) => { const to = ctx.query.to; if (PLACES.has(to)) log.info("known"); ctx.redirect(to); };',
    'export const f = (ctx) => { const to = ctx.query.to; if (!PLACES.has(to)) ctx.redirect(to); };',
    'export const f = (ctx) => { const to = ctx.query.to; PLACES.has(to); ctx.redirect(to); };',
    'export const f = (ctx) => { const to = ctx.query.to; ctx.redirect(PLACES.has(to) ? "/" : to); };',
    'export const f = (ctx, linkStore) => { ctx.redirect(linkStore.get(ctx.query.to)); };',
  ],
  allows: [
    'export const f = (ctx) => { const to = ctx.query.to; if (PLACES.has(to)) ctx.redirect(to); else ctx.redirect("/"); };',
    'export const f = (ctx) => { const to = ctx.query.to; if (to === undefined || !PLACES.includes(to)) { ctx.status = 404; return; } ctx.redirect(to); };',
    'export const f = (ctx) => { const to = ctx.query.to; const isKnown = PLACES.has(to); if (!isKnown) throw new TypeError("unknown"); ctx.redirect(to); };',
    'export const f = (ctx) => { const to = ctx.query.to; ctx.redirect(PLACES.has(to) ? to : "/"); };',
    'export const f = (ctx) => { const to = ctx.query.to; if (!PLACES.has(to)) return; ctx.redirect(to); };',
    'export const f = (ctx) => { ctx.redirect(PLACES.get(ctx.query.to) ?? "/"); };',
    'export const f = (ctx) => { ctx.redirect("/docs"); };',
    'export const page = definePublicPage({ path: "/go", handle: ({ query, localPath }) => Promise.resolve({ redirect: localPath(query.to) }) });',
    'export const page = defineForm({ handle: ({ params }) => Promise.resolve({ redirect: `/items/${params.sku}` }) });',
  ],
};
