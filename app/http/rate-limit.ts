// How often an address, and a subject, may ask (CWE-770): counted in this process, or for all processes in Valkey or Redis;
// sign-ins for all processes in any case.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { Counter, Gauge, type Registry } from 'prom-client';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterPostgres, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError, refuse, type Refusal } from '#app/errors.ts';
import type { Subject } from '#app/feature.ts';
import { clientAddress, limitKeyOf } from '#app/http/client-address.ts';
import { given, type HttpMiddleware } from '#app/http/context.ts';
import type { SharedStore } from '#app/http/shared-store.ts';
import { SIGN_IN_TABLE } from '#app/http/sign-in-store.ts';

/** `address` counts every request of an address, the others those of one kind. */
export type LimitClass = 'address' | 'sign-in' | 'read' | 'change' | 'stream';
export type LimitsPerMinute = Readonly<Record<LimitClass, number>>;

/** Here, since it is what the limits set apart. */
export const BACK_CHANNEL_LOGOUT_PATH = '/auth/back-channel-logout';

export interface RateLimitOptions {
  readonly perMinute: LimitsPerMinute;
  readonly trustedProxies: number;
  /** Undefined: each process counts for itself. */
  readonly store: SharedStore | undefined;
  /** For sign-ins where there is no such store: few enough for a write each, and worth most to who would guess. */
  readonly signInStore: SharedStore | undefined;
  readonly log: Logger;
  readonly metrics: Registry;
}

export interface RateLimits {
  /** Before anybody is known: by address, and sign-in apart. */
  readonly ofAddress: HttpMiddleware;
  /** For ways to sign in that stand elsewhere than under `/auth/`. */
  readonly ofSignIn: HttpMiddleware;
  /** Once the subject is known. */
  readonly ofSubject: HttpMiddleware;
  /** By which an address is counted: of IPv6 the network. */
  readonly addressOf: (request: IncomingMessage) => string;
  /** The same for an upgrade, which has no response to write headers into. */
  refuseAddress(request: IncomingMessage): Promise<Refusal | undefined>;
  refuseStream(subject: Subject): Promise<Refusal | undefined>;
}

interface Count {
  readonly limit: number;
  readonly remaining: number;
  readonly resetS: number;
  readonly exceeded: boolean;
}

const WINDOW_S = 60;
/** Keys of one class that a process remembers in a window; the rest share one count, so that many addresses fill no memory. */
const MOST_KEYS = 100_000;
const OVERFLOW = 'overflow';
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export function createRateLimits({ perMinute, trustedProxies, store, signInStore, log, metrics }: RateLimitOptions): RateLimits {
  const refused = new Counter({ name: 'stockade_rate_limit_refusals_total', help: 'Requests refused because their address or subject asks too often.', labelNames: ['limit'], registers: [metrics] });
  for (const limit of Object.keys(perMinute)) refused.inc({ limit }, 0);
  const used = store ?? signInStore;
  if (used !== undefined) reportStore(used, log, metrics);
  const limiters = new Map((Object.keys(perMinute) as LimitClass[]).map((name) => [name, createLimiter(name, perMinute[name], { store, signInStore })]));

  const count = async (name: LimitClass, key: string): Promise<Count> => {
    const limiter = limiters.get(name);
    if (limiter === undefined) throw new TypeError(`There is no limit "${name}".`);
    const counted = await limiter(key);
    if (counted.exceeded) refused.inc({ limit: name });
    return counted;
  };
  const addressOf = (request: IncomingMessage) => limitKeyOf(clientAddress(request, trustedProxies));
  /** Of several the headers tell of each; the first that is exceeded refuses. */
  const step = (choose: (ctx: Parameters<HttpMiddleware>[0]) => readonly (readonly [LimitClass, string])[]): HttpMiddleware => async (ctx, next) => {
    for (const [name, key] of choose(ctx)) {
      const counted = await count(name, key);
      extendHeader(ctx.res, 'RateLimit-Policy', `"${name}";q=${counted.limit};w=${WINDOW_S}`);
      extendHeader(ctx.res, 'RateLimit', `"${name}";r=${counted.remaining};t=${counted.resetS}`);
      if (counted.exceeded) throw new AppError(TOO_MANY, { status: 429, code: 'too-many-requests', headers: { 'Retry-After': String(counted.resetS) } });
    }
    await next();
  };
  return {
    ofAddress: step((ctx) => {
      const address = addressOf(ctx.req);
      return [['address', address], ...(isSignIn(ctx.path) ? ([['sign-in', address]] as const) : [])];
    }),
    ofSignIn: step((ctx) => [['sign-in', addressOf(ctx.req)]]),
    addressOf,
    ofSubject: step((ctx) => [[classOf(ctx.method, ctx.path), keyOf(given(ctx, 'subject'))]]),
    refuseAddress: async (request) => refuseExceeded(await count('address', addressOf(request))),
    refuseStream: async (subject) => refuseExceeded(await count('stream', keyOf(subject))),
  };
}

