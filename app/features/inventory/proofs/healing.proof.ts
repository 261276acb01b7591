// `npm run probe -- healing`: what mends itself, shown by fault: what users saw, and how soon all was well again.
//   --only hung   (part of a fault's name)   --json
// The database and its credentials have proofs of their own (`npm run test:faults`, `npm run probe -- rotation`), which are run from here.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { pino } from 'pino';
import { z } from 'zod';
import { startDevelopmentProvider } from '#app/identity/development-provider.ts';
import { obtainToken } from '#app/identity/token.ts';
import { until } from '#app/testing/condition.ts';
import { freePorts } from '#app/testing/ports.ts';
import { createPostgres, findPostgresPrograms, type PrivatePostgres } from '#app/testing/private-postgres.ts';
import { startFlags, startProgram } from '#app/testing/process.ts';
import { exitCodeOfNotRun, formatRows } from '#app/testing/report.ts';
import { raisedLimits, startServiceProcess } from '#app/testing/service-process.ts';
import { connectSse, type SseClient } from '#app/testing/sse-client.ts';
import { SocketFollower } from '#app/testing/stream-follower.ts';
import { MovementClient, randomOf } from './movement-client.ts';
import { onThisMachine, readHealthCheck, supervise, type Supervised } from './supervisor.ts';
import { judge } from './verdict.ts';

interface Healing {
  readonly fault: string;
  readonly usersSaw: string;
  readonly recovered: string;
  readonly violations: readonly string[];
}

interface Fault {
  readonly name: string;
  /** `programs`: the folder of PostgreSQL's. */
  run(programs: string): Promise<Healing>;
}

const REPOSITORY = path.resolve(import.meta.dirname, '../../../..');
const MOVED = 'inventory.item.moved.v1';

/** Its signal has no other use in the service. Node's own threads go on, so that connections are taken and nobody answers. */
const HANG = `data:text/javascript,${encodeURIComponent("process.once('SIGUSR2', () => { for (;;); });")}`;
const PATIENCE_MS = 2_000;
const ASKED_EVERY_MS = 250;
const CALM_ANSWERS = 20;
/** Twice what the image’s health check needs, and some for a busy machine. */
const LONGEST_HANG_MS = 180_000;

/** More than the sockets of both ends take, so that the rest waits in the process; a few at a time, or who reads would lag as well. */
const LARGE_EVENTS = 240;
const LARGE_BYTES = 100_000;
const AT_ONCE = 4;
const SOON = { LIVE_HEARTBEAT_SECONDS: '2', EVENT_POLL_MS: '50' };

const FAULTS: readonly Fault[] = [
  { name: 'the database is killed, and comes back', run: () => proveByFaults('PostgreSQL killed', 'same process, ') },
  { name: 'the database stands still, and goes on', run: () => proveByFaults('PostgreSQL frozen', 'same process, ') },
  { name: 'a process is hung', run: (programs) => withPostgres(programs, proveHung) },
  { name: 'a listener takes no events', run: (programs) => withPostgres(programs, proveSlow) },
  { name: 'the database’s password and login expire', run: proveByRotation },
];

const Faults = z.looseObject({ findings: z.array(z.looseObject({ fault: z.string(), clientsSaw: z.string(), longestMs: z.number(), recoveredAfterMs: z.number().optional(), violations: z.array(z.string()) })), notRun: z.array(z.looseObject({ why: z.string() })) });
const Rotation = z.looseObject({ requests: z.number(), failed: z.number(), statuses: z.record(z.string(), z.number()) });

async function proveByFaults(only: string, what: string): Promise<Healing> {
  const { findings, notRun } = Faults.parse(await runProof(path.join(import.meta.dirname, 'faults.proof.ts'), ['--only', only, '--json']));
  const [finding] = findings;
  if (finding === undefined) throw new Error(`not run: ${notRun.map(({ why }) => why).join('; ') || `faults.proof.ts knows no ${only}`}`);
  return {
    fault: finding.fault,
    usersSaw: `${finding.clientsSaw}; longest ${seconds(finding.longestMs)}`,
    recovered: finding.recoveredAfterMs === undefined ? 'never' : `${what}${seconds(finding.recoveredAfterMs)} after its end`,
    violations: finding.violations,
  };
}

