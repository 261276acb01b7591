// A function that sends the browser wherever its caller says: the next caller says what the request said (CWE-601).
import { either, restrict } from './patterns.ts';
import type { WeaknessRule } from './weakness.ts';

const INSIDE = ['function $F(..., $TO, ...) { ... }', 'async function $F(..., $TO, ...) { ... }', '(..., $TO, ...) => { ... }', '(..., $TO, ...) => $DO', 'async (..., $TO, ...) => { ... }', 'class $C { $F(..., $TO, ...) { ... } }', '({ ..., $F(..., $TO, ...) { ... }, ... })', 'function $F(..., {..., $TO, ...}, ...) { ... }', '(..., {..., $TO, ...}, ...) => { ... }', '(..., {..., $TO, ...}, ...) => $DO'];
const AS_IT_COMES = ['$TO', 'String($TO)', '`${$TO}`', '$TO.href', '$TO.toString()', 'decodeURIComponent($TO)', 'decodeURI($TO)', 'new URL($TO, ...)', 'new URL($TO, ...).href', 'String(new URL($TO, ...))', '($TO ?? $ELSE)', '($TO || $ELSE)'];

export const rule: WeaknessRule = {
  cwe: 601,
  message: 'The browser is sent where an argument says, and nothing here keeps that to this site.',
  fix: 'Pass it through localPath (in a feature) or toReturnPath (in identity) here, where it is used, or take a name and look the path up.',
  // The two that there are: what they are handed is a path of this site (toReturnPath, localPath), or the provider's.
  only: /^app\/(?!identity\/sign-in\.ts$|http\/respond\.ts$|.*\/assets\/)/,
  match: {
    patterns: [
      either(AS_IT_COMES.flatMap((to) => [`$CTX.redirect(${to}, ...)`, `sendRedirect($CTX, ${to})`, `Response.redirect(${to}, ...)`, `$CTX.set("Location", ${to})`, `$CTX.set("location", ${to})`, `$R.setHeader("Location", ${to})`, `$R.setHeader("location", ${to})`]).concat(['$TO', 'String($TO)', '$TO.href'].flatMap((to) => [`$R.writeHead($S, {..., Location: ${to}, ...})`, `$R.writeHead($S, {..., location: ${to}, ...})`]))),
      either(INSIDE.map((pattern) => ({ 'pattern-inside': pattern }))),
      ...restrict({ TO: '(?!ctx$|context$|res$|response$|settings$|config$)\\w+' }),
    ],
  },
  refuses: [
    'export function goTo(ctx, to) { ctx.redirect(to); }',
    'const goTo = (ctx, to) => ctx.redirect(to);\nexport const f = (ctx) => goTo(ctx, ctx.query.next);',
    'export const leave = (response, place) => { response.writeHead(303, { location: String(place) }); response.end(); };',
    'export function back(ctx, { returnTo }) { ctx.status = 303; ctx.set("Location", returnTo ?? "/"); }',
    'export function goTo(ctx, to) { ctx.redirect(new URL(to, "https://a.example").href); }',
  ],
  allows: [
    'export function goTo(ctx, to) { ctx.redirect(localPath(to)); }',
    'export function goTo(ctx, name) { ctx.redirect(PLACES[name]); }',
    'export function goTo(ctx, id) { ctx.redirect(`/items/${encodeURIComponent(id)}`); }',
    'export function goTo(ctx) { ctx.redirect("/"); }',
  ],
};
