// CORS that trusts whoever asks: every page reads what the person's browser may read (CWE-942).
import type { WeaknessRule } from './weakness.ts';
import { either, where } from './patterns.ts';

const HEADER = '[\'"`](?i:access-control-allow-origin)[\'"`]';
const ORIGIN = [where('$C.$GET($NAME)', { GET: 'get|header', NAME: '[\'"`](?i:origin|referer)[\'"`]' }), { pattern: '$C.headers.origin' }, { pattern: '$C.headers["origin"]' }, { pattern: '$C.header["origin"]' }, { pattern: '$C.header.origin' }, { patterns: [{ pattern: '$H' }, { 'pattern-inside': 'const {..., origin, ...} = $H;' }] }];

/** Looked up in a set of those that are allowed. */
const COMPARED = [{ 'pattern-not-inside': 'if (<... $ALLOWED.has($V) ...>) $THEN\n...' }, { 'pattern-not-inside': 'if (<... $ALLOWED.includes($V) ...>) $THEN\n...' }];

export const rule: WeaknessRule = {
  cwe: 942,
  message: 'Any origin is allowed to read the answer, because the request names it, or with credentials.',
  fix: 'Compare the Origin with a Set from the configuration by has(), as app/http/cross-origin.ts does, and never send Access-Control-Allow-Credentials.',
  match: {
    mode: 'taint',
    'pattern-sources': [
      ...ORIGIN,
      // No origin is trusted enough to read with the person's cookie; nor is `null`, which every sandboxed frame has.
      { patterns: [either([where('$C.$SET($NAME, $V)', { SET: 'set|append|setHeader', NAME: '[\'"`](?i:access-control-allow-credentials)[\'"`]', V: '(?:String\\()?[\'"`]?true[\'"`]?\\)?' }), where('$C.$SET($NAME, "null")', { NAME: HEADER }), '{..., "Access-Control-Allow-Credentials": $V, ...}', '{..., "access-control-allow-credentials": $V, ...}', '{..., "Access-Control-Allow-Origin": "null", ...}'])] },
    ],
    'pattern-sinks': [
      { patterns: [where('$C.$SET($NAME, $V)', { SET: 'set|append|setHeader', NAME: HEADER }), ...COMPARED, { 'focus-metavariable': '$V' }] },
      { patterns: [either(['{..., "Access-Control-Allow-Origin": $V, ...}', '{..., "access-control-allow-origin": $V, ...}']), ...COMPARED, { 'focus-metavariable': '$V' }] },
      { patterns: [either([where('$C.$SET($NAME, $V)', { SET: 'set|append|setHeader', NAME: '[\'"`](?i:access-control-allow-credentials)[\'"`]', V: '(?:String\\()?[\'"`]?true[\'"`]?\\)?' }), where('$C.$SET($NAME, "null")', { NAME: HEADER }), '{..., "Access-Control-Allow-Credentials": $V, ...}', '{..., "access-control-allow-credentials": $V, ...}', '{..., "Access-Control-Allow-Origin": "null", ...}'])] },
    ],
  },
  refuses: ['export const f = (ctx) => { ctx.set("Access-Control-Allow-Origin", ctx.get("Origin")); };', 'export const f = (ctx) => { const { origin } = ctx.req.headers; ctx.set({ "Access-Control-Allow-Origin": origin }); };', 'export const f = (ctx) => { const from = ctx.headers.origin ?? "*"; ctx.set("access-control-allow-origin", from); };', 'export const f = (ctx) => { ctx.set("Access-Control-Allow-Origin", "*"); ctx.set("Access-Control-Allow-Credentials", "true"); };', 'export const f = (ctx) => { ctx.set({ "Access-Control-Allow-Origin": "https://a.example", "Access-Control-Allow-Credentials": "true" }); };', 'export const f = (ctx) => { const origin = ctx.get("origin"); if (origin.endsWith("example.com")) ctx.set("Access-Control-Allow-Origin", origin); };'],
  allows: ['export const f = (ctx, allowed) => { const { origin } = ctx.req.headers; if (origin === undefined || !allowed.has(origin)) return; ctx.set({ "Access-Control-Allow-Origin": origin }); };', 'export const f = (ctx) => { ctx.set("Access-Control-Allow-Origin", "https://app.example.com"); };'],
};
