// A port that is open to every network, without anybody having asked for it (CWE-1327).
import type { WeaknessRule } from './weakness.ts';
import { either, where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 1327,
  message: 'The service listens on every network of the machine by default.',
  fix: 'Listen on 127.0.0.1 unless the configuration says otherwise; the admin port above all.',
  match: either([
    { 'pattern-regex': '(?i)\\b\\w*(?:host|address|bind|hostname)\\s*=\\s*[\'"`](?:0\\.0\\.0\\.0|::)[\'"`]' }, { 'pattern-regex': '\\.(?:default|prefault|catch)\\(\\s*[\'"`](?:0\\.0\\.0\\.0|::)[\'"`]' },
    where('$S.listen($PORT, $HOST, ...)', { HOST: '[\'"`](?:0\\.0\\.0\\.0|::|\\[::\\]|\\*)?[\'"`]' }),
    where('$S.listen({..., host: $HOST, ...}, ...)', { HOST: '[\'"`](?:0\\.0\\.0\\.0|::|\\*)?[\'"`]' }),
    where('$A ?? $HOST', { HOST: '[\'"`](?:0\\.0\\.0\\.0|::)[\'"`]' }),
    where('$A || $HOST', { HOST: '[\'"`](?:0\\.0\\.0\\.0|::)[\'"`]' }),
    where('{..., $K: $HOST, ...}', { K: '(?i)\\w*host|address|bind|hostname', HOST: '[\'"`](?:0\\.0\\.0\\.0|::)[\'"`]' }),
    where('const $K = $HOST;', { K: '(?i)\\w*(?:host|address|bind|hostname)', HOST: '[\'"`](?:0\\.0\\.0\\.0|::)[\'"`]' }),
    where('$F(..., $HOST)', { F: '(?:\\w+\\.)*(?:default|text|read|optional|string|hostOf|readHost|prefault|host|env)', HOST: '[\'"`](?:0\\.0\\.0\\.0|::)[\'"`]' }),
    where('$A ? $B : $HOST', { HOST: '[\'"`](?:0\\.0\\.0\\.0|::)[\'"`]' }),
    where('new WebSocketServer({..., port: $P, ...})', {  }),
    where('$S.listen($PORT)', { S: '(?i)(?:\\w+\\.)*(?:admin\\w*|metrics\\w*|\\w*server|app|http\\.createServer\\(.*\\))' }),
    where('$S.listen($PORT, () => $DO)', { S: '(?i)(?:\\w+\\.)*(?:admin\\w*|metrics\\w*|\\w*server|app|http\\.createServer\\(.*\\))' }),
  ]),
  refuses: [
    'export const f = (admin) => { admin.listen(9090, "0.0.0.0"); };',
    'export const f = (env) => ({ host: env.ADMIN_HOST ?? "0.0.0.0", port: 9090 });',
    'export const f = (server) => { server.listen({ port: 80, host: "::" }); };',
    'const DEFAULT_HOST = "0.0.0.0";\nexport const f = () => DEFAULT_HOST;',
    'export const f = (adminServer, port) => { adminServer.listen(port); };',
  ],
  allows: [
    'export const f = (server, config) => { server.listen(config.port, config.host); };',
    'export const f = (env) => env.ADMIN_HOST ?? "127.0.0.1";',
    'const EVERY = new Set(["0.0.0.0", "::"]);\nexport const f = (host) => EVERY.has(host);',
  ],
};
