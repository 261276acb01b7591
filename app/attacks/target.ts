// The service under attack: the real process on a database of its own, its people of two tenants, and all of its routes.
// Tested by attack.proof.ts: every attack goes through it.
import { parseConfig } from '#app/config.ts';
import type { LoadedFeature } from '#app/features.ts';
import type { OpenApiDocument } from '#app/http/openapi.ts';
import { DEVELOPMENT_USERS } from '#app/identity/development-users.ts';
import { createSessionsFeature } from '#app/identity/sessions.ts';
import { obtainToken } from '#app/identity/token.ts';
import { type Answer, createClient } from '#app/testing/fuzz/client.ts';
import { findRoutes, type FuzzRoute, toSchema } from '#app/testing/fuzz/routes.ts';
import type { Schema } from '#app/testing/fuzz/schema-values.ts';
import { seed, signIn } from '#app/testing/fuzz/target.ts';
import { raisedLimits, type ServiceProcess, startServiceProcess } from '#app/testing/service-process.ts';
import type { PublicForm, PublicPage } from '#app/feature.ts';
import type { Setup } from './attack.ts';
import { type Leak, startFront } from './front.ts';
import { type Forge, startForge } from '#app/testing/forged-tokens.ts';
import { type HostileProvider, startHostileProvider } from './hostile-provider.ts';

export type Lines = readonly (readonly [name: string, value: string])[];
export interface Request {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Lines;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>> | string;
  readonly body?: string | Buffer;
}

export type Route = Omit<FuzzRoute, 'kind'> & { readonly kind: FuzzRoute['kind'] | 'public-page' | 'public-form' };

export interface Target {
  readonly setup: Setup;
  /** Where requests go: the service, or a front that leaks. */
  readonly address: string;
  /** What the service calls itself, and what its own pages send as Origin. */
  readonly origin: string;
  readonly issuer: string;
  readonly service: ServiceProcess;
  readonly routes: readonly Route[];
  readonly document: OpenApiDocument;
  readonly features: readonly LoadedFeature[];
  /** Of the setups `hostile` and `forged`. */
  readonly provider: HostileProvider | undefined;
  readonly forge: Forge | undefined;
  readonly resolve: (reference: string) => Schema;
  ask(request: Request): Promise<Answer>;
  /** The header lines of a program that somebody has authorised. */
  bearer(user: string): Promise<Lines>;
  /** The header lines of somebody's browser, on a page of the service. */
  browser(user: string): Promise<Lines>;
  /** The same with a sign-in of its own, for what may end it. */
  newBrowser(user: string): Promise<Lines>;
  /** A sign-in of its own: the cookie. */
  signIn(user: string): Promise<string>;
  /** The service's log, line by line. */
  logged(): readonly string[];
  /** What a front has logged. */
  frontLog?(): readonly string[];
}

export interface StartedTarget extends Target {
  /** The same behind a front that leaks, with sessions of its own. */
  behind(leak: Leak): Promise<Target & { close(): Promise<void> }>;
  /** With sessions of its own. */
  fresh(): Target;
  close(): Promise<void>;
}

/** As at the sign-in, which fetch makes: a session that another browser brings is asked to sign in again. */
const BROWSER = ['User-Agent', 'node'] as const;
const DEADLINE_MS = 15_000;
const CONNECTIONS = 16;
const FORGED_AUDIENCE = 'https://api.example.com';
export const TLS_ORIGIN = 'https://stockade.test';
/** A proxy writes it behind whatever the client has written. */
export const CLIENT_ADDRESS = '203.0.113.7';

const ENVIRONMENTS: Readonly<Record<Setup, Readonly<Record<string, string | undefined>>>> = {
  open: { ...raisedLimits(), LOG_LEVEL: 'info', SESSIONS_PER_PERSON: '1000', LIVE_HEARTBEAT_SECONDS: '1' },
  guarded: { PUBLIC_URL: TLS_ORIGIN, TRUSTED_PROXIES: '1', OIDC_AUDIENCE: `${TLS_ORIGIN}/api`, LOOP_LAG_LIMIT_MS: '60000', ...defaultLimits() },
  hostile: { ...raisedLimits(), LOG_LEVEL: 'warn' },
  forged: { ...raisedLimits(), OIDC_AUDIENCE: FORGED_AUDIENCE },
};

