// The platform's own routes: sign-in, live events, the API's documentation, and names that browsers ask for.
// Tested by ../server.test.ts: by real requests.
import type { Router } from '@koa/router';
import type { LoadedFeature } from '#app/features.ts';
import { refuse } from '#app/errors.ts';
import type { Live } from '#app/live/live.ts';
import type { Identity } from '#app/identity/identity.ts';
import { given, type HttpMiddleware, type HttpState } from '#app/http/context.ts';
import { withinDeadline } from '#app/http/deadline.ts';
import { renderDocs } from '#app/http/docs.ts';
import { createOpenApi } from '#app/http/openapi.ts';
import { API_PREFIX } from '#app/http/operation-routes.ts';
import type { PageParts } from '#app/http/page-routes.ts';
import { asError } from '#app/http/problem.ts';
import { BACK_CHANNEL_LOGOUT_PATH } from '#app/http/rate-limit.ts';
import { answerNotModified, contentTag, sendRedirect } from '#app/http/respond.ts';
import type { Html } from '#app/lib/html.ts';
import { SECURITY_TXT_PATH, serveSecurityTxt } from '#app/http/security-txt.ts';
import { authenticateCaller, nameRoute, negotiate, recogniseCaller, validateForm } from '#app/http/steps.ts';
import { mountWaysIn, PROVIDER_WAY_IN, requireOwnWish } from '#app/http/ways-in.ts';
import { z } from 'zod';

const logoutForm = z.object({ logout_token: z.string().min(1).max(8_192) });

export interface PlatformParts {
  readonly config: { readonly production: boolean; readonly publicUrl: string; readonly securityContact?: string | undefined; readonly identity: { readonly issuer: string } };
  readonly identity: Pick<Identity, 'routes' | 'endByProvider'>;
  readonly live: Pick<Live, 'serveSse'>;
  readonly features: readonly LoadedFeature[];
  readonly clock: () => Date;
}

export function mountPlatform(router: Router<HttpState>, { config, identity, live, features, clock }: PlatformParts, pages: PageParts): void {
  const get = (path: string, ...steps: readonly HttpMiddleware[]): void => {
    router.get(path, nameRoute(path), ...steps);
  };
  mountWaysIn(get, features, pages);
  get(PROVIDER_WAY_IN, requireOwnWish(), identity.routes.signIn as HttpMiddleware);
  get('/auth/callback', identity.routes.callback as HttpMiddleware);
  router.post('/auth/sign-out', nameRoute('/auth/sign-out'), identity.routes.signOut as HttpMiddleware);
  router.post(BACK_CHANNEL_LOGOUT_PATH, nameRoute(BACK_CHANNEL_LOGOUT_PATH), validateForm(logoutForm), withinDeadline(), logOutByProvider(identity));

  get(`${API_PREFIX}/stream`, negotiate('text/event-stream'), authenticateCaller(pages.authenticate), pages.limitSubject, serveStream(live));
  // Upgrades never reach the router: what does wants no WebSocket.
  get(`${API_PREFIX}/socket`, refusePlainRequest());

  const documents = documentOnce(features, config);
  // A tenth of the start. In development it is spent at once, so that what can't be documented shows there.
  if (!config.production) documents();
  get('/openapi.json', negotiate('application/json'), serveOpenApi(documents));
  get('/docs', negotiate('text/html'), recogniseCaller(pages.authenticate), (ctx) => {
    ctx.type = 'text/html; charset=utf-8';
    ctx.body = pages.renderDocument(ctx, { title: 'API', body: documents().docs, styles: [pages.assets.url('site', 'docs.css')] });
  });

  get(SECURITY_TXT_PATH, serveSecurityTxt({ contact: config.securityContact, publicUrl: config.publicUrl, clock }));
  for (const path of ['/favicon.ico', '/favicon.svg']) get(path, pages.assets.serveFile('site', 'favicon.svg'));
  if (!router.match('/', 'GET').route) {
    get('/', (ctx) => {
      sendRedirect(ctx, '/docs');
    });
  }
}

/** OpenID Connect Back-Channel Logout 1.0, 2.7 and 2.8. The provider has no cookie, and the token says itself whose it is. */
function logOutByProvider(identity: Pick<Identity, 'endByProvider'>): HttpMiddleware {
  return async (ctx) => {
    const { logout_token: token } = given(ctx, 'body').value as z.infer<typeof logoutForm>;
    const refusal = await identity.endByProvider(token);
    if (refusal !== undefined) throw asError(refusal);
    ctx.set('Cache-Control', 'no-store');
    ctx.body = null;
    ctx.status = 204;
  };
}

function serveStream(live: Pick<Live, 'serveSse'>): HttpMiddleware {
  return async (ctx) => {
    if (ctx.method === 'HEAD') {
      ctx.set('Content-Type', 'text/event-stream; charset=utf-8');
      ctx.status = 200;
      return;
    }
    await live.serveSse(ctx, given(ctx, 'subject'));
  };
}

function refusePlainRequest(): HttpMiddleware {
  return () => {
    throw asError(refuse(426, 'upgrade-required', 'This path speaks WebSocket only.'), { upgrade: 'websocket', connection: 'Upgrade' });
  };
}

interface ApiDocuments {
  readonly openApi: string;
  readonly tag: string;
  readonly docs: Html;
}

function documentOnce(features: readonly LoadedFeature[], { publicUrl, identity }: PlatformParts['config']): () => ApiDocuments {
  let made: ApiDocuments | undefined;
  return () => {
    if (made !== undefined) return made;
    const document = createOpenApi(features, identity.issuer);
    const openApi = JSON.stringify(document);
    return (made = { openApi, tag: contentTag(openApi), docs: renderDocs(document, publicUrl) });
  };
}

function serveOpenApi(documents: () => ApiDocuments): HttpMiddleware {
  return (ctx) => {
    const { openApi: text, tag } = documents();
    ctx.status = 200;
    ctx.set({ 'Content-Type': 'application/json', 'Cache-Control': 'public, max-age=60', ETag: tag });
    ctx.body = text;
    answerNotModified(ctx, tag);
  };
}
