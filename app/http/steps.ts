// The steps that a route is made of, each named for what it demands.
import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { isRefusal, refuse, type Refusal } from '#app/errors.ts';
import type { Action, Decision, Resource, StepUp, Subject } from '#app/feature.ts';
import { type BodyType, readBody } from '#app/http/body.ts';
import { given, type HttpContext, type HttpMiddleware } from '#app/http/context.ts';
import { createInputReader, type InputSchemas, refuseInvalid, validateBody } from '#app/http/input.ts';
import { asError } from '#app/http/problem.ts';
import { sendRedirect } from '#app/http/respond.ts';
import { parseTagCondition } from '#app/lib/entity-tag.ts';
import type { z } from 'zod';

export type Authenticate = (request: IncomingMessage) => Promise<Subject | Refusal | undefined>;
/** The log is taken only where the decision is logged. */
export type Decide = (subject: Subject, action: Action, resource: Resource | undefined, log: () => Logger) => Decision;

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** Names the route for the log, by its template. */
export function nameRoute(template: string): HttpMiddleware {
  return (ctx, next) => {
    ctx.state.route = template;
    return next();
  };
}

/** 406 unless the client takes this type. */
export function negotiate(type: string): HttpMiddleware {
  return (ctx, next) => {
    if (ctx.res.hasHeader('Vary')) ctx.vary('Accept');
    else ctx.res.setHeader('Vary', 'Accept');
    const { accept = '*/*' } = ctx.req.headers;
    // What programs send, nearly always: no reason to parse it.
    if (accept !== '*/*' && accept !== type && ctx.accepts(type) === false) throw asError(refuse(406, 'not-acceptable', `The answer is of type ${type}, which the Accept header leaves out.`));
    return next();
  };
}

/** 401 for a program that is nobody. */
export function authenticateCaller(authenticate: Authenticate): HttpMiddleware {
  return async (ctx, next) => {
    const subject = await authenticate(ctx.req);
    if (subject === undefined) {
      throw asError(refuse(401, 'authentication-required', 'Send a bearer token, or sign in.'), { 'www-authenticate': 'Bearer realm="stockade"' });
    }
    if (isRefusal(subject)) {
      logFailed(ctx, subject);
      // RFC 6750, 3.1
      throw asError(subject, subject.status === 401 ? { 'www-authenticate': 'Bearer realm="stockade", error="invalid_token"' } : {});
    }
    ctx.state.subject = subject;
    await next();
  };
}

/** A person who is nobody yet signs in first and comes back to what they asked for. */
export function authenticatePerson(authenticate: Authenticate, signInPath: string): HttpMiddleware {
  return async (ctx, next) => {
    const subject = await authenticate(ctx.req);
    if (isRefusal(subject)) logFailed(ctx, subject);
    if (subject === undefined || (isRefusal(subject) && subject.status === 401)) {
      sendRedirect(ctx, toSignIn(ctx, signInPath));
      return;
    }
    if (isRefusal(subject)) throw asError(subject);
    ctx.state.subject = subject;
    await next();
  };
}

/** A credential that was sent and is not good (ASVS 16.3.1); who sent none has not tried. */
function logFailed({ req, state }: HttpContext, { code }: Refusal): void {
  state.log.info({ authentication: { outcome: 'failed', reason: code, credential: req.headers.authorization === undefined ? 'session' : 'bearer' } }, 'authentication failed');
}

/** For pages that anybody may read: the layout greets who is known. */
export function recogniseCaller(authenticate: Authenticate): HttpMiddleware {
  return async (ctx, next) => {
    const subject = await authenticate(ctx.req);
    if (subject !== undefined && !isRefusal(subject)) ctx.state.subject = subject;
    await next();
  };
}

/** 403 with the policy's reason, or 401 where a sign-in that is fresher or stronger would do (RFC 9470). */
export function authorise(decide: Decide, action: Action): HttpMiddleware {
  return (ctx, next) => {
    const stepUp = enter(ctx, decide, action);
    if (stepUp === undefined) return next();
    throw asError(refuse(401, 'step-up-required', `Sign in again${stepUp.factors === 2 ? ' with two factors' : ''}: this takes a sign-in at most ${stepUp.maxAgeS} seconds old.`), {
      'www-authenticate': `Bearer realm="stockade", error="insufficient_user_authentication", max_age="${stepUp.maxAgeS}"`,
    });
  };
}