export async function startTarget(setup: Setup, serverUrl: string | undefined): Promise<StartedTarget> {
  const sessions = createSessionsFeature({ limits: { sessionIdleMs: 1 }, onSessionEnd: () => undefined });
  const found = await findRoutes([sessions]);
  const provider = setup === 'hostile' ? await startHostileProvider() : undefined;
  const forge = setup === 'forged' ? await startForge(FORGED_AUDIENCE, () => new Date()) : undefined;
  const issuer = (provider ?? forge)?.issuer;
  const service = await startServiceProcess(`attack-${setup}`, serverUrl, { ...ENVIRONMENTS[setup], ...(issuer === undefined ? {} : { PROVIDER_PORT: undefined, OIDC_ISSUER: issuer, OIDC_CLIENT_ID: 'attack', OIDC_SIGNATURES: 'legacy-rsa' }) });
  if (service.databaseUrl !== undefined) await seed(service.databaseUrl, found);
  const origin = setup === 'guarded' ? TLS_ORIGIN : service.origin;
  const audience = `${origin}/api`;
  const tokens = new Map<string, Promise<string>>();
  const tokenOf = (user: string): Promise<string> => {
    const token = tokens.get(user) ?? forge?.sign({ ...forge.claims(), ...claimsOf(user) }) ?? provider?.accessToken(user, audience) ?? obtainToken({ issuer: service.issuer, audience, user });
    tokens.set(user, token);
    return token;
  };
  const shared = {
    setup,
    origin,
    issuer: issuer ?? service.issuer,
    service,
    routes: [...found.routes.map((route) => describePublic(route, found.features))],
    document: found.document,
    features: found.features,
    provider,
    forge,
    resolve: (reference: string) => found.document.components.schemas[reference.slice(reference.lastIndexOf('/') + 1)] as Schema,
    bearer: async (user: string): Promise<Lines> => [['Authorization', `Bearer ${await tokenOf(user)}`]],
    logged: () => service.process.stdout().split('\n').filter((line) => line !== ''),
  };
  const at = (address: string) => {
    const client = createClient(address, { connections: CONNECTIONS, deadlineMs: DEADLINE_MS, host: new URL(origin).host });
    const cookies = new Map<string, Promise<string>>();
    const enter = (user: string) => (setup === 'open' ? signIn(service.origin, user) : signInByHand(service.origin, user));
    const linesOf = (cookie: string): Lines => [['Cookie', cookie], ['Origin', origin], ['Sec-Fetch-Site', 'same-origin'], BROWSER];
    const target: Target = {
      ...shared,
      address,
      ask: (request) => client.send(toWire(request), request.headers ?? []),
      signIn: enter,
      browser: async (user) => {
        const cookie = cookies.get(user) ?? enter(user);
        cookies.set(user, cookie);
        return linesOf(await cookie);
      },
      newBrowser: async (user) => linesOf(await enter(user)),
    };
    return { target, client };
  };
  const direct = at(service.origin);
  return {
    ...direct.target,
    fresh: () => at(service.origin).target,
    async behind(leak) {
      let written = '';
      const front = await startFront(service.origin, leak, { origin, issuer: shared.issuer, tokens: () => Promise.all(DEVELOPMENT_USERS.map(({ id }) => tokenOf(id))), log: (text) => (written += `${text}\n`) });
      const { target, client } = at(front.address);
      return {
        ...target,
        frontLog: () => written.split('\n').filter((line) => line !== ''),
        async close() {
          client.close();
          await front.close();
        },
      };
    },
    async close() {
      direct.client.close();
      await service.close();
      provider?.close();
      forge?.close();
    },
  };
}

function claimsOf(user: string) {
  const { id = user, name = user, tenantId = 'acme', roles = [] } = DEVELOPMENT_USERS.find((each) => each.id === user) ?? {};
  return { sub: id, name, tenant: tenantId, roles: [...roles] };
}

/** As they are where nobody sets them. */
function defaultLimits(): Readonly<Record<string, string>> {
  const { perMinute } = parseConfig({}).limits;
  return Object.fromEntries(Object.entries(perMinute).map(([name, limit]) => [`RATE_LIMIT_${name.toUpperCase().replaceAll('-', '_')}`, String(limit)]));
}

/** The router knows them as the platform's. */
function describePublic(route: FuzzRoute, features: readonly LoadedFeature[]): Route {
  const page = features.flatMap(({ feature }) => feature.publicPages ?? []).find(({ path, method }) => path === route.path && method.toUpperCase() === route.method) as PublicPage | PublicForm | undefined;
  if (page === undefined) return route;
  if (page.kind === 'public-form') return { ...route, kind: 'public-form', body: { type: 'form', schema: toSchema(page.body) } };
  const query = page.query === undefined ? {} : ((toSchema(page.query)['properties'] ?? {}) as Readonly<Record<string, Schema>>);
  return { ...route, kind: 'public-page', query };
}

/** Where the service calls itself by another name than the address that it is asked at, as behind a proxy. */
async function signInByHand(address: string, user: string): Promise<string> {
  const { CookieJar } = await import('#app/lib/cookie-jar.ts');
  const jar = new CookieJar();
  const isCallback = ({ pathname }: URL): boolean => pathname === '/auth/callback';
  const chooser = await jar.follow(`${address}/auth/sign-in`, {}, isCallback);
  const callback = isCallback(chooser.url) ? chooser : await jar.follow(chooser.url, { method: 'POST', body: new URLSearchParams({ user }) }, isCallback);
  const end = await jar.fetch(address + callback.url.pathname + callback.url.search);
  await end.body?.cancel();
  const cookie = jar.read(address);
  if (!cookie.includes('session=')) throw new Error(`The sign-in as "${user}" ended at ${callback.url.href} with ${end.status}.`);
  return cookie;
}

const UNSENDABLE = /[^\x21-\xff]/gu;

function toWire({ method = 'GET', path, headers = [], json, form, body }: Request) {
  const has = (name: string): boolean => headers.some(([given]) => given.toLowerCase() === name);
  const own: [string, string][] = [];
  let bytes = typeof body === 'string' ? Buffer.from(body) : body;
  if (json !== undefined) {
    bytes = Buffer.from(JSON.stringify(json));
    if (!has('content-type')) own.push(['Content-Type', 'application/json']);
  }
  if (form !== undefined) {
    bytes = Buffer.from(typeof form === 'string' ? form : new URLSearchParams(form).toString());
    if (!has('content-type')) own.push(['Content-Type', 'application/x-www-form-urlencoded']);
  }
  // Without a length Node would send an empty chunked body, which not every route takes.
  if (bytes === undefined && !has('transfer-encoding') && method !== 'GET' && method !== 'HEAD') bytes = Buffer.alloc(0);
  return { method, target: path.replaceAll(UNSENDABLE, (character) => encodeURIComponent(character.toWellFormed())), headers: own, body: bytes };
}

