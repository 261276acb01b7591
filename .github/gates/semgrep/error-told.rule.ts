// What failed inside, told to the client (CWE-209).
import type { WeaknessRule } from './weakness.ts';
import { either, focus, where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 209,
  message: 'The client is told the text or the stack of an error: paths, SQL, versions, what somebody else typed.',
  fix: 'Throw the error: app/http/problem.ts answers a problem without its text, and logs it; what a client may know is a refuse(…) of your own words.',
  match: {
    mode: 'taint',
    'pattern-sources': [
      where('$E.$PART', { E: '(?i)(?:e|err|error|cause|reason|exception|failure|thrown)(?:\\.cause)?|\\(?(?:err|error|cause) as \\w+\\)?', PART: 'stack|message|detail|cause|hint|query|sql' }),
      where('$F($E, ...)', { F: 'String|inspect|util\\.inspect|JSON\\.stringify|format|serializeError', E: '(?i)(?:e|err|error|cause|exception)' }),
      where('`...${$E}...`', { E: '(?i)(?:e|err|error|cause|exception)' }),
      where('{..., $K: $E, ...}', { E: '(?i)(?:err|error|exception)(?:\\.(?:stack|message))?' , K: '(?i)error|err|cause|detail|stack|message|reason' }),
    ],
    'pattern-sanitizers': [
      { pattern: 'errors.map(...)' },
    ],
    'pattern-sinks': [
      { patterns: [either(['ctx.body = $TEXT', 'context.body = $TEXT', '$C.response.body = $TEXT', 'ctx.message = $TEXT']), { 'focus-metavariable': '$TEXT' }] },
      focus('TEXT', ['$R.$END($TEXT, ...)'], { R: '(?s)(?:res|response|ctx\\.res|socket|reply|stream)(?:\\.\\w+\\(.*\\))*', END: 'end|write|send|json' }),
      focus('TEXT', ['refuse($S, $CODE, $TEXT, ...)', 'ctx.throw($S, $TEXT, ...)', 'html`...${$TEXT}...`', 'new AppError($TEXT, {..., expose: true, ...})', 'return { status: $S, body: $TEXT, ... }', 'return { ..., body: $TEXT, ... }']),
    ],
  },
  refuses: [
    'export const f = async (ctx, next) => { try { await next(); } catch (error) { ctx.body = { error: error.stack }; } };',
    'export const f = (ctx, err) => { ctx.body = `failed: ${err}`; };',
    'export const f = (response, error) => { response.end(error.message); };',
    'export const f = (error) => refuse(500, "failed", error.message);',
    'export const f = (error) => { const detail = String(error); return { status: 500, body: { detail } }; };',
    'export const f = (cause) => new AppError(cause.message, { status: 500, expose: true });',
  ],
  allows: [
    'export const f = (ctx, error, log) => { log.error({ err: error }, "failed"); ctx.body = { code: "failed" }; };',
    'export const f = (error) => new Error(`it failed: ${error.message}`, { cause: error });',
  ],
};
