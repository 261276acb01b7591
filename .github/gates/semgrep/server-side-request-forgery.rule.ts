// A request of the service to where the client says: into the private network, or to the cloud's metadata (CWE-918).
import type { WeaknessRule } from './weakness.ts';
import { beginsWith, CHECKED, focus, REQUEST_DATA, where } from './patterns.ts';

const PARAMETER = '\\w*(?:[wW]ebhook|[cC]allback|[aA]vatar|[uU]serSupplied|[rR]emote|[tT]arget|[iI]mage|[fF]eed|[pP]review)_?(?:[uU]r[li]|[hH]ref|[hH]ost|[lL]ink|[aA]ddress)';

export const rule: WeaknessRule = {
  cwe: 918,
  message: 'The service asks an address that a request chose, so that a client reaches what only the service can reach.',
  fix: 'Ask addresses from the configuration only. If people must name one: compare its origin with a list, resolve it and refuse private addresses, follow no redirect; createOutboundFetch (app/identity/outbound.ts) holds a list.',
  match: {
    mode: 'taint',
    'pattern-sources': [...REQUEST_DATA, where('$URL', { URL: PARAMETER }), where('$ROW.$URL', { URL: PARAMETER })],
    'pattern-sanitizers': [
      ...CHECKED,
      { pattern: 'encodeURIComponent(...)' },
      // The origin is a constant.
      ...beginsWith('https?://[\\w.-]+(?::\\d+)?/'),
    ],
    'pattern-sinks': [
      focus('URL', ['fetch($URL, ...)', 'globalThis.fetch($URL, ...)', 'new Request($URL, ...)', 'new EventSource($URL, ...)', 'new WebSocket($URL, ...)', 'got($URL, ...)', 'axios($URL, ...)']),
      focus('URL', ['$HTTP.$ASK($URL, ...)'], { HTTP: '\\w*(?:[cC]lient|[oO]utbound|[hH]ttp)|http|https|http2|axios|got|undici|net|tls|client|agent|dispatcher', ASK: 'get|post|put|request|connect|createConnection|stream|fetch|head|delete' }),
      focus('URL', ['lookup($URL, ...)', 'dns.$LOOKUP($URL, ...)', 'connect($URL, ...)', 'request($URL, ...)']),
    ],
  },
  refuses: [
    'export const f = async (ctx) => { ctx.body = await (await fetch(ctx.query.url)).text(); };',
    'export const f = defineCommand({ async handle({ body }) { const answer = await fetch(new URL(body.webhook), { signal: AbortSignal.timeout(1) }); return answer.status; } });',
    'export const f = (ctx) => { const { host } = ctx.query; https.get(`https://${host}/status`, () => {}); };',
    'export const f = async ({ input }) => { const target = `http://${input.host}:80/`; return fetch(target); };',
    'export function probe(webhookUrl) { return fetch(webhookUrl, { method: "POST" }); }',
    'export const f = (ctx) => net.connect({ host: ctx.request.body.host, port: 25 });',
    'export const f = (ctx, store) => fetch(store.get(ctx.query.url), { signal });',
  ],
  allows: [
    'export const f = (ctx) => { const { region } = ctx.query; if (!REGIONS.has(region)) throw new TypeError("unknown"); return fetch(`https://${region}.example.com/`, { signal }); };',
    'export const f = (settings) => fetch(settings.url);',
    'export const f = (ctx) => fetch(`https://api.example.com/v1/${encodeURIComponent(ctx.query.id)}`);',
    'export const f = (metadata) => fetch(metadata.token_endpoint);',
  ],
};