async function proveByRotation(): Promise<Healing> {
  const { requests, failed, statuses } = Rotation.parse(await runProof(path.join(REPOSITORY, 'app/probes/rotation.proof.ts'), ['--rounds', '2', '--json']));
  return {
    fault: 'password rotated, then the login itself, in a file',
    usersSaw: count(new Map(Object.entries(statuses))),
    recovered: failed === 0 ? 'same process, at once: no request failed' : 'not',
    violations: failed === 0 && requests > 0 ? [] : [`${failed} of ${requests} requests failed`],
  };
}

/** What it prints as JSON, whatever it says around it. Its status says the same as its violations. */
async function runProof(file: string, parameters: readonly string[]): Promise<unknown> {
  const child = spawn(process.execPath, [...process.execArgv, file, ...parameters], { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'inherit'] });
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const json = /^\{.*\}$/ms.exec(output)?.[0];
  if (json === undefined) throw new Error(`not run: ${path.basename(file)} said ${output.trim()}`);
  return JSON.parse(json);
}

async function withPostgres(folder: string, work: (postgres: PrivatePostgres) => Promise<Healing>): Promise<Healing> {
  const [port = 0] = await freePorts(1);
  const postgres = await createPostgres(folder, port, { settings: { fsync: 'off' } });
  try {
    await postgres.start();
    return await work(postgres);
  } finally {
    await postgres.remove();
  }
}

