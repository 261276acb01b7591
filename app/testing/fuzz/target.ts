// The service under the fuzz: the real process on a database of its own, with its people, its example rows and its routes.
import { pino } from 'pino';
import { ROLES } from '#app/feature.ts';
import { inTransaction } from '#app/data/transaction.ts';
import { parseConfig } from '#app/config.ts';
import { openServerDatabase } from '#app/data/server-database.ts';
import { DEVELOPMENT_USERS } from '#app/identity/development-users.ts';
import { obtainToken } from '#app/identity/token.ts';
import { CookieJar } from '#app/lib/cookie-jar.ts';
import { createKeyProvider } from '#app/privacy/key-provider.ts';
import { createPeople } from '#app/privacy/people.ts';
import { openServiceKeys } from '#app/privacy/service-keys.ts';
import { raisedLimits, startServiceProcess } from '#app/testing/service-process.ts';
import type { FuzzRequest, FuzzSource } from './requests.ts';
import { findRoutes, type FoundRoutes, type FuzzRoute } from './routes.ts';
import type { Schema } from './schema-values.ts';
import { type Memory, readMemory } from './service-memory.ts';

export interface FuzzTarget {
  readonly source: FuzzSource;
  readonly issuer: string;
  readonly engine: 'PostgreSQL' | 'PGlite';
  credentialOf(request: FuzzRequest): Promise<readonly (readonly [name: string, value: string])[]>;
  memory(): Promise<Memory>;
  /** Errors in the log, and everything that was written beside it. */
  complaints(): readonly string[];
  hasEnded(): boolean;
  close(): Promise<void>;
}

/** What people are signed out with, so that the others stay. */
const SIGN_OUTS_A_SESSION = 200;

/** As at the sign-in, which fetch makes: what another browser brings is sent to sign in again, and reaches no form. */
const BROWSER = ['User-Agent', 'node'] as const;

export async function startTarget(serverUrl: string | undefined): Promise<FuzzTarget> {
  const found = await findRoutes();
  // Memory is read after a collection, which only the inspector can ask for.
  const service = await startServiceProcess('fuzz', serverUrl, { NODE_OPTIONS: '--allow-inspector --inspect=127.0.0.1:0', ...raisedLimits() });
  const { origin, issuer, audience, databaseUrl } = service;
  let ended = false;
  void service.process.ended().then(() => (ended = true));
  if (databaseUrl !== undefined) await seed(databaseUrl, found);
  const tokens = new Map<string, string>();
  const sessions = new Map<string, string>();
  for (const { id } of DEVELOPMENT_USERS) {
    tokens.set(id, await obtainToken({ issuer, audience, user: id }));
    sessions.set(id, await signIn(origin, id));
  }
  const spare = { cookie: '', uses: 0 };
  return {
    source: { ...(await createSource(found, origin, sessions, tokens)), users: DEVELOPMENT_USERS, origin },
    issuer,
    engine: service.engine,
    async credentialOf({ caller, route }) {
      switch (caller.kind) {
        case 'nobody':
          return [];
        case 'broken':
          return [['Authorization', 'Bearer eyJhbGciOiJSUzI1NiJ9.e30.AAAA']];
        case 'bearer':
          return [['Authorization', `Bearer ${tokens.get(caller.user) ?? ''}`]];
        case 'session':
          if (route.kind !== 'platform' || route.method === 'GET') return [['Cookie', sessions.get(caller.user) ?? ''], BROWSER];
          if (spare.uses % SIGN_OUTS_A_SESSION === 0) spare.cookie = await signIn(origin, caller.user);
          spare.uses += 1;
          return [['Cookie', spare.cookie], BROWSER];
      }
    },
    memory: () => readMemory(/ws:\/\/\S+/.exec(service.process.stderr())?.[0] ?? ''),
    complaints: () => [
      ...service.process.stdout().split('\n').filter((line) => line.startsWith('{')),
      ...service.process.stderr().split('\n').filter((line) => line !== '' && !/^(?:Debugger |For help, see|Waiting for the debugger)/.test(line)),
    ],
    hasEnded: () => ended,
    close: () => service.close(),
  };
}

