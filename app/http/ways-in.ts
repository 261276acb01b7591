// The page on which people choose how to sign in, and say that they want to.
import type { WayIn } from '#app/feature.ts';
import type { LoadedFeature } from '#app/features.ts';
import type { HttpMiddleware } from '#app/http/context.ts';
import { OWN_SITES } from '#app/http/origin.ts';
import type { PageParts } from '#app/http/page-routes.ts';
import { sendRedirect } from '#app/http/respond.ts';
import { negotiate, recogniseCaller } from '#app/http/steps.ts';
import { html } from '#app/lib/html.ts';

export const PROVIDER_WAY_IN = '/auth/sign-in';
const CHOICE_PATH = '/sign-in';
/** What a step hands to the way in; anything else stays behind. */
const HANDED_ON = ['return_to', 'max_age', 'factors'];

/** Straight to the provider where there is nothing to choose. */
export function findSignInPath(features: readonly LoadedFeature[]): string {
  return waysOf(features).length > 0 ? CHOICE_PATH : PROVIDER_WAY_IN;
}

export function mountWaysIn(get: (path: string, ...steps: readonly HttpMiddleware[]) => void, features: readonly LoadedFeature[], pages: PageParts): void {
  const ways: readonly WayIn[] = [...waysOf(features), { text: 'Continue with your identity provider', path: PROVIDER_WAY_IN }];
  get(CHOICE_PATH, negotiate('text/html'), recogniseCaller(pages.authenticate), (ctx) => {
    const query = handOn(ctx.querystring);
    ctx.type = 'text/html; charset=utf-8';
    ctx.body = pages.renderDocument(ctx, {
      title: 'Sign in',
      body: html`<div class="narrow"><h1>Sign in</h1>
${query.has('max_age') && html`<p>What you asked for takes a new sign-in${query.get('factors') === '2' && ' with two factors'}. You come back to it.</p>`}
<ul class="ways">${ways.map(({ text, path }) => html`<li><a class="button" href="${withQuery(path, query)}">${text}</a></li>`)}</ul></div>`,
    });
  });
}

/**
 * A provider that knows the person signs them in without a question: were they led here by another site, a session would begin that
 * they have not asked for (ASVS 7.6.2). Browsers say where a request comes from (Fetch Metadata); what says nothing is none of today's.
 */
export function requireOwnWish(): HttpMiddleware {
  return async (ctx, next) => {
    const site = ctx.get('sec-fetch-site');
    if (site === '' || OWN_SITES.has(site)) {
      await next();
      return;
    }
    ctx.set('Cache-Control', 'no-store');
    sendRedirect(ctx, withQuery(CHOICE_PATH, handOn(ctx.querystring)));
  };
}

function waysOf(features: readonly LoadedFeature[]): readonly WayIn[] {
  return features.flatMap(({ feature }) => feature.waysIn ?? []);
}

function handOn(querystring: string): URLSearchParams {
  const asked = new URLSearchParams(querystring);
  return new URLSearchParams(HANDED_ON.flatMap((name) => (asked.get(name) === null ? [] : [[name, asked.get(name) ?? '']])));
}

function withQuery(path: string, query: URLSearchParams): string {
  return query.size === 0 ? path : `${path}?${String(query)}`;
}