async function proveHung(postgres: PrivatePostgres): Promise<Healing> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-healing-'));
  const publicUrl = 'http://127.0.0.1';
  const audience = `${publicUrl}/api`;
  const provider = await startDevelopmentProvider({ host: '127.0.0.1', port: 0, directory, client: { id: 'stockade', redirectUri: `${publicUrl}/auth/callback`, postLogoutRedirectUri: `${publicUrl}/` }, audience, log: pino({ level: 'silent' }) });
  const healthCheck = readHealthCheck(readFileSync(path.join(REPOSITORY, 'Dockerfile'), 'utf8'));
  const started: (Supervised & { readonly pid: number })[] = [];
  const supervisor = await supervise({ ...healthCheck, command: onThisMachine(healthCheck.command, REPOSITORY) }, async () => {
    const one = await startHangable({ DATABASE_URL: postgres.url, OIDC_ISSUER: provider.issuer, OIDC_CLIENT_ID: 'stockade', OIDC_SIGNATURES: 'legacy-rsa', OIDC_AUDIENCE: audience, PUBLIC_URL: publicUrl });
    started.push(one);
    return one;
  });
  try {
    const token = (user: string): Promise<string> => obtainToken({ issuer: provider.issuer, audience, user });
    return await Promise.race([supervisor.failed, watchHung({ origin: `http://127.0.0.1:${supervisor.port}`, tokens: { clerk: await token('clerk'), manager: await token('manager') }, hang: () => process.kill(started[0]?.pid ?? 0, 'SIGUSR2'), started, replacements: supervisor.replacements })]);
  } finally {
    await supervisor.stop();
    await provider.close();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function startHangable(environment: Readonly<Record<string, string>>): Promise<Supervised & { readonly pid: number }> {
  const [port = 0, adminPort = 0] = await freePorts(2);
  const service = startProgram('app/main.ts', [], { ...environment, PORT: String(port), ADMIN_PORT: String(adminPort), LOG_LEVEL: 'error', ...raisedLimits() }, [...startFlags(), '--import', HANG]);
  await service.sees(/Stop with Ctrl\+C/);
  const kill = async (): Promise<void> => {
    // A process whose event loop stands still hears nothing else.
    service.child.kill('SIGKILL');
    await service.ended();
  };
  return { port, adminPort, pid: service.child.pid ?? 0, kill };
}

interface HungStage {
  readonly origin: string;
  readonly tokens: { readonly clerk: string; readonly manager: string };
  readonly hang: () => void;
  readonly started: readonly { readonly pid: number }[];
  readonly replacements: readonly { readonly decidedAtMs: number; readonly servingAtMs: number }[];
}

async function watchHung({ origin, tokens, hang, started, replacements }: HungStage): Promise<Healing> {
  const client = new MovementClient(origin, tokens, randomOf(1));
  await client.createItems();
  const ending = new AbortController();
  const writing = (async () => {
    while (!ending.signal.aborted) {
      await client.try(client.next());
      await delay(ASKED_EVERY_MS);
    }
  })();
  const seen = new Map<string, number>();
  let [calm, lastBadMs] = [0, 0];
  const endMs = performance.now() + LONGEST_HANG_MS;
  const ask = async (): Promise<void> => {
    if (performance.now() > endMs) throw new Error(`it was not noticed and replaced in ${seconds(LONGEST_HANG_MS)}`);
    const answer = await fetch(`${origin}/api/v1/items?limit=5`, { headers: { authorization: `Bearer ${tokens.manager}` }, signal: AbortSignal.timeout(PATIENCE_MS) }).then(async (response) => {
      await response.arrayBuffer();
      return String(response.status);
    }, () => `no answer in ${PATIENCE_MS / 1_000} s`);
    seen.set(answer, (seen.get(answer) ?? 0) + 1);
    calm = answer === '200' ? calm + 1 : 0;
    if (answer !== '200') lastBadMs = performance.now();
    await delay(ASKED_EVERY_MS);
  };
  try {
    while (calm < CALM_ANSWERS) await ask();
    hang();
    const hungAtMs = performance.now();
    while (replacements.length === 0 || calm < CALM_ANSWERS) await ask();
    ending.abort();
    await writing;
    for (const attempt of client.attempts) if (attempt.answers.length === 0) await client.try(attempt);
    const lost = judge(client.attempts, await client.readItems(), []).flatMap(({ violations }) => violations);
    const [{ decidedAtMs, servingAtMs } = { decidedAtMs: 0, servingAtMs: 0 }] = replacements;
    return {
      fault: 'event loop blocked for good',
      usersSaw: count(seen),
      recovered: `replaced: noticed by /livez after ${seconds(decidedAtMs - hungAtMs)}, served after ${seconds(servingAtMs - hungAtMs)}`,
      violations: [...(lastBadMs < hungAtMs ? ['nobody noticed that it hung'] : []), ...(started.length === 2 ? [] : [`${started.length} processes were started`]), ...lost],
    };
  } finally {
    ending.abort();
  }
}

async function proveSlow(postgres: PrivatePostgres): Promise<Healing> {
  const [adminPort = 0] = await freePorts(1);
  const service = await startServiceProcess('healing', postgres.url, { ...raisedLimits(), ADMIN_PORT: String(adminPort), ...SOON });
  const clients: SseClient[] = [];
  const socket = new SocketFollower('WebSocket');
  try {
    const token = await obtainToken({ issuer: service.issuer, audience: service.audience, user: 'manager' });
    const listen = async (lastEventId?: string): Promise<SseClient> => {
      const client = await connectSse(`${service.origin}/api/v1/stream`, { authorization: `Bearer ${token}`, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) });
      clients.push(client);
      return client;
    };
    const [slow, quick] = [await listen(), await listen()];
    await socket.connect(service.origin, token);
    await until('the positions of the streams', () => slow.parser.lastEventId !== '' && quick.parser.lastEventId !== '');
    slow.pause();
    const pausedAtMs = performance.now();
    const shedding = until('the slow session to be shed', () => readDrops(adminPort), 180_000).then((drops) => ({ drops, afterMs: performance.now() - pausedAtMs }));
    shedding.catch(() => undefined);
    for (let written = 0; written < LARGE_EVENTS; written += AT_ONCE) {
      await writeLargeEvents(service.databaseUrl ?? '');
      await until(`event ${written + AT_ONCE} at who reads`, () => Math.min(socket.events.length, quick.events.length) >= written + AT_ONCE, 60_000);
    }
    const deliveredMs = performance.now() - pausedAtMs;
    const shed = await shedding;
    slow.resume();
    await until('the end of the slow stream', () => slow.closed);
    const backAtMs = performance.now();
    const again = await listen(slow.parser.lastEventId);
    const took = positionsOf(slow).length;
    await until('what it missed', () => positionsOf(again).length >= LARGE_EVENTS - took, 60_000);
    const backMs = performance.now() - backAtMs;
    const all = positionsOf(quick);
    const violations = [
      ...(all.length === LARGE_EVENTS && isRising(all) ? [] : [`SSE: ${all.length} of ${LARGE_EVENTS} events, or not in order`]),
      ...(socket.resyncs === 0 && String(socket.events.map(({ position }) => position)) === String(all) ? [] : [`WebSocket: ${socket.events.length} events and ${socket.resyncs} resyncs, and not what SSE was told`]),
      ...(took < LARGE_EVENTS ? [] : ['the slow one missed nothing: it was not slow']),
      ...(String([...positionsOf(slow), ...positionsOf(again)]) === String(all) ? [] : ['the slow one had not every event once, in order, when it was back']),
      ...(service.process.child.exitCode === null ? [] : ['the process ended']),
    ];
    return {
      fault: `a session that does not read ${(LARGE_EVENTS * LARGE_BYTES) / 1e6} MB of events`,
      usersSaw: `the others all ${LARGE_EVENTS} events, in order, within ${seconds(deliveredMs)}; the slow one ${took} of them, then the end`,
      recovered: `shed (${shed.drops}) after ${seconds(shed.afterMs)}; reconnected, it had the ${LARGE_EVENTS - took} others after ${seconds(backMs)}`,
      violations,
    };
  } finally {
    for (const client of clients) client.close();
    await socket.close();
    await service.close();
  }
}

