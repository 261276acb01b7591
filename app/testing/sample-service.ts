// The public server with the sample feature on a real database; who asks and what is live are stand-ins that tests look at.
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { OpenDatabase } from '#app/data/database.ts';
import type { Database, Role, Subject } from '#app/feature.ts';
import { refuse } from '#app/errors.ts';
import { createAccess } from '#app/access/access.ts';
import { createRateLimits, type LimitsPerMinute } from '#app/http/rate-limit.ts';
import { createServer, type ServerParts } from '#app/server.ts';
import { createLog } from '#app/telemetry/log.ts';
import { openTestDatabase } from '#app/testing/database.ts';
import { createTestPrivacy } from '#app/testing/privacy.ts';
import { createSampleFeature, type SampleFeature } from '#app/testing/sample-feature.ts';

export interface SampleService {
  readonly origin: string;
  readonly sample: SampleFeature;
  readonly parts: ServerParts;
  readonly logLines: readonly string[];
  readonly db: Database;
  /** How often the live part was woken. */
  readonly wakes: { count: number };
  /** Whose sessions were ended, and `told` each time the live part was told. */
  readonly endedSessions: string[];
  /** Sends a request; redirects are not followed. `as` is a user's name for a bearer token. */
  send(path: string, options?: SendOptions): Promise<Response>;
  /** Sends bytes as they are, and reads until the server closes. */
  sendRaw(text: string): Promise<string>;
  close(): Promise<void>;
}

export interface SendOptions {
  readonly method?: string;
  readonly as?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

const USERS: Readonly<Record<string, readonly [tenantId: string, role: Role]>> = { clerk: ['acme', 'clerk'], viewer: ['acme', 'viewer'], auditor: ['acme', 'auditor'], 'globex-clerk': ['globex', 'clerk'] };

/** What tests ask for is no flood. */
export const UNREACHED: LimitsPerMinute = { address: 1_000_000, 'sign-in': 1_000_000, read: 1_000_000, change: 1_000_000, stream: 1_000_000 };

export const SAMPLE_CONFIG: ServerParts['config'] = { production: false, corsOrigins: [], overload: { maxLagMs: 60_000 }, connections: { idleMs: 60_000, most: 1_000, mostOfAddress: undefined }, publicUrl: 'http://stockade.test', identity: { issuer: 'http://provider.test' } };

const NOW = '2026-01-02T03:04:05.678Z';

type Overrides = Partial<ServerParts>;

export async function startSampleService(overrides: Overrides | ((database: OpenDatabase) => Promise<Overrides>) = {}): Promise<SampleService> {
  const database = await openTestDatabase();
  const own = typeof overrides === 'function' ? await overrides(database) : overrides;
  const sample = createSampleFeature();
  const logLines: string[] = [];
  const wakes = { count: 0 };
  const endedSessions: string[] = [];
  const parts: ServerParts = {
    config: SAMPLE_CONFIG,
    database,
    identity: {
      authenticate: (request) => Promise.resolve(recognise(request)),
      issuerOrigin: 'http://provider.test',
      routes: { signIn: answerEmpty, callback: answerEmpty, signOut: answerEmpty },
      endByProvider: () => Promise.resolve(undefined),
      sessionsEnded: () => {
        endedSessions.push('told');
      },
      browser: {
        async begin(ctx, { person }) {
          ctx.append('Set-Cookie', `session=${person.id}; Path=/`);
          return Promise.resolve();
        },
        async endSessions(_db, { tenantId, id }) {
          endedSessions.push(`${tenantId}/${id}`);
          return Promise.resolve();
        },
        kept: (request, feature) => new Map((request.headers.cookie ?? '').split('; ').map((pair) => pair.split('=') as [string, string])).get(feature),
        keep(ctx, feature, { value }) {
          ctx.append('Set-Cookie', `${feature}=${value}; Path=/`);
        },
        localPath: (target) => (target?.startsWith('/') === true ? target : '/'),
      },
    },
    access: await createAccess([sample.module], { log: pino({ level: 'silent' }), metrics: new Registry(), clock: () => new Date(NOW), logAllowedOneIn: 1_000_000, signInFactors: 1 }),
    live: {
      wake: () => {
        wakes.count += 1;
      },
      position: () => 0,
      serveSse: (ctx, subject) => {
        ctx.type = 'text/event-stream';
        ctx.body = `: for ${subject.id}\n\n`;
        return Promise.resolve();
      },
      attachSocket: () => undefined,
    },
    ...createTestPrivacy({ clock: () => new Date(NOW) }),
    features: [sample],
    limits: createRateLimits({ perMinute: UNREACHED, trustedProxies: 0, store: undefined, signInStore: undefined, log: pino({ level: 'silent' }), metrics: new Registry() }),
    log: createLog({ level: 'info', destination: { write: (line) => void logLines.push(line) } }),
    metrics: new Registry(),
    clock: () => new Date(NOW),
    isReady: () => true,
    ...own,
  };
  const server = createServer(parts).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    sample,
    parts,
    logLines,
    db: database.db,
    wakes,
    endedSessions,
    send: (path, options = {}) => send(origin, path, options),
    sendRaw: (text) => sendRaw(port, text),
    async close() {
      server.close();
      server.closeAllConnections();
      await database.close();
    },
  };
}

