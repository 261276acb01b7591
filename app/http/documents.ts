// HTML documents of the platform and of pages: the layout, with what every page of this service shares.
// Tested by page-routes.test.ts: every page is one.
import type { LoadedFeature } from '#app/features.ts';
import type { Assets } from '#app/http/assets.ts';
import type { HttpContext } from '#app/http/context.ts';
import { renderDocument } from '#app/http/page.ts';
import type { Problem } from '#app/http/problem.ts';
import { html, type Html } from '#app/lib/html.ts';

export interface DocumentView {
  readonly title: string;
  readonly body: Html;
  /** URLs. */
  readonly scripts?: readonly string[];
  readonly styles?: readonly string[];
}

export type DocumentRenderer = (ctx: HttpContext, view: DocumentView) => string;

export function createDocumentRenderer(features: readonly LoadedFeature[], assets: Assets, signInPath: string): DocumentRenderer {
  const pages = features.flatMap(({ feature }) => feature.pages);
  const linksTo = (place: 'navigation' | 'personal') => pages.flatMap((page) => (page.kind === 'page' && page[place] !== undefined ? [{ href: page.path, text: page[place] }] : []));
  const [navigation, personal] = [[...linksTo('navigation'), { href: '/docs', text: 'API' }], linksTo('personal')];
  return (ctx, { title, body, scripts = [], styles = [] }) =>
    renderDocument({
      title,
      body,
      scripts,
      styles: [assets.url('site', 'site.css'), ...styles],
      subject: ctx.state.subject,
      signInPath,
      navigation: navigation.map((link) => ({ ...link, current: link.href === ctx.path })),
      personal: personal.map((link) => ({ ...link, current: link.href === ctx.path })),
    });
}

export function createProblemRenderer(render: DocumentRenderer): (ctx: HttpContext, problem: Problem) => string {
  return (ctx, { title, status, detail, errors, requestId }) =>
    render(ctx, {
      title,
      body: html`<article class="problem">
        <p class="problem-status">${status}</p>
        <h1>${title}</h1>
        <p>${detail}</p>
        ${errors && errors.length > 0 && html`<ul class="problem-errors">${errors.map((error) => html`<li><code>${(error.pointer ?? '').replace(/^#\//, '') || (error.parameter ?? error.header)}</code> ${error.detail}</li>`)}</ul>`}
        <p><a href="/">Back to the start</a></p>
        <p class="problem-request">Request <code>${requestId}</code></p>
      </article>`,
    });
}