/** Straight into the outbox: no client of the API may say so much at once, and it is the listener's fault that is looked at. */
async function writeLargeEvents(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(
      `insert into outbox_event (tenant_id, id, type, subject, actor, occurred_at, data)
       select 'acme', gen_random_uuid(), $1, 'items/BOLT-M8-40', 'clerk', now(), jsonb_build_object('n', n, 'filler', repeat('x', $2)) from generate_series(1, $3::integer) as n order by n`,
      [MOVED, LARGE_BYTES, AT_ONCE],
    );
  } finally {
    await client.end();
  }
}

/** Why sessions were shed, for example `stalled × 1`; undefined while none was. */
async function readDrops(adminPort: number): Promise<string | undefined> {
  const exposition = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const drops = [...exposition.matchAll(/^stockade_live_drops_total\{reason="(\w+)"\} (\d+)$/gm)].map(([, reason = '', times]): [string, number] => [reason, Number(times)]).filter(([, times]) => times > 0);
  return drops.some(([reason]) => reason === 'stalled') ? count(new Map(drops)) : undefined;
}

const positionsOf = ({ events }: SseClient): readonly number[] => events.filter(({ event }) => event === MOVED).map(({ id }) => Number(id));
const isRising = (positions: readonly number[]): boolean => positions.every((position, index) => index === 0 || position > (positions[index - 1] ?? 0));
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const count = (seen: ReadonlyMap<string, number>): string => [...seen].map(([what, times]) => `${what} × ${times}`).join(', ');

const { values } = parseArgs({ options: { only: { type: 'string', default: '' }, json: { type: 'boolean', default: false } } });
const chosen = FAULTS.filter(({ name }) => name.includes(values.only));
const programs = findPostgresPrograms();
if (chosen.length === 0) {
  console.error(`usage: npm run probe -- healing [--only part of: ${FAULTS.map(({ name }) => name).join(' | ')}] [--json]`);
  process.exitCode = 2;
} else if (programs === undefined) {
  console.log('healing: not run, no PostgreSQL server programs found');
  process.exitCode = exitCodeOfNotRun(process.env['CI'] === 'true');
} else {
  await run(programs);
}

async function run(folder: string): Promise<void> {
  const healings: Healing[] = [];
  for (const fault of chosen) {
    process.stderr.write(`${fault.name} …\n`);
    healings.push(
      await fault.run(folder).catch((error: unknown) => ({ fault: fault.name, usersSaw: '–', recovered: '–', violations: [error instanceof Error ? error.message : String(error)] })),
    );
  }
  if (values.json) console.log(JSON.stringify(healings, undefined, 2));
  else {
    console.log(formatRows([['', 'fault', 'users saw', 'recovered'], ...healings.map(({ fault, usersSaw, recovered, violations }) => [violations.length === 0 ? '✔' : '✖', fault, usersSaw, recovered])]));
    for (const { fault, violations } of healings) for (const violation of violations) console.log(`✖ ${fault}: ${violation}`);
  }
  const held = healings.filter(({ violations }) => violations.length === 0).length;
  console.log(`${held} of ${healings.length} faults mended themselves`);
  if (held < healings.length) process.exitCode = 1;
}
