// Mounts a feature's operations: each route reads as the list of what a request has to pass.
import { createHash } from 'node:crypto';
import type { Router } from '@koa/router';
import type { IdempotencyScope, runOnce } from '#app/data/idempotency.ts';
import { refuse } from '#app/errors.ts';
import type { Command, Database, EndSessions, EventDraft, EventType, Operation, Query, Subject, WriteContext } from '#app/feature.ts';
import { given, type HttpContext, type HttpMiddleware, type HttpState } from '#app/http/context.ts';
import { withinDeadline } from '#app/http/deadline.ts';
import { asError } from '#app/http/problem.ts';
import { checkAnswer, type RenderProblem, sendConditional, sendStored, serialise } from '#app/http/respond.ts';
import { requireRoutable, toRouterPath } from '#app/http/route-checks.ts';
import { type Authenticate, authenticateCaller, authorise, type Decide, nameRoute, negotiate, requireIfMatch, takeIdempotencyKey, validateInput, validateJson } from '#app/http/steps.ts';
import { matchesStrongly } from '#app/lib/entity-tag.ts';

export const API_PREFIX = '/api/v1';

/** What routes need of the platform's other parts. */
export interface RouteParts {
  readonly dbOf: (subject: Subject, options?: { readonly readOnly?: boolean }) => Database;
  readonly authenticate: Authenticate;
  readonly limitSubject: HttpMiddleware;
  readonly decide: Decide;
  readonly runOnce: typeof runOnce;
  readonly appendEvent: (tx: Database, event: EventDraft & { readonly tenantId: string; readonly actor: string; readonly time: Date }) => Promise<void>;
  readonly wakeLive: () => void;
  readonly endSessions: EndSessions;
  /** Tells the live streams that sessions were ended. */
  readonly sessionsEnded: () => void;
  readonly clock: () => Date;
  /** Holds answers and events against their own schemas: in development and tests, where a difference is a defect. */
  readonly checkAnswers: boolean;
  readonly renderProblem: RenderProblem;
}

export function mountOperation(router: Router<HttpState>, route: Operation, events: Readonly<Record<string, EventType>>, parts: RouteParts): void {
  const operation = route as Query | Command;
  const path = API_PREFIX + operation.path;
  requireRoutable(operation, path);
  const enter = [nameRoute(path), negotiate('application/json'), authenticateCaller(parts.authenticate), parts.limitSubject, authorise(parts.decide, operation.action)];
  if (operation.kind === 'query') {
    router.get(toRouterPath(path), ...enter, validateInput(operation), withinDeadline(), runQuery(operation, parts));
    return;
  }
  router.register(toRouterPath(path), [operation.method], [
    ...enter,
    validateInput({ params: operation.params }),
    validateJson(operation.body),
    ...(operation.method === 'post' ? [takeIdempotencyKey()] : []),
    ...(operation.precondition === 'if-match' ? [requireIfMatch()] : []),
    withinDeadline(),
    runCommand(operation, events, parts),
  ]);
}

function runQuery(operation: Query, parts: RouteParts): HttpMiddleware {
  return async (ctx) => {
    const { params, query } = given(ctx, 'input');
    const { state } = ctx;
    const { requestId } = state;
    const subject = given(ctx, 'subject');
    const outcome = await operation.handle({ subject, access: given(ctx, 'access'), params, query, db: parts.dbOf(subject, { readOnly: true }), get log() { return state.log; }, now: parts.clock(), requestId });
    if (parts.checkAnswers) checkAnswer(outcome, operation.responses, operation.operationId);
    sendConditional(ctx, serialise(outcome, ctx.path, requestId), parts.renderProblem);
  };
}

function runCommand(operation: Command, events: Readonly<Record<string, EventType>>, parts: RouteParts): HttpMiddleware {
  return async (ctx) => {
    await runWrite(ctx, operation.operationId, events, parts, async (context) => {
      const outcome = await operation.handle(context);
      if (parts.checkAnswers) checkAnswer(outcome, operation.responses, operation.operationId);
      return serialise(outcome, ctx.path, ctx.state.requestId);
    });
  };
}

type Work = (context: WriteContext<unknown, unknown>) => ReturnType<Parameters<typeof runOnce>[2]>;

/** One transaction for the change, its events and its idempotency key; after the commit, what follows from it. */
export async function runWrite(ctx: HttpContext, operationId: string, events: Readonly<Record<string, EventType>>, parts: RouteParts, work: Work): Promise<void> {
  const subject = given(ctx, 'subject');
  const now = parts.clock();
  const consequences = new Set<() => void>();
  const result = await parts.runOnce(
    parts.dbOf(subject),
    scopeOf(ctx, subject, operationId),
    (tx) => work(createWriteContext(ctx, tx, { subject, events, consequences, now }, parts)),
    now,
  );
  if (result === 'mismatch') throw asError(refuse(422, 'idempotency-key-reused', 'This Idempotency-Key was used for another request.'));
  if (result.replayed) ctx.set('Idempotency-Replayed', 'true');
  else if (result.response.status < 400) for (const follow of consequences) follow();
  sendStored(ctx, result.response, parts.renderProblem);
}

interface Write {
  readonly subject: Subject;
  readonly events: Readonly<Record<string, EventType>>;
  readonly consequences: Set<() => void>;
  readonly now: Date;
}

function createWriteContext(ctx: HttpContext, db: Database, { subject, events, consequences, now }: Write, parts: RouteParts): WriteContext<unknown, unknown> {
  const { state } = ctx;
  const { condition } = state;
  return {
    subject,
    access: given(ctx, 'access'),
    params: given(ctx, 'input').params,
    body: given(ctx, 'body').value,
    db,
    async publish(event) {
      checkEvent(event, events, parts.checkAnswers);
      consequences.add(parts.wakeLive);
      await parts.appendEvent(db, { ...event, tenantId: subject.tenantId, actor: subject.id, time: now });
    },
    async endSessions(person, { exceptOwn } = { exceptOwn: false }) {
      consequences.add(parts.sessionsEnded);
      await parts.endSessions(db, person, exceptOwn && subject.credential.kind === 'session' ? subject.credential.sessionId : undefined);
    },
    afterCommit: (follow) => void consequences.add(follow),
    matches: (version) => condition === undefined || matchesStrongly(condition, version),
    get log() { return state.log; },
    now,
    requestId: state.requestId,
  };
}

function scopeOf(ctx: HttpContext, subject: Subject, operationId: string): IdempotencyScope | undefined {
  const key = ctx.state.idempotencyKey;
  if (key === undefined) return undefined;
  const fingerprint = createHash('sha256').update(`${ctx.method} ${ctx.path}\n`).update(given(ctx, 'body').bytes).digest('hex');
  return { tenantId: subject.tenantId, subjectId: subject.id, operationId, key, fingerprint };
}

function checkEvent(event: EventDraft, events: Readonly<Record<string, EventType>>, checkData: boolean): void {
  const type = Object.hasOwn(events, event.type) ? events[event.type] : undefined;
  // In production too: an event that nobody may subscribe to would be written and never be seen.
  if (type === undefined) throw new TypeError(`The event type ${event.type} is not among the feature's "events".`);
  if (!checkData) return;
  const read = type.data.safeParse(event.data);
  if (!read.success) throw new TypeError(`An event ${event.type} has data that its schema refuses: ${read.error.message}`);
}
