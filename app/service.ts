// Puts the parts together and takes them apart again: the one order of start and stop, for main and for tests.
import { once } from 'node:events';
import type { Server } from 'node:http';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { createAccess } from '#app/access/access.ts';
import { followGrants } from '#app/access/grants-file.ts';
import { createAdmin } from '#app/admin.ts';
import type { Config } from '#app/config.ts';
import { openDatabase, type OpenDatabase } from '#app/data/database.ts';
import { purgeIdempotencyKeys } from '#app/data/idempotency.ts';
import { measureDatabase } from '#app/data/measures.ts';
import { prepareSchema } from '#app/data/migrate.ts';
import { platformMigrations } from '#app/data/migration-files.ts';
import { inTransaction } from '#app/data/transaction.ts';
import { AppError } from '#app/errors.ts';
import { createFeatures, findFeatures, type FoundFeature } from '#app/features.ts';
import { DEVELOPMENT_USERS } from '#app/identity/development-users.ts';
import { makeIdentity } from '#app/http/listener.ts';
import { BACK_CHANNEL_LOGOUT_PATH, createRateLimits } from '#app/http/rate-limit.ts';
import { openSignInStore, purgeSignInLimits } from '#app/http/sign-in-store.ts';
import type { SharedStore } from '#app/http/shared-store.ts';
import { createIdentity, type Identity } from '#app/identity/identity.ts';
import { createIdentityMeasures } from '#app/identity/measures.ts';
import { createSessionsFeature } from '#app/identity/sessions.ts';
import { measureCertificates } from '#app/lib/certificate-end.ts';
import { createLive, type Live } from '#app/live/live.ts';
import { startAuditTrail } from '#app/privacy/audit-trail.ts';
import { createKeyProvider } from '#app/privacy/key-provider.ts';
import { collectRegister } from '#app/privacy/register.ts';
import { eraseUnseen, type RetentionParts } from '#app/privacy/retention.ts';
import { createPrivacyFeature } from '#app/privacy/privacy-feature.ts';
import { createPeople, type PeopleDirectory } from '#app/privacy/people.ts';
import { openServiceKeys } from '#app/privacy/service-keys.ts';
import { createServer } from '#app/server.ts';
import { prepareClose, shutDown, type ShutdownStep } from '#app/shutdown.ts';
import { createMetrics } from '#app/telemetry/metrics.ts';
import { measureRuntime } from '#app/telemetry/metrics-runtime.ts';
import type { Tracing } from '#app/telemetry/tracing.ts';

export interface StartedPart {
  readonly part: string;
  readonly kind: 'real' | 'embedded';
  readonly address: string;
  readonly readyAfterMs: number;
}

export interface Service {
  readonly parts: readonly StartedPart[];
  /** Stops in order, once. Returns what was not finished by the deadline. */
  stop(): Promise<readonly string[]>;
}

export interface ServiceOptions {
  readonly log: Logger;
  /** Already open; the service closes it. Without it, the configuration says which to open. */
  readonly database?: OpenDatabase;
  readonly clock?: () => Date;
}

const PROVIDER_CHECK_MS = 3_000;
const HOUSEKEEPING_MS = 10 * 60_000;
/** After a new service key, so many people's keys in each round. */
const REWRAPPED_AT_ONCE = 1_000;
const IDEMPOTENCY_KEPT_MS = 24 * 60 * 60_000;
/** What closing needs beyond draining: the pool, the provider, the folder lock. */
const CLOSE_GRACE_MS = 5_000;
const ADMIN_DRAIN_MS = 1_000;

/** @throws AppError when a part can't start; what had started is stopped again. */
export async function startService(config: Config, options: ServiceOptions): Promise<Service> {
  const stops: ShutdownStep[] = [];
  const started: StartedPart[] = [];
  const onStop = (name: string, run: () => Promise<unknown>) => {
    stops.unshift({ name, run });
  };
  const timed = async <T>(part: string, kind: StartedPart['kind'], address: (value: T) => string, start: () => Promise<T>): Promise<T> => {
    const from = performance.now();
    const value = await start();
    started.push({ part, kind, address: address(value), readyAfterMs: Math.round(performance.now() - from) });
    return value;
  };
  let stopped: Promise<readonly string[]> | undefined;
  const stop = () => (stopped ??= shutDown(stops, { deadlineMs: config.shutdown.unreadyMs + config.shutdown.drainTimeoutMs + CLOSE_GRACE_MS, log: options.log }));
  try {
    await startParts(config, options, timed, onStop);
  } catch (error) {
    await stop();
    throw error;
  }
  return { parts: started, stop };
}

type Timed = <T>(part: string, kind: StartedPart['kind'], address: (value: T) => string, start: () => Promise<T>) => Promise<T>;
type OnStop = (name: string, run: () => Promise<unknown>) => void;

