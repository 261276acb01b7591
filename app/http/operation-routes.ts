// Mounts a feature's operations: each route reads as the list of what a request has to pass.
import { createHash } from 'node:crypto';
import type { Router } from '@koa/router';
import type { IdempotencyScope, runOnce } from '#app/data/idempotency.ts';
import type { inSnapshot } from '#app/data/transaction.ts';
import { refuse } from '#app/errors.ts';
import type { Action, Command, Database, EndSessions, EventDraft, EventType, Operation, People, Query, RecordedFacts, Streamed, Subject, WriteContext } from '#app/feature.ts';
import { given, type HttpContext, type HttpMiddleware, type HttpState } from '#app/http/context.ts';
import { withinDeadline } from '#app/http/deadline.ts';
import { asError } from '#app/http/problem.ts';
import { checkAnswer, type RenderProblem, sendConditional, sendStored, serialise } from '#app/http/respond.ts';
import { requireRoutable, toRouterPath } from '#app/http/route-checks.ts';
import { type Authenticate, authenticateCaller, authorise, type Decide, nameRoute, negotiate, requireIfMatch, takeIdempotencyKey, validateInput, validateJson } from '#app/http/steps.ts';
import { sendStream } from '#app/http/streams.ts';
import { matchesStrongly } from '#app/lib/entity-tag.ts';

export const API_PREFIX = '/api/v1';

/** What routes need of the platform's other parts. */
export interface RouteParts {
  readonly dbOf: (subject: Subject, options?: { readonly readOnly?: boolean }) => Database;
  readonly authenticate: Authenticate;
  readonly limitSubject: HttpMiddleware;
  readonly decide: Decide;
  readonly runOnce: typeof runOnce;
  readonly inSnapshot: typeof inSnapshot;
  readonly peopleOf: (db: Database, tenantId: string) => People;
  /** The audit trail's entry and the outbox's events of one change, in its transaction. */
  readonly appendRecords: (tx: Database, change: Change, events: readonly EventDraft[]) => Promise<void>;
  readonly wakeLive: () => void;
  readonly endSessions: EndSessions;
  /** Tells the live streams that sessions were ended. */
  readonly sessionsEnded: () => void;
  readonly clock: () => Date;
  /** Holds answers and events against their own schemas: in development and tests, where a difference is a defect. */
  readonly checkAnswers: boolean;
  readonly renderProblem: RenderProblem;
}

/** Who changed what, when, by which action. */
export interface Change {
  readonly tenantId: string;
  readonly actor: string;
  readonly time: Date;
  readonly action: Action;
  readonly resource: string;
  readonly requestId: string;
  readonly details: Readonly<Record<string, unknown>>;
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
    ...(operation.method === 'post' && operation.streams !== true ? [takeIdempotencyKey()] : []),
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
    const db = parts.dbOf(subject, { readOnly: true });
    const outcome = await operation.handle({ subject, access: given(ctx, 'access'), params, query, db, people: parts.peopleOf(db, subject.tenantId), get log() { return state.log; }, now: parts.clock(), requestId });
    if (parts.checkAnswers) checkAnswer(outcome, operation.responses, operation.operationId);
    sendConditional(ctx, serialise(outcome, ctx.path, requestId), parts.renderProblem);
  };
}

function runCommand(operation: Command, events: Readonly<Record<string, EventType>>, parts: RouteParts): HttpMiddleware {
  return async (ctx) => {
    let stream: Streamed['stream'] | undefined;
    await runWrite(ctx, { ...operation, name: operation.operationId, events }, parts, async (context) => {
      const outcome = await operation.handle(context);
      if ('stream' in outcome) {
        if (operation.streams !== true) throw new TypeError(`${operation.operationId} answers with a stream: say so by "streams".`);
        stream = outcome.stream;
        return { status: 200, headers: { 'content-type': 'application/json' }, body: '' };
      }
      if (parts.checkAnswers) checkAnswer(outcome, operation.responses, operation.operationId);
      return serialise(outcome, ctx.path, ctx.state.requestId);
    });
    if (stream !== undefined) await sendStream(ctx, stream, parts);
  };
}

/** What changes something: a command or a form. */
export interface WriteRoute {
  /** For the idempotency key and the audit trail. */
  readonly name: string;
  readonly action: Action;
  readonly events: Readonly<Record<string, EventType>>;
}
type Work = (context: WriteContext<unknown, unknown>) => ReturnType<Parameters<typeof runOnce>[2]>;

/** One transaction for the change, its events, its entry in the audit trail and its idempotency key; after the commit, what follows from it. */
export async function runWrite(ctx: HttpContext, route: WriteRoute, parts: RouteParts, work: Work): Promise<void> {
  const subject = given(ctx, 'subject');
  const now = parts.clock();
  const db = parts.dbOf(subject);
  // Before the transaction: what makes a person known must not be undone with a change that is refused.
  const actor = await parts.peopleOf(db, subject.tenantId).idOf(subject);
  const consequences = new Set<() => void>();
  const result = await parts.runOnce(
    db,
    scopeOf(ctx, subject, route.name),
    async (tx) => {
      const write: Write = { route, subject, actor, now, consequences, published: [], recorded: {} };
      const response = await work(createWriteContext(ctx, tx, write, parts));
      if (response.status < 400) await parts.appendRecords(tx, changeOf(ctx, write), write.published);
      return response;
    },
    now,
  );
  if (result === 'mismatch') throw asError(refuse(422, 'idempotency-key-reused', 'This Idempotency-Key was used for another request.'));
  if (result.replayed) ctx.set('Idempotency-Replayed', 'true');
  else if (result.response.status < 400) for (const follow of consequences) follow();
  sendStored(ctx, result.response, parts.renderProblem);
}

interface Write {
  readonly route: WriteRoute;
  readonly subject: Subject;
  readonly actor: string;
  readonly now: Date;
  readonly consequences: Set<() => void>;
  readonly published: EventDraft[];
  recorded: RecordedFacts;
}

function changeOf(ctx: HttpContext, { route, subject, actor, now, recorded }: Write): Change {
  return {
    tenantId: subject.tenantId,
    actor,
    time: now,
    action: route.action,
    resource: recorded.resource ?? ctx.path,
    requestId: ctx.state.requestId,
    details: { operation: route.name, credential: subject.credential.kind, ...recorded.details },
  };
}

function createWriteContext(ctx: HttpContext, db: Database, write: Write, parts: RouteParts): WriteContext<unknown, unknown> {
  const { state } = ctx;
  const { condition } = state;
  const { subject, actor, now, consequences } = write;
  return {
    subject,
    actor,
    access: given(ctx, 'access'),
    params: given(ctx, 'input').params,
    body: given(ctx, 'body').value,
    db,
    people: parts.peopleOf(db, subject.tenantId),
    publish(event) {
      checkEvent(event, write.route.events, parts.checkAnswers);
      consequences.add(parts.wakeLive);
      write.published.push(event);
      return Promise.resolve();
    },
    record(facts) {
      write.recorded = { ...write.recorded, ...facts, details: { ...write.recorded.details, ...facts.details } };
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
