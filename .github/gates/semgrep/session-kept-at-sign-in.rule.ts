// A session that was there before the sign-in, and is somebody's after it (CWE-384).
import type { WeaknessRule } from './weakness.ts';
import { where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 384,
  message: 'Who signs in keeps the session that was there before, which another may have planted.',
  fix: 'Begin a new session: return signIn: { … } from a form, or identity.browser.begin; take no session id from the request.',
  except: /\/assets\//,
  match: { 'pattern-either': [
    where('$C.session.$WHO = $V', { WHO: '(?i)user\\w*|subject\\w*|account\\w*|person\\w*|authenticated|is_?authenticated|logged_?in|roles?|identity|auth|tenant\\w*' }),
    where('$C.session = {..., ...$C.session, ...}', {}), where('Object.assign($C.session, ...)', {}),
    where('const $SID = $C.$PART.$KEY;', { SID: '(?i)\\w*session\\w*(?:id|token)?|sid', PART: '(?:request\\.)?(?:query|params|body)', KEY: '\\w+' }),
    where('$F(..., $C.$PART.$KEY, ...)', { KEY: '(?i)session(?:_?id|_?token)?|sid|jsessionid|phpsessid', PART: 'query|body|params' }),
    where('$C.query.$KEY', { KEY: '(?i)session(?:_?id|_?token)?|sid|access_?token|jwt|api_?key|apikey|auth_?token|password' }),
    where('$C.query[$KEY]', { KEY: '(?i)[\'"`](?:session(?:_?id|_?token)?|sid|access_?token|jwt|api_?key|apikey|auth_?token|password)[\'"`]' }),
    where('$Q.get($KEY)', { Q: '.*(?:searchParams|URLSearchParams\\(.*\\)|query)', KEY: '(?i)[\'"`](?:session(?:_?id|_?token)?|sid|access_?token|jwt|api_?key|password)[\'"`]' }),
  ] },
  refuses: [
    'export const f = (ctx, user) => { ctx.session.userId = user.id; ctx.redirect("/"); };',
    'export const f = (ctx, store) => store.load(ctx.query.sid);',
    'export const f = (ctx) => ctx.query.access_token;',
    'export const f = (ctx, account) => { Object.assign(ctx.session, { account }); };',
    'export const f = (url) => url.searchParams.get("access_token");',
  ],
  allows: [
    'export const f = (ctx, browser, signIn) => browser.begin(ctx, signIn);',
    'export const f = (session) => { session.lastSeenAt = 1; };',
  ],
};
