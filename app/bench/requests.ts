// Read and move: each server in turn, round by round, under the same load.
// Tested by bench.proof.ts: it is what the command runs.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type BenchDatabases, SKUS } from './bench-database.ts';
import { type LoadProcess, startLoad } from './load-process.ts';
import { type Bench, type MeasuredServer, startRival, startService } from './servers.ts';

export type RequestKind = 'read' | 'move';

export interface Round {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuUs: number;
  /** Of one core: what is far below 1 was held up by something else than the server. */
  readonly busy: number;
}

export interface RequestFigures {
  readonly stack: string;
  readonly rounds: readonly Round[];
}

export interface RequestOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly onProgress: (text: string) => void;
}

export interface LoadResult {
  readonly answers: number;
  readonly seconds: number;
  readonly errors: number;
  readonly timeouts: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const CONNECTIONS = 32;
/** As many as keep each of them, and each address, below the usual limits a minute at 10,000 requests a second. */
const SUBJECTS = 2_048;
/** How far apart two connections begin in the list of items: on the same one they would wait for one another. */
const STRIDE = 8;
/** Every address arrives as from one load balancer, which is how production sees them. */
export const BEHIND_PROXY = { TRUSTED_PROXIES: '1' };
const WARM_UP_SECONDS = 2;
const BODY = JSON.stringify({ delta: 1, reason: 'received' });
const SUCCESS: Readonly<Record<RequestKind, number>> = { read: 200, move: 201 };

export function issueTokens({ issuer }: Bench): Promise<readonly string[]> {
  return issuer.tokens(SUBJECTS);
}

/** @throws Error as soon as any answer of any server is not what it should be. */
export async function measureRequests(bench: Bench, databases: BenchDatabases, kinds: readonly RequestKind[], options: RequestOptions): Promise<ReadonlyMap<RequestKind, readonly RequestFigures[]>> {
  const servers: MeasuredServer[] = [];
  const load = await startLoad(bench.cores, 'load.js');
  try {
    for (const [name, file, environment] of RIVALS) servers.push(await startRival(bench, name, file, await databases.copy(), environment));
    servers.push(await startService(bench, databases.ofService(await databases.copy()), { environment: BEHIND_PROXY }));
    const tokens = await issueTokens(bench);
    await requireSameAnswers(servers, tokens[0] ?? '');
    const figures = new Map<RequestKind, readonly RequestFigures[]>();
    for (const kind of kinds) {
      figures.set(kind, await measureKind(kind, servers, (server, seconds) => runLoad(load, server, kind, tokens, seconds), options));
    }
    return figures;
  } finally {
    await load.stop();
    for (const server of servers) await server.stop();
  }
}

const RIVALS: readonly (readonly [name: string, file: string, environment?: Readonly<Record<string, string>>])[] = [
  ['node:http', 'node-http.js'],
  ['koa', 'koa.js'],
  ['fastify', 'fastify.js'],
];

async function measureKind(kind: RequestKind, servers: readonly MeasuredServer[], run: (server: MeasuredServer, seconds: number) => Promise<LoadResult>, { rounds, seconds, onProgress }: RequestOptions): Promise<readonly RequestFigures[]> {
  const figures = servers.map(({ name }) => ({ stack: name, rounds: [] as Round[] }));
  for (const server of servers) {
    onProgress(`${kind}: warming up ${server.name}`);
    await run(server, WARM_UP_SECONDS);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const offset of servers.keys()) {
      // Each round begins with another server: what comes after what is no part of the figures.
      const index = (offset + round) % servers.length;
      const server = servers[index];
      if (server === undefined) continue;
      onProgress(`${kind}: round ${round + 1} of ${rounds}, ${server.name}`);
      const before = await server.ask('cpu');
      const result = await run(server, seconds);
      const cpuUs = (await server.ask('cpu')) - before;
      figures[index]?.rounds.push({ perSecond: result.answers / result.seconds, p50Ms: result.p50Ms, p99Ms: result.p99Ms, cpuUs: cpuUs / result.answers, busy: cpuUs / 1e6 / result.seconds });
    }
  }
  return figures;
}

/** @throws Error when any answer is not what it should be. */
export async function runLoad(load: LoadProcess, { name, origin, log }: MeasuredServer, kind: RequestKind, tokens: readonly string[], seconds: number): Promise<LoadResult> {
  const result = await load.run<LoadResult>({ origin, requests: requestsOf(kind, tokens), connections: CONNECTIONS, seconds, uniqueKeys: kind === 'move' });
  const { answers, errors, timeouts, statuses } = result;
  if (answers > 0 && errors === 0 && timeouts === 0 && statuses[SUCCESS[kind]] === answers) return result;
  throw new Error(`${name} failed at ${kind}: ${JSON.stringify({ answers, errors, timeouts, statuses })}\n${log().slice(-2_000)}`);
}

function requestsOf(kind: RequestKind, tokens: readonly string[]): object[] {
  const perConnection = Math.ceil(tokens.length / CONNECTIONS);
  return tokens.map((token, index) => {
    const sku = SKUS[(index + STRIDE * Math.floor(index / perConnection)) % SKUS.length] ?? '';
    const headers = { accept: 'application/json', authorization: `Bearer ${token}`, 'x-forwarded-for': `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}` };
    if (kind === 'read') return { method: 'GET', path: `/api/v1/items/${sku}`, headers };
    // autocannon puts an id of its own into each.
    return { method: 'POST', path: `/api/v1/items/${sku}/movements`, headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': `bench-[<id>]` }, body: BODY };
  });
}

/** All answer the same body to the same read; a movement changes what is read after it, by the same amount everywhere. */
async function requireSameAnswers(servers: readonly MeasuredServer[], token: string): Promise<void> {
  const [sku = ''] = SKUS;
  const read = async ({ name, origin }: MeasuredServer): Promise<Record<string, unknown>> => {
    const response = await fetch(`${origin}/api/v1/items/${sku}`, { headers: { authorization: `Bearer ${token}` } });
    const text = await response.text();
    assert.equal(response.status, 200, `${name}: ${text}`);
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/, name);
    return JSON.parse(text) as Record<string, unknown>;
  };
  const items = await Promise.all(servers.map(read));
  for (const [index, item] of items.entries()) {
    assert.deepEqual(item, items[0], servers[index]?.name ?? '');
    assert.deepEqual(Object.keys(item), Object.keys(items[0] ?? {}), servers[index]?.name ?? '');
  }
  for (const server of servers) {
    const response = await fetch(`${server.origin}/api/v1/items/${sku}/movements`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: BODY,
    });
    assert.equal(response.status, 201, `${server.name}: ${await response.text()}`);
    assert.equal((await read(server))['quantity'], Number(items[0]?.['quantity']) + 1, server.name);
  }
}
