// Mounts the pages and forms of a feature that anybody may open: ways in, mostly.
import type { IncomingMessage } from 'node:http';
import type { Router } from '@koa/router';
import { isRefusal } from '#app/errors.ts';
import { type Database, type Grants, LOCAL_SUBJECT_PREFIX, type PublicContext, type PublicForm, type PublicPage, type PublicRoute, type RecordChange } from '#app/feature.ts';
import { given, type HttpContext, type HttpMiddleware, type HttpState } from '#app/http/context.ts';
import { withinDeadline } from '#app/http/deadline.ts';
import { changeBrowser, HTML, type PageParts, renderView, requireOwnPath } from '#app/http/page-routes.ts';
import { asError } from '#app/http/problem.ts';
import { sendRedirect } from '#app/http/respond.ts';
import { requireRoutable, toRouterPath } from '#app/http/route-checks.ts';
import { nameRoute, negotiate, recogniseCaller, validateForm, validateInput } from '#app/http/steps.ts';

export interface PublicParts extends PageParts {
  /** Nobody is known yet. */
  readonly platformDb: Database;
  readonly limitSignIn: HttpMiddleware;
  /** By which limits count the client's address. */
  readonly addressOf: (request: IncomingMessage) => string;
}

export interface PublicOwner {
  readonly name: string;
  /** Its own actions. */
  readonly grants: Grants;
}

export function mountPublic(router: Router<HttpState>, route: PublicRoute, owner: PublicOwner, parts: PublicParts): void {
  const page = route as PublicPage | PublicForm;
  requireRoutable(page, page.path);
  const enter = [nameRoute(page.path), parts.limitSignIn, recogniseCaller(parts.authenticate)];
  if (page.kind === 'public-page') {
    router.get(toRouterPath(page.path), ...enter, negotiate('text/html'), validateInput(page), withinDeadline(), runPage(page, owner.name, parts));
    return;
  }
  router.post(toRouterPath(page.path), ...enter, validateInput({ params: page.params }), validateForm(page.body), withinDeadline(), runForm(page, owner, parts));
}

function runPage(page: PublicPage, owner: string, parts: PublicParts): HttpMiddleware {
  return async (ctx) => {
    const { params, query } = given(ctx, 'input');
    send(ctx, await page.handle({ ...contextOf(ctx, owner, parts), params, query }), owner, parts);
  };
}

function runForm(form: PublicForm, { name: owner, grants }: PublicOwner, parts: PublicParts): HttpMiddleware {
  return async (ctx) => {
    const consequences = new Set<() => void>();
    const endSessions: PublicParts['endSessions'] = async (db, person) => {
      consequences.add(parts.sessionsEnded);
      await parts.endSessions(db, person);
    };
    const context = contextOf(ctx, owner, parts);
    const recordChange: RecordChange = async (db, { action, person, resource = ctx.path, details }) => {
      if (!Object.hasOwn(grants, action)) throw new TypeError(`The action ${action} is not among the feature's "grants".`);
      if (!person.id.startsWith(LOCAL_SUBJECT_PREFIX)) throw new TypeError(`A feature vouches for subjects that begin with "${LOCAL_SUBJECT_PREFIX}".`);
      const actor = await parts.peopleOf(db, person.tenantId).idOf(person);
      await parts.appendRecords(db, { tenantId: person.tenantId, actor, time: context.now, action, resource, requestId: context.requestId, details: { operation: `POST ${form.path}`, ...details } }, []);
    };
    const outcome = await form.handle({ ...context, params: given(ctx, 'input').params, query: undefined, body: given(ctx, 'body').value, endSessions, recordChange });
    for (const follow of consequences) follow();
    if (!isRefusal(outcome)) await changeBrowser(ctx, outcome, owner, parts.browser);
    send(ctx, outcome, owner, parts);
  };
}

function send(ctx: HttpContext, outcome: Awaited<ReturnType<PublicPage['handle']>>, owner: string, parts: PublicParts): void {
  if (isRefusal(outcome)) throw asError(outcome);
  if ('redirect' in outcome) {
    sendRedirect(ctx, requireOwnPath(outcome.redirect));
    return;
  }
  ctx.status = outcome.status ?? 200;
  ctx.type = HTML;
  ctx.body = renderView(ctx, outcome, owner, parts);
}

function contextOf(ctx: HttpContext, owner: string, parts: PublicParts): Omit<PublicContext<unknown, unknown>, 'params' | 'query'> {
  const { subject, log, requestId } = ctx.state;
  return { subject, log, requestId, localPath: parts.browser.localPath, db: parts.platformDb, address: parts.addressOf(ctx.req), kept: parts.browser.kept(ctx.req, owner), now: parts.clock() };
}
