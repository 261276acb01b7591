// A header that protects the browser, taken away or emptied of its sense (CWE-693).
import type { WeaknessRule } from './weakness.ts';
import { either, where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 693,
  message: 'A header that protects people\'s browsers is turned off or weakened.',
  fix: 'Leave app/http/security-headers.ts as it is; a page that needs more gets a nonce or a file of its own.',
  match: either([
    where('helmet({..., $H: false, ...})', { H: '.*' }),
    where('{..., $H: false, ...}', { H: 'contentSecurityPolicy|strictTransportSecurity|hsts|frameguard|xFrameOptions|xContentTypeOptions|noSniff|crossOriginOpenerPolicy|crossOriginResourcePolicy|referrerPolicy|originAgentCluster' }),
    where('$C.$REMOVE($NAME)', { REMOVE: 'remove|removeHeader', NAME: '(?i)[\'"`](?:content-security-policy|strict-transport-security|x-frame-options|x-content-type-options|cross-origin-opener-policy|cross-origin-resource-policy|referrer-policy|permissions-policy)[\'"`]' }),
    where('$C.$SET($NAME, $V)', { SET: 'set|setHeader', NAME: '(?i)[\'"`]strict-transport-security[\'"`]', V: '(?i)[\'"`]max-age=\\d{1,6}\\b.*' }),
    where('$C.$SET($NAME, $V)', { SET: 'set|setHeader', NAME: '(?i)[\'"`]x-frame-options[\'"`]', V: '(?i)[\'"`]allow.*' }),
  ]),
  refuses: [
    'export const f = () => helmet({ contentSecurityPolicy: false });',
    'export const f = () => helmet({ frameguard: false, hsts: { maxAge: 1 } });',
    'export const f = (ctx) => { ctx.remove("Content-Security-Policy"); };',
    'export const f = (res) => { res.removeHeader("x-frame-options"); };',
    'export const f = (ctx) => { ctx.set("Strict-Transport-Security", "max-age=0"); };',
  ],
  allows: [
    'export const f = () => helmet({ contentSecurityPolicy: { directives: { defaultSrc: ["\'self\'"] } } });',
    'export const f = (ctx) => { ctx.remove("Last-Modified"); };',
  ],
};
