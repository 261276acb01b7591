// The public HTTP server: its middleware and its routes, read top to bottom.
import type http from 'node:http';
import Koa from 'koa';
import { Router } from '@koa/router';
import { sql } from 'kysely';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Access } from '#app/access/access.ts';
import type { Config } from '#app/config.ts';
import type { OpenDatabase } from '#app/data/database.ts';
import { runOnce } from '#app/data/idempotency.ts';
import { inSnapshot } from '#app/data/transaction.ts';
import { isRefusal, refuse, type Refusal } from '#app/errors.ts';
import type { Subject } from '#app/feature.ts';
import type { LoadedFeature } from '#app/features.ts';
import { accessLog } from '#app/http/access-log.ts';
import { type Assets, createAssets } from '#app/http/assets.ts';
import { limitConnections } from '#app/http/connections.ts';
import type { HttpState } from '#app/http/context.ts';
import { allowOrigins } from '#app/http/cross-origin.ts';
import { createDocumentRenderer, createProblemRenderer } from '#app/http/documents.ts';
import { type EncryptedOptions, refusePlain, requireEncrypted } from '#app/http/encrypted.ts';
import { API_PREFIX, type Change, mountOperation, type RouteParts } from '#app/http/operation-routes.ts';
import { createListener, type ListenerIdentity } from '#app/http/listener.ts';
import { measureRequests } from '#app/http/measures.ts';
import { requireOwnOrigin } from '#app/http/origin.ts';
import { mountPage } from '#app/http/page-routes.ts';
import { mountPlatform } from '#app/http/platform-routes.ts';
import { mountPublic, type PublicParts } from '#app/http/public-routes.ts';
import { answerProblems } from '#app/http/problem.ts';
import type { RateLimits } from '#app/http/rate-limit.ts';
import { requestId } from '#app/http/request-id.ts';
import { refuseUnclearUpgrade, requireClearTarget } from '#app/http/request-target.ts';
import { createSecurityHeaders, securityHeaders } from '#app/http/security-headers.ts';
import { MAX_REQUESTS_PER_SOCKET, SERVER_OPTIONS } from '#app/http/server-options.ts';
import { resetSlowReaders } from '#app/http/slow-readers.ts';
import { findSignInPath } from '#app/http/ways-in.ts';
import { answerSocketErrors } from '#app/http/socket-errors.ts';
import { measureLoopLag, shedLoad } from '#app/http/load-shedding.ts';
import { closeWhenStopping } from '#app/http/stopping.ts';
import { traceRequests, traceUpgrade } from '#app/http/trace-requests.ts';
import { answerUnmatched } from '#app/http/unmatched.ts';
import type { Identity } from '#app/identity/identity.ts';
import type { Live } from '#app/live/live.ts';
import { inSpan, type SpanPart } from '#app/lib/span.ts';
import { insertEvents } from '#app/live/outbox.ts';
import { SOCKET_PATH } from '#app/live/socket.ts';
import type { AuditWriter } from '#app/privacy/audit-trail.ts';
import type { PeopleDirectory } from '#app/privacy/people.ts';
import type { Tracing } from '#app/telemetry/tracing.ts';

export interface ServerParts {
  readonly config: Pick<Config, 'production' | 'publicUrl' | 'corsOrigins' | 'overload' | 'connections'> & Partial<Pick<Config, 'securityContact'>> & { readonly trustedProxies?: number } & { readonly identity: Pick<Config['identity'], 'issuer'> };
  readonly database: Pick<OpenDatabase, 'db' | 'forTenant'>;
  readonly identity: Pick<Identity, 'authenticate' | 'routes' | 'issuerOrigin' | 'browser' | 'sessionsEnded' | 'endByProvider'>;
  readonly access: Pick<Access, 'decide' | 'can'>;
  readonly live: Pick<Live, 'wake' | 'serveSse' | 'attachSocket' | 'position'>;
  readonly people: Pick<PeopleDirectory, 'of'>;
  readonly trail: AuditWriter;
  readonly limits: RateLimits;
  readonly features: readonly LoadedFeature[];
  readonly log: Logger;
  readonly metrics: Registry;
  readonly clock: () => Date;
  readonly isReady: () => boolean;
  /** Without it: plain HTTP. */
  readonly tls?: ListenerIdentity | undefined;
  /** Without it: no spans. */
  readonly tracing?: Tracing | undefined;
}