/** As the embedded database does by itself. */
export async function seed(url: string, { features }: Pick<FoundRoutes, 'features'>): Promise<void> {
  const database = await openServerDatabase({ url, poolSize: 1 }, { log: pino({ level: 'silent' }) });
  try {
    // Under the keys that the started service has made.
    const provider = await createKeyProvider(parseConfig({}).privacy.provider);
    const people = createPeople({ keys: await openServiceKeys({ db: database.db, provider, log: pino({ level: 'silent' }), now: new Date() }), clock: () => new Date() });
    for (const tenantId of new Set(DEVELOPMENT_USERS.map((user) => user.tenantId))) {
      for (const { module } of features) await inTransaction(database.forTenant(tenantId), async (db) => module.seed?.({ db, people: people.of(db, tenantId), tenantId, now: new Date() }));
    }
  } finally {
    await database.close();
  }
}

export async function signIn(origin: string, user: string): Promise<string> {
  const jar = new CookieJar();
  const chooser = await jar.follow(`${origin}/auth/sign-in`);
  await chooser.response.body?.cancel();
  const { response, url } = await jar.follow(chooser.url, { method: 'POST', body: new URLSearchParams({ user }) });
  await response.body?.cancel();
  if (url.origin !== origin || !jar.read(origin).includes('session=')) throw new Error(`The sign-in as "${user}" ended at ${url.href} with ${response.status}.`);
  return jar.read(origin);
}

/** Every page's assets, and every value that the API shows under a name: what parameters of that name may be. */
async function createSource({ routes, document }: FoundRoutes, origin: string, sessions: ReadonlyMap<string, string>, tokens: ReadonlyMap<string, string>): Promise<Pick<FuzzSource, 'routes' | 'known' | 'resolve'>> {
  const known = new Map<string, Set<string>>();
  const assets = new Set<string>();
  const plain = routes.filter(({ method, path: route }) => method === 'GET' && !route.includes('{') && !/\/(?:auth|stream|socket)(?:\/|$)/.test(route));
  for (const user of DEVELOPMENT_USERS.map(({ id }) => id)) {
    for (const { kind, path: route } of plain) {
      const headers = kind === 'operation' ? { authorization: `Bearer ${tokens.get(user) ?? ''}` } : { cookie: sessions.get(user) ?? '', accept: 'text/html, */*' };
      const response = await fetch(origin + route, { headers, redirect: 'manual' });
      const text = await response.text();
      for (const [url] of text.matchAll(/\/assets\/[\w./-]+/g)) assets.add(url);
      if (kind === 'operation' && response.ok) collect(JSON.parse(text), known);
    }
  }
  const all: FuzzRoute[] = [...routes, ...[...assets].sort().map((file): FuzzRoute => ({ kind: 'asset', method: 'GET', path: file, params: {}, query: {}, demandsVersion: false, upgrades: false, roles: ROLES }))];
  const [first, ...rest] = all;
  if (first === undefined) throw new Error('The service has no route.');
  return {
    routes: [first, ...rest],
    known: new Map([...known].map(([name, values]) => [name, [...values].sort().slice(0, MOST_KNOWN)])),
    resolve: (reference) => document.components.schemas[reference.slice(reference.lastIndexOf('/') + 1)] as Schema,
  };
}
const MOST_KNOWN = 50;

function collect(value: unknown, known: Map<string, Set<string>>, name = ''): void {
  if (Array.isArray(value)) for (const each of value) collect(each, known, name);
  else if (typeof value === 'object' && value !== null) for (const [key, each] of Object.entries(value)) collect(each, known, key);
  else if (typeof value === 'string') {
    // What the next page is asked for with is called otherwise than what names it.
    const own = name.replace(/^next(\w)/, (_, letter: string) => letter.toLowerCase());
    known.set(own, (known.get(own) ?? new Set()).add(value));
  }
}