/** The provider signs many people out from one address, and nobody in. */
function isSignIn(path: string): boolean {
  return path.startsWith('/auth/') && path !== BACK_CHANNEL_LOGOUT_PATH;
}

/** As one line: a list field's several lines mean the same (RFC 9110, 5.3), and cost Node more. */
function extendHeader(response: ServerResponse, name: string, item: string): void {
  const before = response.getHeader(name);
  response.setHeader(name, typeof before === 'string' ? `${before}, ${item}` : item);
}

const TOO_MANY = 'This many requests are not taken in so short a time. Retry-After says when to try again.';

function refuseExceeded({ exceeded }: Count): Refusal | undefined {
  return exceeded ? refuse(429, 'too-many-requests', TOO_MANY) : undefined;
}

function classOf(method: string, path: string): LimitClass {
  if (path.endsWith('/stream')) return 'stream';
  return SAFE_METHODS.has(method) ? 'read' : 'change';
}

function keyOf({ tenantId, id }: Subject): string {
  return JSON.stringify([tenantId, id]);
}

function chooseLimiter(name: LimitClass, limit: number, { store, signInStore }: Pick<RateLimitOptions, 'store' | 'signInStore'>): RateLimiterAbstract {
  const options = { keyPrefix: `rate:${name}`, points: limit, duration: WINDOW_S };
  const memory = new RateLimiterMemory(options);
  if (store !== undefined) return new RateLimiterRedis({ ...options, storeClient: store.client, useRedisPackage: true, rejectIfRedisNotReady: true, insuranceLimiter: memory });
  if (name !== 'sign-in' || signInStore === undefined) return memory;
  // Who is over the limit costs no further write.
  return new RateLimiterPostgres({ ...options, storeClient: signInStore.client, storeType: 'client', tableName: SIGN_IN_TABLE, tableCreated: true, clearExpiredByTimeout: false, inMemoryBlockOnConsumed: limit + 1, insuranceLimiter: memory });
}

function createLimiter(name: LimitClass, limit: number, stores: Pick<RateLimitOptions, 'store' | 'signInStore'>): (key: string) => Promise<Count> {
  const limiter = chooseLimiter(name, limit, stores);
  const bounded = boundKeys();
  return async (key) => {
    try {
      return toCount(await limiter.consume(bounded(key)), limit, false);
    } catch (error) {
      // Over the limit it rejects with the state, and with an Error when something failed.
      if (error instanceof RateLimiterRes) return toCount(error, limit, true);
      throw error;
    }
  };
}

function toCount({ remainingPoints, msBeforeNext }: RateLimiterRes, limit: number, exceeded: boolean): Count {
  return { limit, remaining: remainingPoints, resetS: Math.max(1, Math.ceil(msBeforeNext / 1_000)), exceeded };
}

/** The same key, or the shared one once too many others were seen in this window. */
function boundKeys(now: () => number = () => performance.now()): (key: string) => string {
  let seen = new Set<string>();
  let endsMs = 0;
  return (key) => {
    if (now() >= endsMs) {
      seen = new Set();
      endsMs = now() + WINDOW_S * 1_000;
    }
    if (!seen.has(key) && seen.size >= MOST_KEYS) return OVERFLOW;
    seen.add(key);
    return key;
  };
}

function reportStore(store: SharedStore, log: Logger, metrics: Registry): void {
  const up = new Gauge({ name: 'stockade_rate_limit_store_up', help: '1 while the store that processes share for rate limits answers (Valkey, or PostgreSQL for sign-ins); 0 while each process counts for itself.', registers: [metrics] });
  up.set(store.isReady() ? 1 : 0);
  store.onChange((ready) => {
    up.set(ready ? 1 : 0);
    if (ready) log.info('the rate limits are shared again');
    else log.warn('the store of the rate limits is away: each process counts for itself');
  });
}
