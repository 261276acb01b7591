// Turns what a handler returns into bytes, and sends them; a stored response of an earlier request takes the same way.
// Tested by operation-routes.test.ts: every answer goes through it.
import { createHash } from 'node:crypto';
import type { StoredResponse } from '#app/data/idempotency.ts';
import { isRefusal, type Refusal } from '#app/errors.ts';
import type { Responses } from '#app/feature.ts';
import type { HttpContext } from '#app/http/context.ts';
import { type Problem, PROBLEM_TYPE, sendProblem, toProblem } from '#app/http/problem.ts';
import { formatTag, matchesWeakly, parseTagCondition } from '#app/lib/entity-tag.ts';

/** What `Success<R>` is when R isn't known. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly version?: string | number;
  readonly location?: string;
}

export function serialise(outcome: Answer | Refusal, instance: string, requestId: string): StoredResponse {
  if (isRefusal(outcome)) {
    return { status: outcome.status, headers: { 'content-type': PROBLEM_TYPE }, body: JSON.stringify(toProblem(outcome, instance, requestId)) };
  }
  const body = outcome.body === undefined ? '' : JSON.stringify(outcome.body);
  const headers = {
    ...(body === '' ? {} : { 'content-type': 'application/json' }),
    ...(outcome.version === undefined ? {} : { etag: formatTag(outcome.version) }),
    ...(outcome.location === undefined ? {} : { location: outcome.location }),
  };
  return { status: outcome.status, headers, body };
}

/** @throws TypeError for an answer that its own documentation doesn't describe. */
export function checkAnswer(outcome: Answer | Refusal, responses: Responses, operationId: string): void {
  const spec = responses[outcome.status];
  if (spec === undefined) throw new TypeError(`${operationId} answers ${outcome.status}, which its "responses" leave out.`);
  if (isRefusal(outcome) || spec.schema === undefined) return;
  const read = spec.schema.safeParse(outcome.body);
  if (!read.success) throw new TypeError(`${operationId} answers ${outcome.status} with a body that its schema refuses: ${read.error.message}`);
}

export type RenderProblem = Parameters<typeof sendProblem>[2];

export function sendStored(ctx: HttpContext, { status, headers, body }: StoredResponse, renderProblem: RenderProblem): void {
  if (headers['content-type'] === PROBLEM_TYPE) {
    sendProblem(ctx, JSON.parse(body) as Problem, renderProblem);
    return;
  }
  // Koa makes 204 of an empty body: the status comes after it.
  if (body === '') ctx.body = null;
  ctx.status = status;
  ctx.set(headers);
  // After its type: Koa would guess one from the text, and look it up.
  if (body !== '') ctx.body = body;
}

/** 303: the browser reads the next page with GET, whatever it did here. */
export function sendRedirect(ctx: HttpContext, location: string): void {
  ctx.body = null;
  ctx.status = 303;
  ctx.set('Location', location);
}

/** Adds the ETag of the content where the handler names no version, and answers 304 to who has it (RFC 9110, 13.1.2). */
export function sendConditional(ctx: HttpContext, stored: StoredResponse, renderProblem: RenderProblem): void {
  sendStored(ctx, stored, renderProblem);
  if (stored.status !== 200) return;
  const tag = stored.headers['etag'] ?? contentTag(stored.body);
  ctx.set('ETag', tag);
  answerNotModified(ctx, tag);
}

export function answerNotModified(ctx: HttpContext, tag: string): void {
  const condition = parseTagCondition(ctx.get('if-none-match'));
  if (condition === undefined || !matchesWeakly(condition, tag)) return;
  ctx.status = 304;
}

export function contentTag(content: string | Buffer): string {
  return `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
}