/** The same for a person with a browser, who is sent to that sign-in. */
export function authorisePerson(decide: Decide, action: Action, signInPath: string): HttpMiddleware {
  return async (ctx, next) => {
    const stepUp = enter(ctx, decide, action);
    if (stepUp === undefined) await next();
    else sendRedirect(ctx, `${toSignIn(ctx, signInPath)}&max_age=${stepUp.maxAgeS}${stepUp.factors === 2 ? '&factors=2' : ''}`);
  };
}

function enter(ctx: HttpContext, decide: Decide, action: Action): StepUp | undefined {
  const subject = given(ctx, 'subject');
  const log = (): Logger => ctx.state.log;
  const decision = decide(subject, action, undefined, log);
  if (!decision.allowed) {
    if (decision.stepUp !== undefined) return decision.stepUp;
    throw asError(refuse(403, decision.reason, `You may not do this: it takes the permission ${action}.`));
  }
  ctx.state.access = { obligations: decision.obligations, decide: (other, resource) => decide(subject, other, resource, log) };
  return undefined;
}

/** A form's POST can't be repeated after the way through the provider: the person comes back to the form's page. */
function toSignIn(ctx: HttpContext, signInPath: string): string {
  return `${signInPath}?return_to=${encodeURIComponent(ctx.method === 'POST' ? pageOf(ctx.get('referer')) : ctx.path + ctx.search)}`;
}

function pageOf(referrer: string): string {
  const url = URL.parse(referrer);
  return url === null ? '/' : url.pathname + url.search;
}

/** Path parameters and query, against the route's schemas. */
export function validateInput(schemas: InputSchemas): HttpMiddleware {
  const read = createInputReader(schemas);
  return (ctx, next) => {
    const input = read(paramsOf(ctx), ctx.querystring);
    if (isRefusal(input)) throw asError(input);
    ctx.state.input = input;
    return next();
  };
}

export function validateJson(schema: z.ZodType | undefined): HttpMiddleware {
  return async (ctx, next) => {
    const body = await readTyped(ctx, schema === undefined ? undefined : 'application/json');
    const valid = validateBody(schema, body.value);
    if (isRefusal(valid)) throw asError(valid);
    ctx.state.body = { bytes: body.bytes, value: valid.value };
    await next();
  };
}

/** A form's fields; the hidden `idempotencyKey` is the platform's. */
export function validateForm(schema: z.ZodType): HttpMiddleware {
  return async (ctx, next) => {
    const body = await readTyped(ctx, 'application/x-www-form-urlencoded');
    const { idempotencyKey, ...fields } = body.value as Record<string, unknown>;
    if (idempotencyKey !== undefined) ctx.state.idempotencyKey = checkKey(idempotencyKey, { pointer: '#/idempotencyKey' });
    const valid = validateBody(schema, fields);
    if (isRefusal(valid)) throw asError(valid);
    ctx.state.body = { bytes: body.bytes, value: valid.value };
    await next();
  };
}

async function readTyped(ctx: HttpContext, type: BodyType | undefined) {
  const body = await readBody(ctx.req, type);
  if (isRefusal(body)) throw asError(body, body.status === 415 && type !== undefined ? { accept: type } : {});
  return body;
}

/** Takes the client's `Idempotency-Key` where it sends one (draft-ietf-httpapi-idempotency-key-header). */
export function takeIdempotencyKey(): HttpMiddleware {
  return (ctx, next) => {
    const field = ctx.req.headers['idempotency-key'];
    if (field !== undefined) ctx.state.idempotencyKey = checkKey(field, { header: 'Idempotency-Key' });
    return next();
  };
}

function checkKey(value: unknown, place: { readonly header: string } | { readonly pointer: string }): string {
  if (typeof value === 'string' && IDEMPOTENCY_KEY.test(value)) return value;
  throw asError(refuseInvalid([{ ...place, detail: 'The key must be 1 to 255 visible ASCII characters.' }]));
}

/** 428 for a change that doesn't say which version it changes (RFC 6585, 3). */
export function requireIfMatch(): HttpMiddleware {
  return (ctx, next) => {
    const field = ctx.req.headers['if-match'];
    if (field === undefined) {
      throw asError(refuse(428, 'precondition-required', 'Send the ETag that you read as If-Match, so that nobody else’s change is lost.', [{ header: 'If-Match', detail: 'This header is required.' }]));
    }
    const condition = parseTagCondition(field);
    if (condition === undefined) throw asError(refuseInvalid([{ header: 'If-Match', detail: 'This must be a list of entity tags, or *.' }]));
    ctx.state.condition = condition;
    return next();
  };
}

function paramsOf(ctx: HttpContext): Readonly<Record<string, string>> {
  return (ctx as HttpContext & { readonly params?: Readonly<Record<string, string>> }).params ?? {};
}