async function startParts(config: Config, { log, database: given, clock = () => new Date() }: ServiceOptions, timed: Timed, onStop: OnStop): Promise<void> {
  const metrics = createMetrics({ revision: config.revision });
  const tracing = await startTracing(config, log, metrics, onStop);
  const found = await findFeatures();

  const database = await timed('PostgreSQL', config.database.kind === 'server' ? 'real' : 'embedded', (opened) => opened.address, async () => {
    const opened = given ?? (await openDatabase(config.database, { log }));
    onStop('database', () => opened.close());
    const ofFeatures = found.map(({ name, directory }) => ({ name, directory: path.join(directory, 'migrations') }));
    measureDatabase(opened, metrics);
    await prepareSchema(opened, [platformMigrations, ...ofFeatures], { log });
    return opened;
  });
  // After the database, so that one that does not answer leaves nothing else unfinished.
  const stopMeasuring = measureRuntime(metrics);
  onStop('runtime metrics', async () => {
    stopMeasuring();
    return Promise.resolve();
  });

  const provider = await createKeyProvider(config.privacy.provider, { log });
  const keys = await openServiceKeys({ db: database.db, provider, log, now: clock() });
  const people = createPeople({ keys, clock });
  if (config.database.kind === 'embedded') await seed(database, people, found, clock());
  const trail = startAuditTrail({ db: database.db, keys: keys.audit, checkpointFile: config.privacy.checkpointFile, verifyMs: config.privacy.verifyMs, metrics, log, clock });
  onStop('audit trail', () => trail.stop());

  // The two know each other only through functions: sessions that end are told to live, live asks who still has access.
  const live: { current?: Live } = {};
  const sessions = createSessionsFeature({ limits: config.identity, onSessionEnd: () => live.current?.recheck() });
  const register = collectRegister(found.map(({ module }) => module), config);
  const privacy = createPrivacyFeature({ people, register, onSessionEnd: () => live.current?.recheck() });
  const access = await createAccess([...found, sessions, privacy].map(({ module }) => module), { log, metrics, clock, logAllowedOneIn: config.access.logAllowedOneIn, signInFactors: config.identity.signInFactors });
  if (config.access.grantsFile !== undefined) {
    const stopFollowing = followGrants({ file: config.access.grantsFile, access, log, metrics });
    onStop('grants', async () => {
      stopFollowing();
      return Promise.resolve();
    });
  }
  const identityMeasures = createIdentityMeasures(metrics);
  const identity = createIdentity({ config: config.identity, publicUrl: config.publicUrl, database, people, trail, onSessionEnd: () => live.current?.recheck(), measures: identityMeasures, log, clock });
  measureCertificates(metrics, { issuer: () => identity.certificateEndMs(), database: () => database.pool.certificateEndMs });
  onStop('identity', () => identity.stop());
  await startProvider(config, identity, log, timed, onStop);
  live.current = await createLive({
    database,
    config: config.live,
    source: config.publicUrl,
    events: Object.assign({}, ...found.map(({ module }) => module.events)) as FoundFeature['module']['events'],
    can: (subject, action) => access.can(subject, action),
    revalidate: (subject) => identity.revalidate(subject),
    allowedOrigin: config.publicUrl,
    log,
    metrics,
    clock,
    tracing,
  });
  const { current: hub } = live;
  onStop('live', () => hub.close());
  onStop('housekeeping', startHousekeeping({ database, identity, people, register, trail, log, clock }));

  let ready = true;
  const tls = config.listenTls ? await makeIdentity(clock()) : undefined;
  const admin = createAdmin({
    isReady: () => ready,
    metrics,
    tls,
    checks: [
      { name: 'database', required: true, check: (timeoutMs) => database.check(timeoutMs) },
      // Sessions and cached keys go on without the provider: taking every process out of service would make its outage ours.
      { name: 'identity provider', required: false, check: (timeoutMs) => identity.check(timeoutMs) },
    ],
  });
  const store = await openStore(config, log, onStop);
  const limits = createRateLimits({ ...config.limits, store, signInStore: store === undefined ? openSignInStore(database.db, { log }) : undefined, log, metrics });
  const features = [sessions, privacy, ...createFeatures(found, { database: database.db, environment: config.others, production: config.production, signInFactors: config.identity.signInFactors, publicUrl: config.publicUrl, log, metrics, countSignIns: identityMeasures.countSignIns, clock })];
  onStop('features', () => Promise.all(features.map(async ({ feature }) => feature.stop?.())));
  const server = createServer({ config: { ...config, trustedProxies: config.limits.trustedProxies }, database, identity, access, live: hub, limits, features, people, trail, log, metrics, clock, isReady: () => ready, tls, tracing });

  const [closeAdmin, closeServer] = [prepareClose(admin), prepareClose(server)];

  await timed('Admin', 'real', () => `${tls === undefined ? 'http' : 'https'}://${config.admin.host}:${config.admin.port}`, () => listen(admin, config.admin, 'ADMIN_PORT'));
  onStop('admin', () => closeAdmin(ADMIN_DRAIN_MS));
  await timed('Service', 'real', () => config.publicUrl, () => listen(server, config, 'PORT'));
  onStop('requests', async () => {
    const closed = closeServer(config.shutdown.drainTimeoutMs);
    await hub.drain();
    await closed;
  });
  onStop('unready', async () => {
    ready = false;
    await wait(config.shutdown.unreadyMs);
  });
}

