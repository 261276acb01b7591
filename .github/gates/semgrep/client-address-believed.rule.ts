// A header that anybody writes, taken for what a proxy says (CWE-348).
import type { WeaknessRule } from './weakness.ts';
import { either, where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 348,
  message: 'X-Forwarded-… is what the client wrote, unless a trusted proxy has; here it is believed as it comes.',
  fix: 'Use clientAddress and the trusted proxies of the configuration (app/http/client-address.ts); the origin is config.publicUrl.',
  // Where the trusted proxies are known.
  except: /^app\/http\/(?:client-address|encrypted)\.ts$/,
  match: either([
    '`...${$R.headers.host}...`', '`...${$R.headers["host"]}...`', '$A + $R.headers.host',
    where('$C.$GET($NAME)', { C: '(?:\\w+\\.)*(?:ctx|context|req|request)', GET: 'get|header', NAME: '(?i)[\'"`]host[\'"`]' }), where('$A + $C.$HOST', { C: 'ctx|context|ctx\\.request', HOST: 'host|hostname|origin' }),
    '$APP.proxy = true',
    'new Koa({..., proxy: true, ...})',
    '$APP.set("trust proxy", ...)',
    where('$C.$GET($NAME)', { GET: 'get|header', NAME: '(?i)[\'"`](?:x-forwarded-(?:for|host|proto|port|server)|x-real-ip|forwarded|true-client-ip|cf-connecting-ip|x-client-ip|x-original-url|x-rewrite-url|x-http-method-override)[\'"`]' }),
    where('$H[$NAME]', { H: '(?:\\w+\\.)*headers?', NAME: '(?i)[\'"`](?:x-forwarded-(?:for|host|proto|port|server)|x-real-ip|forwarded|true-client-ip|cf-connecting-ip|x-client-ip|x-original-url|x-rewrite-url|x-http-method-override)[\'"`]' }),
    where('const { $NAME: $V } = $H;', { NAME: '(?i)[\'"`](?:x-forwarded-(?:for|host|proto|port)|x-real-ip|x-original-url)[\'"`]' }),
    where('const $ORIGIN = `...${$C.host}...`;', { C: 'ctx|context|ctx\\.request' }),
    where('`...${$C.$HOST}...`', { C: 'ctx|context|ctx\\.request', HOST: 'host|hostname|origin' }),
    where('new URL($PATH, `...${$H}...`)', { H: '.*(?:headers\\.host|ctx\\.host|ctx\\.origin).*' }),
  ]),
  refuses: [
    'export const f = (app) => { app.proxy = true; };',
    'export const f = (ctx) => ctx.get("X-Forwarded-For").split(",")[0];',
    'export const f = (req) => req.headers["x-real-ip"] ?? req.socket.remoteAddress;',
    'export const f = (ctx, token) => `https://${ctx.host}/reset?token=${token}`;',
    'export const f = (ctx) => { const link = `${ctx.origin}/reset`; return link; };',
  ],
  allows: [
    'export const f = (ctx) => ctx.get("user-agent");',
    'export const f = (config, token) => `${config.publicUrl}/reset?token=${token}`;',
  ],
};
