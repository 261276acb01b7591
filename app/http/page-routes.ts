// Mounts a feature's pages and forms: the same steps as the API's, for a person with a browser.
import type { Router } from '@koa/router';
import type { Access } from '#app/access/access.ts';
import { isRefusal } from '#app/errors.ts';
import type { BrowserChange, EventType, Form, Page, PageRoute, PageView, Streamed } from '#app/feature.ts';
import type { Assets } from '#app/http/assets.ts';
import { given, type HttpContext, type HttpMiddleware, type HttpState } from '#app/http/context.ts';
import { withinDeadline } from '#app/http/deadline.ts';
import type { DocumentRenderer } from '#app/http/documents.ts';
import { type RouteParts, runWrite } from '#app/http/operation-routes.ts';
import { asError } from '#app/http/problem.ts';
import { sendRedirect, serialise } from '#app/http/respond.ts';
import { requireRoutable, toRouterPath } from '#app/http/route-checks.ts';
import { sendStream } from '#app/http/streams.ts';
import { authenticatePerson, authorisePerson, nameRoute, negotiate, validateForm, validateInput } from '#app/http/steps.ts';
import type { Identity } from '#app/identity/identity.ts';

export const HTML = 'text/html; charset=utf-8';

export interface PageOwner {
  readonly name: string;
  readonly events: Readonly<Record<string, EventType>>;
}

export interface PageParts extends RouteParts {
  readonly assets: Assets;
  readonly renderDocument: DocumentRenderer;
  readonly browser: Identity['browser'];
  readonly can: Access['can'];
  /** Where people go who are nobody yet. */
  readonly signInPath: string;
  /** The last event that this process has seen. */
  readonly livePosition: () => number;
}

export function mountPage(router: Router<HttpState>, route: PageRoute, owner: PageOwner, parts: PageParts): void {
  const page = route as Page | Form;
  requireRoutable(page, page.path);
  const path = toRouterPath(page.path);
  if (page.kind === 'page') {
    router.get(path, nameRoute(page.path), negotiate('text/html'), authenticatePerson(parts.authenticate, parts.signInPath), parts.limitSubject, authorisePerson(parts.decide, page.action, parts.signInPath), validateInput(page), withinDeadline(), runPage(page, owner, parts));
    return;
  }
  router.post(
    path,
    nameRoute(page.path),
    authenticatePerson(parts.authenticate, parts.signInPath),
    parts.limitSubject,
    authorisePerson(parts.decide, page.action, parts.signInPath),
    validateInput({ params: page.params }),
    validateForm(page.body),
    withinDeadline(),
    runForm(page, owner, parts),
  );
}

function runPage(page: Page, { name }: PageOwner, parts: PageParts): HttpMiddleware {
  return async (ctx) => {
    const subject = given(ctx, 'subject');
    const { params, query } = given(ctx, 'input');
    const { log, requestId } = ctx.state;
    const can = (action: Page['action']): boolean => parts.can(subject, action);
    const position = parts.livePosition();
    const db = parts.dbOf(subject, { readOnly: true });
    const view = await page.handle({ subject, access: given(ctx, 'access'), params, query, db, people: parts.peopleOf(db, subject.tenantId), log, now: parts.clock(), requestId, can, position });
    if (isRefusal(view)) throw asError(view);
    if ('redirect' in view) {
      sendRedirect(ctx, requireOwnPath(view.redirect));
      return;
    }
    ctx.status = view.status ?? 200;
    ctx.type = HTML;
    ctx.body = renderView(ctx, view, name, parts);
  };
}

function runForm(form: Form, { name, events }: PageOwner, parts: PageParts): HttpMiddleware {
  return async (ctx) => {
    let change: BrowserChange = {};
    let stream: Streamed['stream'] | undefined;
    await runWrite(ctx, { name: `POST ${form.path}`, action: form.action, events }, parts, async (context) => {
      const outcome = await form.handle(context);
      if (isRefusal(outcome)) return serialise(outcome, ctx.path, ctx.state.requestId);
      change = outcome;
      if ('redirect' in outcome) return { status: 303, headers: { location: requireOwnPath(outcome.redirect) }, body: '' };
      if (ctx.state.idempotencyKey !== undefined) throw new TypeError('A form that answers with a page or a file takes no idempotencyKey: it would be kept.');
      if ('download' in outcome) {
        stream = outcome.download.stream;
        return { status: 200, headers: { 'content-type': 'application/json', 'content-disposition': `attachment; filename="${requireFileName(outcome.download.fileName)}"` }, body: '' };
      }
      return { status: outcome.status ?? 200, headers: { 'content-type': HTML }, body: renderView(ctx, outcome, name, parts) };
    });
    await changeBrowser(ctx, change, name, parts.browser);
    if (stream !== undefined) await sendStream(ctx, stream, parts);
  };
}

export function renderView(ctx: HttpContext, { title, body, scripts = [], styles = [] }: PageView, owner: string, { assets, renderDocument }: Pick<PageParts, 'assets' | 'renderDocument'>): string {
  const toUrl = (file: string): string => assets.url(owner, file);
  return renderDocument(ctx, { title, body, scripts: scripts.map(toUrl), styles: styles.map(toUrl) });
}

export async function changeBrowser(ctx: HttpContext, { signIn, keep }: BrowserChange, owner: string, browser: PageParts['browser']): Promise<void> {
  if (keep !== undefined) browser.keep(ctx, owner, keep);
  if (signIn !== undefined) await browser.begin(ctx, signIn);
}

/** @throws TypeError for a name that would end the header's value, or be a path (CWE-113, CWE-22). */
function requireFileName(name: string): string {
  if (!/^[\w][\w.-]{0,99}$/.test(name)) throw new TypeError('A download has a name of letters, digits, dots and hyphens.');
  return name;
}

/** @throws TypeError for what a browser could read as another origin (CWE-601). */
export function requireOwnPath(path: string): string {
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(path)) throw new TypeError('A page redirects to a path on this origin only.');
  return path;
}
