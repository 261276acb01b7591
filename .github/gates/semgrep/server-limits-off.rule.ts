// A limit of the HTTP server, taken away: clients hold connections for ever, or smuggle requests (CWE-400).
import type { WeaknessRule } from './weakness.ts';

export const rule: WeaknessRule = {
  cwe: 400,
  message: 'A limit or a check of the HTTP server is turned off.',
  fix: 'Keep the values of app/http/server-options.ts.',
  match: { 'pattern-either': [
    { 'pattern-regex': '\\b(?:requestTimeout|headersTimeout|keepAliveTimeout|connectionsCheckingInterval|maxRequestsPerSocket)[\\x27"]?\\s*[:=]\\s*(?:0\\b(?![\\d_.])|Infinity)' },
    { 'pattern-regex': '\\binsecureHTTPParser[\\x27"]?\\s*:\\s*true' },
    { 'pattern-regex': '\\b(?:server|admin)\\.(?:timeout\\s*=\\s*0|setTimeout\\(\\s*0)' },
    { 'pattern-regex': '\\bmaxHeaderSize[\'"]?\\s*:\\s*(?:\\d{3,}|\\d_\\d{3})\\s*\\*\\s*1_?024' },
    { 'pattern-regex': '\\bmaxHeaderSize[\\x27"]?\\s*:\\s*(?:\\d{2,}\\s*\\*\\s*1_?024\\s*\\*|\\d{6,}|\\d{1,3}(?:_\\d{3}){2,}|Infinity|[2-9]\\d{2}_\\d{3}|\\d+\\s*\\*\\s*1_?024\\s*\\*)' },
    { 'pattern-regex': '\\bperMessageDeflate[\\x27"]?\\s*:\\s*true' },
    { 'pattern-regex': '\\bjoinDuplicateHeaders[\\x27"]?\\s*:\\s*true' },
  ] },
  refuses: [
    'export const s = http.createServer({ requestTimeout: 0 }, app);',
    'export const f = (server) => { server.headersTimeout = 0; };',
    'export const s = http.createServer({ insecureHTTPParser: true });',
    'export const w = new WebSocketServer({ noServer: true, maxPayload: 10, perMessageDeflate: true });',
  ],
  allows: [
    'export const s = http.createServer({ requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 16_384 });',
    'export const w = new WebSocketServer({ noServer: true, maxPayload: 10, perMessageDeflate: false });',
  ],
};