/** Loaded only where spans go somewhere. Stopped last: what the other parts did while they stopped is still sent. */
async function startTracing({ tracing: config, revision }: Config, log: Logger, metrics: Registry, onStop: OnStop): Promise<Tracing | undefined> {
  if (config === undefined) return undefined;
  const { openTracing } = await import('#app/telemetry/tracing.ts');
  const tracing = openTracing(config, { log, metrics, revision });
  onStop('traces', tracing.stop);
  return tracing;
}

/** The client is loaded only where there is a store: it takes a seventh of the start. */
async function openStore({ limits: { valkeyUrl, currentValkeyUrl } }: Config, log: Logger, onStop: OnStop): Promise<SharedStore | undefined> {
  if (valkeyUrl === undefined) return undefined;
  const { openSharedStore } = await import('#app/http/shared-store.ts');
  const store = openSharedStore(valkeyUrl, { log, currentUrl: currentValkeyUrl });
  onStop('shared store', store.close);
  return store;
}

async function startProvider({ identity: { provider, ...config }, publicUrl }: Config, identity: Identity, log: Logger, timed: Timed, onStop: OnStop): Promise<void> {
  if (provider.kind === 'server') {
    // A provider that is away for a moment must not keep the service from starting: `/readyz` shows it.
    await timed('OpenID provider', 'real', () => config.issuer, () => identity.check(PROVIDER_CHECK_MS).catch((error: unknown) => {
      log.warn({ err: error }, 'the identity provider does not answer yet');
    }));
    return;
  }
  await timed('OpenID provider', 'embedded', () => config.issuer, async () => {
    const { startDevelopmentProvider } = await import('#app/identity/development-provider.ts');
    const started = await startDevelopmentProvider({
      host: '127.0.0.1',
      port: provider.port,
      directory: provider.directory,
      client: { id: config.clientId, redirectUri: `${publicUrl}/auth/callback`, postLogoutRedirectUri: `${publicUrl}/`, backChannelLogoutUri: `${publicUrl}${BACK_CHANNEL_LOGOUT_PATH}` },
      audience: config.audience,
      log,
    });
    onStop('provider', () => started.close());
  });
}

/** Example rows for the tenants of the development users; a feature does nothing where it has rows. */
async function seed(database: OpenDatabase, people: PeopleDirectory, found: readonly FoundFeature[], now: Date): Promise<void> {
  for (const tenantId of new Set(DEVELOPMENT_USERS.map((user) => user.tenantId))) {
    for (const { module } of found) await inTransaction(database.forTenant(tenantId), async (db) => module.seed?.({ db, people: people.of(db, tenantId), tenantId, now }));
  }
}

interface Housekeeping extends RetentionParts {
  readonly database: OpenDatabase;
  readonly identity: Identity;
  readonly log: Logger;
  readonly clock: () => Date;
}

function startHousekeeping({ identity, log, clock, ...parts }: Housekeeping): () => Promise<void> {
  const { database, people } = parts;
  let running = Promise.resolve();
  const run = async () => {
    try {
      const now = clock();
      const sessions = await identity.purge(now);
      const keys = await purgeIdempotencyKeys(database.db, new Date(now.getTime() - IDEMPOTENCY_KEPT_MS));
      const signIns = await purgeSignInLimits(database.db, now);
      const rewrapped = await people.rewrap(database.db, REWRAPPED_AT_ONCE);
      const erased = await eraseUnseen(parts, now);
      log.debug({ sessions, keys, signIns, people: erased, rewrapped }, 'purged what has expired');
    } catch (error) {
      log.error({ err: error }, 'housekeeping failed; it runs again');
    }
  };
  const timer = setInterval(() => {
    running = running.then(run);
  }, HOUSEKEEPING_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}

async function listen(server: Server, { host, port }: { readonly host: string; readonly port: number }, setting: string): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'EADDRINUSE') throw new AppError(`Port ${port} on ${host} is taken: end what listens there, or set ${setting} to another port.`, { cause });
    if (code === 'EACCES') throw new AppError(`Port ${port} on ${host} is not allowed to this user: set ${setting} to 1024 or more.`, { cause });
    throw cause;
  }
}
