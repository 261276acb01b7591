// A secret, or what a person wrote, in a log that many may read (CWE-532).
import type { WeaknessRule } from './weakness.ts';
import { either, focus, where } from './patterns.ts';

const SECRET = '(?:authorization|cookies?|password|passphrase|secret|client_?[sS]ecret|access_?[tT]oken|refresh_?[tT]oken|id_?[tT]oken|bearer|token|session_?[tT]oken|reset_?[tT]oken|api_?[kK]ey|private_?[kK]ey|otp|totp|recovery_?[cC]odes?|code_?[vV]erifier|credentials|jwt)';

export const rule: WeaknessRule = {
  cwe: 532,
  message: 'A secret (a header, a cookie, a token, a password, a whole body) goes into the log.',
  fix: 'Log what finds the fault: ids, the route\'s template, a code. Of a token at most its id.',
  // A command tells the person who typed it; the rules of .github read no request.
  except: /\.command\.ts$|^\.github\//,
  match: {
    mode: 'taint',
    'pattern-sources': [
      where('$X.$SECRET', { SECRET }), where('$SECRET', { SECRET: '(?i)(?!code$)(?:rawBody|requestBody|body|' + SECRET + ')' }),
      where('$X[$KEY]', { KEY: '(?i)[\'"`](?:authorization|cookie|set-cookie|x-api-key|proxy-authorization|password)[\'"`]' }),
      where('$C.$GET($NAME)', { GET: 'get|header', NAME: '(?i)[\'"`](?:authorization|cookie|x-api-key|proxy-authorization)[\'"`]' }),
      { patterns: [either(['ctx.request', 'ctx.req', 'ctx.headers', 'ctx.header', '$R.headers', '$R.rawHeaders', 'process.env', '$C.request.body', 'given($C, "body")', '$C.cookies.get(...)', '$C.querystring', '$C.url', '$C.originalUrl'])] },
    ],
    'pattern-sanitizers': [
      { pattern: 'createHash(...)' },
      // What is said of it, and not it: its size, its dates, which key it is under.
      where('$X.$ABOUT', { ABOUT: 'length|byteLength|size|status|count|version|alg|kid|jti|id|expires\\w*|expiry|exp|iat|nbf|issued\\w*|created\\w*|used_?[aA]t|token_?[tT]ype' }),
      { pattern: 'Boolean(...)' },
      { pattern: 'typeof $X' },
      { pattern: '$X === $Y' },
      { pattern: '$X !== $Y' },
      { pattern: 'Object.keys(...)' },
    ],
    'pattern-sinks': [
      focus('SAID', ['$LOG.$LEVEL(..., $SAID, ...)'], { LOG: '(?:\\w+\\.)*(?:log|logger|console|audit_?log)', LEVEL: 'trace|debug|info|warn|error|fatal|log|child' }),
      focus('SAID', ['process.stdout.write($SAID)', 'process.stderr.write($SAID)']),
    ],
  },
  refuses: [
    'export const f = (ctx) => { ctx.state.log.info({ authorization: ctx.get("authorization") }, "request"); };',
    'export const f = (log, token) => { log.debug({ token }, "verified"); };',
    'export const f = (log, user, password) => { log.warn(`sign-in of ${user} with ${password} failed`); };',
    'export const f = (log, request) => { log.info({ headers: request.headers }); };',
    'export const f = (ctx, log) => { const cookie = ctx.headers.cookie; log.error({ cookie }, "no session"); };',
    'export const f = (log, body) => { log.info({ answer: body.refresh_token }); };',
    'export const f = (ctx, log) => { log.info({ body: ctx.request.body }, "received"); };',
  ],
  allows: [
    'export const f = (log, subject) => { log.info({ tenantId: subject.tenantId }, "signed in"); };',
    'export const f = (log) => { log.info("the token was refused"); };',
    'export const f = (log, token) => { log.info({ length: token.length }, "long token"); };',
    'export const f = (log, body, token, jwt) => { log.info({ bytes: body.byteLength, expires: token.expiresAt, kid: jwt.kid }); };',
  ],
};
