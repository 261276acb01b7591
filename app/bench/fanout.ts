// One change told to thousands of live sessions: this service's WebSocket and SSE beside a bare broadcast, event by event.
// Tested by bench.proof.ts: `npm run bench -- fanout`.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { type BenchDatabases, SKUS } from './bench-database.ts';
import { type LoadProcess, startLoad } from './load-process.ts';
import { type Bench, type MeasuredServer, startRival, startService } from './servers.ts';

export interface Delivery {
  /** From the sending of the request that makes the change to the arrival of its event. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly firstMs: number;
  /** From the first listener's arrival: what telling them costs, apart from storing the change. */
  readonly spreadP50Ms: number;
  readonly spreadP99Ms: number;
}

export interface FanoutFigures {
  readonly stack: string;
  readonly sessions: number;
  readonly events: readonly Delivery[];
  /** After a collection of garbage, above the process without sessions. */
  readonly heapKibPerSession: number;
  readonly rssKibPerSession: number;
  readonly sessionsPerSecond: number;
}

/** What the service allows one subject (app/live/limits.ts); a session more would be refused. */
const SESSIONS_PER_SUBJECT = 32;
const OTHER_DESCRIPTORS = 200;
const WARM_UP_EVENTS = 3;
/** About what the service's event of a movement has. */
const EVENT_BYTES = '600';
const KIBIBYTE = 1_024;

interface Contender {
  readonly name: string;
  readonly transport: 'websocket' | 'sse';
  readonly path: string;
  start(): Promise<MeasuredServer>;
}

interface Opened {
  readonly contender: Contender;
  readonly server: MeasuredServer;
  readonly audience: LoadProcess;
  readonly events: Delivery[];
  readonly figures: Omit<FanoutFigures, 'events'>;
}

/** @throws Error when a session is refused or closed, or an event does not reach every one of them. */
export async function measureFanout(bench: Bench, databases: BenchDatabases, { sessions, events, onProgress }: { readonly sessions: number; readonly events: number; readonly onProgress: (text: string) => void }): Promise<readonly FanoutFigures[]> {
  const limit = readDescriptorLimit();
  if (limit !== undefined && limit < sessions + OTHER_DESCRIPTORS) throw new Error(`not run: ${sessions} sessions need ${sessions + OTHER_DESCRIPTORS} file descriptors a process, and "ulimit -n" is ${limit}.`);
  const tokens = await bench.issuer.tokens(Math.ceil(sessions / SESSIONS_PER_SUBJECT));
  const opened: Opened[] = [];
  const cleanups: (() => Promise<void>)[] = [];
  try {
    for (const contender of contendersOf(bench, databases)) {
      onProgress(`fanout: opening ${sessions} sessions at ${contender.name}`);
      opened.push(await open(contender, bench, { sessions, tokens, cleanups }));
    }
    for (let index = 0; index < events + WARM_UP_EVENTS; index += 1) {
      onProgress(`fanout: ${sessions} sessions, event ${index + 1} of ${events + WARM_UP_EVENTS}`);
      for (const offset of opened.keys()) {
        const one = opened[(offset + index) % opened.length];
        if (one === undefined) continue;
        const delivery = await one.audience.run<Delivery>({ kind: 'publish', request: requestOf(one.server, tokens, index) });
        if (index >= WARM_UP_EVENTS) one.events.push(delivery);
      }
    }
    return opened.map(({ figures, events: measured }) => ({ ...figures, events: measured }));
  } finally {
    for (const cleanup of cleanups) await cleanup();
  }
}

function contendersOf(bench: Bench, databases: BenchDatabases): readonly Contender[] {
  const rival = (name: string, environment: Readonly<Record<string, string>>) => async () => startRival(bench, name, 'ws.js', await databases.copy(), environment);
  const service = async () => startService(bench, databases.ofService(await databases.copy()));
  return [
    { name: 'bare ws', transport: 'websocket', path: '/', start: rival('bare ws', { BENCH_EVENT_BYTES: EVENT_BYTES }) },
    { name: 'bare ws that stores the change', transport: 'websocket', path: '/', start: rival('bare ws that stores the change', { BENCH_STORE: 'on' }) },
    { name: 'this service, WebSocket', transport: 'websocket', path: '/api/v1/socket', start: service },
    { name: 'this service, SSE', transport: 'sse', path: '/api/v1/stream', start: service },
  ];
}

async function open(contender: Contender, bench: Bench, { sessions, tokens, cleanups }: { readonly sessions: number; readonly tokens: readonly string[]; readonly cleanups: (() => Promise<void>)[] }): Promise<Opened> {
  const server = await contender.start();
  cleanups.push(() => server.stop());
  const audience = await startLoad(bench.cores, 'audience.js');
  // Before the server: a drain that takes leave of 10,000 is not measured here.
  cleanups.unshift(() => audience.stop());
  const before = await server.ask('memory');
  const connected = await audience.run<{ readonly sessions: number; readonly seconds: number }>({ kind: 'connect', transport: contender.transport, origin: server.origin, path: contender.path, tokens, perToken: SESSIONS_PER_SUBJECT, sessions });
  if (connected.sessions !== sessions) throw new Error(`${contender.name}: only ${connected.sessions} sessions are open.`);
  const after = await server.ask('memory');
  const perSession = (bytes: number) => bytes / KIBIBYTE / sessions;
  return {
    contender,
    server,
    audience,
    events: [],
    figures: {
      stack: contender.name,
      sessions,
      heapKibPerSession: perSession(after.heap + after.external - before.heap - before.external),
      rssKibPerSession: perSession(after.rss - before.rss),
      sessionsPerSecond: sessions / connected.seconds,
    },
  };
}

function requestOf({ origin }: MeasuredServer, tokens: readonly string[], index: number): object {
  return {
    url: `${origin}/api/v1/items/${SKUS[index % SKUS.length] ?? ''}/movements`,
    method: 'POST',
    headers: { authorization: `Bearer ${tokens[0] ?? ''}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify({ delta: 1, reason: 'received' }),
  };
}

/** Undefined where there is no such limit to ask for. */
export function readDescriptorLimit(): number | undefined {
  if (process.platform === 'win32') return undefined;
  const text = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
  return text === 'unlimited' ? undefined : Number(text);
}