function recognise({ headers }: IncomingMessage): ReturnType<typeof toSubject> | ReturnType<typeof refuse> | undefined {
  const bearer = headers.authorization?.replace(/^Bearer /, '');
  const session = /session=([\w-]+)/.exec(headers.cookie ?? '')?.[1];
  const name = bearer ?? session;
  if (name === undefined) return undefined;
  return toSubject(name, bearer === undefined) ?? refuse(401, 'invalid-token', 'The token is not valid.');
}

function toSubject(name: string, hasSession: boolean): Subject | undefined {
  const user = USERS[name];
  if (user === undefined) return undefined;
  const expiresAt = new Date('2030-01-01T00:00:00Z');
  return { tenantId: user[0], id: name, name: `The ${name}`, roles: [user[1]], credential: hasSession ? { kind: 'session', sessionId: name, expiresAt } : { kind: 'bearer', expiresAt } };
}

function answerEmpty(ctx: { status: number }): void {
  ctx.status = 204;
}

// node:http and not fetch: fetch adds and forbids headers of its own, those of Fetch Metadata among them.
async function send(origin: string, path: string, { method = 'GET', as, headers = {}, json, form, body }: SendOptions): Promise<Response> {
  const content = json !== undefined ? JSON.stringify(json) : form !== undefined ? new URLSearchParams(form).toString() : body;
  const type = json !== undefined ? 'application/json' : form !== undefined ? 'application/x-www-form-urlencoded' : undefined;
  const request = http.request(new URL(path, origin), {
    method,
    agent: false,
    headers: {
      ...(as === undefined ? {} : { authorization: `Bearer ${as}` }),
      ...(type === undefined ? {} : { 'content-type': type }),
      ...(content === undefined ? {} : { 'content-length': Buffer.byteLength(content) }),
      ...headers,
    },
  });
  request.end(content);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const fields = new Headers();
  for (let index = 0; index < response.rawHeaders.length; index += 2) fields.append(response.rawHeaders[index] ?? '', response.rawHeaders[index + 1] ?? '');
  const status = response.statusCode ?? 0;
  return new Response([204, 304].includes(status) ? null : Buffer.concat(chunks), { status, headers: fields });
}

async function sendRaw(port: number, text: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    answer += chunk;
  });
  // A server that closes on purpose may reset the connection; what it said before counts.
  socket.on('error', () => undefined);
  socket.write(text, 'latin1');
  await new Promise((resolve) => socket.once('close', resolve));
  return answer;
}
