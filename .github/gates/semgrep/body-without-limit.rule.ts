// A body that is read to its end, however long: one client takes all the memory (CWE-770).
import type { WeaknessRule } from './weakness.ts';
import { either, restrict, where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 770,
  message: 'What a client sends is gathered without a limit, so that one client takes all the memory.',
  fix: 'Read it by readBody of app/http/body.ts, or count the bytes and stop; a WebSocket server has maxPayload.',
  match: { 'pattern-either': [
    { patterns: [{ pattern: 'for (const $CHUNK of $R) $DO' }, ...restrict({ R: '(?:\\w+\\.)*(?:req|request|incoming|message|stream|socket|part|file|upload)(?: as .*)?' }), { 'pattern-not': 'for (const $CHUNK of $R) { ... if ($COND) throw $E; ... }' }, { 'pattern-not': 'for (const $CHUNK of $R) { ... if ($COND) { ... } ... }' }, { 'pattern-not': 'for (const $CHUNK of $R) { ... if ($COND) return $E; ... }' }, { 'pattern-not': 'for (const $CHUNK of $R) { ... if ($COND) return; ... }' }, { 'pattern-not': 'for (const $CHUNK of $R) { ... if ($COND) break; ... }' }] },
    { patterns: [either(['$R.on("data", ($C) => { ... })', '$R.on("data", ($C) => $E)', '$R.on("data", function ($C) { ... })']), ...restrict({ R: '(?:\\w+\\.)*(?:req|request|incoming|message)' }), { 'pattern-not': '$R.on("data", ($C) => { ...\n if ($COND) $STOP\n ... })' }] },
    where('$READ($R)', { READ: '(?:consumers\\.|streamConsumers\\.)?(?:text|json|buffer|arrayBuffer|blob)|rawBody|getRawBody', R: '(?:ctx\\.)?(?:req|request|incoming)' }),
    where('Readable.toWeb($R)', { R: '(?:ctx\\.)?(?:req|request|incoming)' }), where('$R.toArray(...)', { R: '(?:ctx\\.)?(?:req|request|incoming)' }), where('Array.fromAsync($R, ...)', { R: '(?:ctx\\.)?(?:req|request|incoming)' }),
    { patterns: [either(['new WebSocketServer({...})', 'new WebSocket.Server({...})', 'new Server({..., noServer: true, ...})']), { 'pattern-not': 'new WebSocketServer({..., maxPayload: $N, ...})' }, { 'pattern-not': 'new WebSocket.Server({..., maxPayload: $N, ...})' }] },
    where('{..., $LIMIT: Infinity, ...}', { LIMIT: 'limit|maxBytes|limitBytes|maxPayload|maxBodyLength|maxContentLength|jsonLimit|bodyLimit|maxFileSize' }), where('{..., maxPayload: 0, ...}', {}),
  ] },
  refuses: [
    'export async function f(req) { let text = ""; for await (const chunk of req) { text += chunk; } return text; }',
    'export function f(request) { const chunks = []; request.on("data", (chunk) => { chunks.push(chunk); }); return chunks; }',
    'import { json } from "node:stream/consumers";\nexport const f = (ctx) => json(ctx.req);',
    'export const s = new WebSocketServer({ noServer: true });',
    'export const f = (req) => Array.fromAsync(req);',
  ],
  allows: [
    'export async function f(request) { let size = 0; for await (const chunk of request) { size += chunk.length; if (size > 1024) throw new Error("long"); } }',
    'export const s = new WebSocketServer({ noServer: true, maxPayload: 1024 });',
    'export const f = (response) => response.json();',
  ],
};