/** Not listening yet. @throws TypeError for a route without what every route must have. */
export function createServer(parts: ServerParts): http.Server {
  const { config, identity, live, log } = parts;
  const pages = createPageParts(parts);
  const headers = createSecurityHeaders({ publicUrl: config.publicUrl, issuerOrigin: identity.issuerOrigin });
  const app = new Koa<HttpState>({ env: config.production ? 'production' : 'development' });
  app.use(requestId(log));
  if (parts.tracing !== undefined) app.use(traceRequests(parts.tracing));
  app.use(measureRequests(parts.metrics));
  app.use(accessLog(log));
  app.use(closeWhenStopping(parts.isReady));
  app.use(securityHeaders(headers));
  app.use(answerProblems(pages.renderProblem));
  const lag = measureLoopLag();
  const shed = new Counter({ name: 'stockade_requests_shed_total', help: 'Requests refused because the event loop was late.', registers: [parts.metrics] });
  app.use(shedLoad({ lag, maxLagMs: config.overload.maxLagMs, shed }));
  app.use(requireClearTarget());
  app.use(requireEncrypted(encryptedOptions(config)));
  app.use(allowOrigins(config.corsOrigins, API_PREFIX));
  app.use(parts.limits.ofAddress);
  app.use(requireOwnOrigin(config.publicUrl));
  app.use(pages.assets.serve);
  app.use(createRoutes(parts, pages).routes());
  app.use(answerUnmatched());
  // Koa tells of what went wrong after the answer had begun: a client that went away, mostly.
  app.on('error', (err: unknown) => {
    log.debug({ err }, 'an answer was cut short');
  });

  const handle = app.callback();
  const server = createListener({ ...SERVER_OPTIONS, keepAliveTimeout: config.connections.idleMs }, parts.tls, (request, response) => void handle(request, response));
  server.once('close', lag.stop);
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_SOCKET;
  limitConnections(server, config.connections, parts.metrics);
  answerSocketErrors(server, log, headers);
  resetSlowReaders(server);
  live.attachSocket(server, (request) => traceUpgrade(parts.tracing, request, SOCKET_PATH, () => admitUpgrade(request, parts)), headers);
  return server;
}

/** Who opens a WebSocket, or why not: what the middleware above asks, for a request that never reaches it. */
async function admitUpgrade(request: http.IncomingMessage, { config, identity, limits }: ServerParts): Promise<Subject | Refusal> {
  const refusal = refuseUnclearUpgrade(request) ?? refusePlain(request, encryptedOptions(config)) ?? (await limits.refuseAddress(request));
  if (refusal !== undefined) return refusal;
  const subject = (await identity.authenticate(request)) ?? refuse(401, 'authentication-required', 'Send a bearer token, or sign in.');
  return isRefusal(subject) ? subject : ((await limits.refuseStream(subject)) ?? subject);
}

function encryptedOptions({ publicUrl, trustedProxies = 0 }: ServerParts['config']): EncryptedOptions {
  return { publicUrl, trustedProxies };
}

/** For a test that walks them: every route of the API is in its documentation. */
export function createRoutes(parts: ServerParts, pages = createPageParts(parts)): Router<HttpState> {
  const router = new Router<HttpState>({ strict: true, sensitive: true });
  for (const { name, module, feature } of parts.features) {
    for (const operation of feature.operations) mountOperation(router, operation, module.events, pages);
    for (const page of feature.pages) mountPage(router, page, { name, events: module.events }, pages);
    for (const page of feature.publicPages ?? []) mountPublic(router, page, { name, grants: module.grants }, pages);
  }
  mountPlatform(router, parts, pages);
  return router;
}

function createPageParts({ config, database, identity, access, live, people, trail, limits, features, clock }: ServerParts): PublicParts {
  const assets = createAssetsOf(features);
  const signInPath = findSignInPath(features);
  const renderDocument = createDocumentRenderer(features, assets, signInPath);
  return {
    dbOf: ({ tenantId }, options) => database.forTenant(tenantId, options),
    platformDb: database.db,
    authenticate: (request) => identity.authenticate(request),
    limitSubject: limits.ofSubject,
    limitSignIn: limits.ofSignIn,
    addressOf: limits.addressOf,
    browser: identity.browser,
    endSessions: identity.browser.endSessions,
    sessionsEnded: () => {
      identity.sessionsEnded();
    },
    decide: (subject, action, resource, log) => access.decide(subject, action, resource, log),
    can: (subject, action) => access.can(subject, action),
    runOnce,
    inSnapshot,
    peopleOf: (db, tenantId) => people.of(db, tenantId),
    appendRecords: createRecorder(trail),
    wakeLive: () => {
      live.wake();
    },
    clock,
    checkAnswers: !config.production,
    assets,
    renderDocument,
    signInPath,
    livePosition: () => live.position(),
    renderProblem: createProblemRenderer(renderDocument),
  };
}

/** One statement for both: the entry costs no way to the database of its own where events are written. */
function createRecorder(trail: Pick<AuditWriter, 'insertion'>): RouteParts['appendRecords'] {
  return async (tx, { time, ...change }: Change, events) => {
    const entry = trail.insertion({ ...change, occurredAt: time });
    const { tenantId, actor } = change;
    if (events.length === 0) await sql`${entry}`.execute(tx);
    else await inSpan(publishing(events.length), () => sql`with published as (${insertEvents(events.map((event) => ({ ...event, tenantId, actor, time })))}) ${entry}`.execute(tx));
  };
}

/** What the events carry with them, so that their delivery is a part of it: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/ */
function publishing(count: number): () => SpanPart {
  return () => ({ name: 'publish outbox', kind: 'producer', attributes: { 'messaging.system': 'outbox', 'messaging.destination.name': 'outbox', 'messaging.operation.type': 'send', 'messaging.operation.name': 'publish', 'messaging.batch.message_count': count } });
}

function createAssetsOf(features: readonly LoadedFeature[]): Assets {
  return createAssets([{ owner: 'site', directory: `${import.meta.dirname}/http/assets` }, ...features.map(({ name, directory }) => ({ owner: name, directory: `${directory}/assets` }))]);
}
