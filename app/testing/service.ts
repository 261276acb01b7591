// The whole service as it is deployed, on a database of its own and the real development provider.
import { parseConfig, type Config, type Environment } from '#app/config.ts';
import { CookieJar } from '#app/lib/cookie-jar.ts';
import { createKeyProvider } from '#app/privacy/key-provider.ts';
import { createPeople, type PeopleDirectory } from '#app/privacy/people.ts';
import { openServiceKeys } from '#app/privacy/service-keys.ts';
import { startService } from '#app/service.ts';
import { createLog } from '#app/telemetry/log.ts';
import { openTestDatabase, type TestedDatabase } from '#app/testing/database.ts';
import { freePorts } from '#app/testing/ports.ts';
import { UNLIMITED } from '#app/testing/process.ts';

export interface Visitor {
  readonly jar: CookieJar;
  /** As this user's browser would from the service's own pages; redirects are not followed. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

export interface TestService {
  readonly url: string;
  readonly adminUrl: string;
  readonly config: Config;
  readonly database: TestedDatabase;
  /** As the service knows them. */
  readonly people: PeopleDirectory;
  readonly logLines: readonly string[];
  /** A signed-in browser, through the provider's own pages. */
  as(user: string): Promise<Visitor>;
  /** Stops the service, and drops the database. */
  close(): Promise<void>;
}

/** PGlite works in the test's own process: on a slow machine its start alone makes the event loop late enough to shed load. */
const PATIENT: Environment = { LOOP_LAG_LIMIT_MS: '60000' };

export interface TestServiceOptions {
  readonly environment?: Environment;
  readonly clock?: () => Date;
}

export async function startTestService({ environment = {}, clock = () => new Date() }: TestServiceOptions = {}): Promise<TestService> {
  const [port = 0, providerPort = 0, adminPort = 0] = await freePorts(3);
  const provider = environment['OIDC_ISSUER'] === undefined ? { PROVIDER_PORT: String(providerPort) } : {};
  const config = parseConfig({ NODE_ENV: 'test', PORT: String(port), ADMIN_PORT: String(adminPort), ...provider, ...UNLIMITED, ...PATIENT, ...environment });
  const quiet: Config = { ...config, privacy: { ...config.privacy, checkpointFile: undefined } };
  const inMemory: Config = config.identity.provider.kind === 'server' ? quiet : { ...quiet, identity: { ...config.identity, provider: { kind: 'embedded', port: providerPort, directory: undefined } } };
  const logLines: string[] = [];
  const log = createLog({ level: 'info', destination: { write: (line) => void logLines.push(line) } });
  const database = await openTestDatabase();
  const service = await startService(inMemory, { log, database, clock });
  return {
    url: config.publicUrl,
    adminUrl: `http://${config.admin.host}:${config.admin.port}`,
    config: inMemory,
    database,
    people: createPeople({ keys: await openServiceKeys({ db: database.db, provider: await createKeyProvider(config.privacy.provider), log, now: clock() }), clock }),
    logLines,
    as: (user) => signIn(config.publicUrl, user),
    close: async () => {
      await service.stop();
    },
  };
}

/** At the embedded provider. */
export async function signIn(origin: string, user: string): Promise<Visitor> {
  const jar = new CookieJar();
  const chooser = await jar.follow(`${origin}/auth/sign-in`);
  const form = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ user }) };
  const { response, url } = await jar.follow(chooser.url, form);
  await response.body?.cancel();
  if (new URL(url).origin !== origin) throw new Error(`The sign-in as "${user}" ended at ${String(url)} with ${response.status}.`);
  return {
    jar,
    fetch: (path, init = {}) => {
      const headers = new Headers(init.headers);
      if (!headers.has('origin')) headers.set('origin', origin);
      return jar.fetch(new URL(path, origin), { ...init, headers });
    },
  };
}
