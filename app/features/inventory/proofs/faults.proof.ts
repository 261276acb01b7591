// `npm run test:faults`: takes away what the service stands on, under load, and looks at what its clients see.
//   --only gone   (part of a fault's name)   --json
// PostgreSQL's programs, toxiproxy, libfaketime and root are looked for; a fault that needs what is not there is not run.
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { pino } from 'pino';
import { startDevelopmentProvider } from '#app/identity/development-provider.ts';
import { obtainToken } from '#app/identity/token.ts';
import { CookieJar } from '#app/lib/cookie-jar.ts';
import { freePorts } from '#app/testing/ports.ts';
import { createPostgres, findPostgresPrograms, type PrivatePostgres } from '#app/testing/private-postgres.ts';
import { type ProcessEnvironment, startMain, type StartedProcess, UNLIMITED } from '#app/testing/process.ts';
import { findToxiproxy, layWire, type Wire } from '#app/testing/toxiproxy.ts';
import { type FaultFinding, judgeFault, type Seen } from './fault-verdict.ts';
import { MovementClient, randomOf, type Tokens } from './movement-client.ts';
import { judge } from './verdict.ts';

const READY = /Stop with Ctrl\+C/;
const [WARM_MS, HOLD_MS, WATCH_MS] = [1_000, 6_000, 8_000];
const PACE_MS = 20;
const [READERS, WRITERS] = [2, 4];
const MAX_CONNECTIONS = 30;
/** Violations of one fault that are printed; `--json` has them all. */
const MOST_SHOWN = 8;

/** What the faults are done to. */
interface Rig {
  readonly origin: string;
  readonly issuer: string;
  readonly service: StartedProcess;
  readonly tokens: Tokens & { readonly viewer: string };
  readonly postgres: PrivatePostgres | undefined;
  readonly wire: Wire | undefined;
  readonly provider: { stop(): Promise<void>; start(): Promise<void> };
  readonly directory: string;
  remove(): Promise<void>;
}

interface Fault {
  readonly name: string;
  /** Why it can't be run here. */
  readonly lacks?: string | undefined;
  readonly explained?: readonly number[];
  prepare(): Promise<Rig>;
  /** Resolves to what ends it. */
  begin(rig: Rig): Promise<() => Promise<void>>;
  /** Looks closer while it lasts. */
  during?(rig: Rig): Promise<readonly string[]>;
}

type Undo = () => unknown;

const programs = findPostgresPrograms();
const toxiproxy = findToxiproxy();
const fakeTime = globSync('/usr/lib/*/faketime/libfaketime.so.1')[0];
const isRoot = process.getuid?.() === 0;
const noPostgres = programs === undefined ? 'no PostgreSQL programs (initdb) were found' : undefined;
const noWire = noPostgres ?? (toxiproxy === undefined ? 'no toxiproxy-server on the PATH (or TOXIPROXY_SERVER)' : undefined);

const FAULTS: readonly Fault[] = [
  { name: 'PostgreSQL slow: 1 s more a round trip', lacks: noWire, prepare: () => prepareRig({ wired: true }), begin: async ({ wire }) => (await wire?.poison('latency', { latency: 500 })) ?? nothing },
  { name: 'PostgreSQL silent: the wire swallows all', lacks: noWire, prepare: () => prepareRig({ wired: true }), begin: async ({ wire }) => (await wire?.poison('timeout', { timeout: 0 })) ?? nothing },
  {
    name: 'PostgreSQL gone: connections cut, new ones refused',
    lacks: noWire,
    prepare: () => prepareRig({ wired: true }),
    async begin({ wire }) {
      await wire?.enable(false);
      return async () => { await wire?.enable(true); };
    },
  },
  {
    name: 'PostgreSQL killed, and started again',
    lacks: noPostgres,
    prepare: () => prepareRig({}),
    async begin({ postgres }) {
      await postgres?.kill();
      return async () => { await postgres?.start(); };
    },
  },
  {
    name: 'PostgreSQL frozen (SIGSTOP)',
    lacks: noPostgres,
    prepare: () => prepareRig({}),
    begin({ postgres }) {
      postgres?.freeze(true);
      return Promise.resolve(() => Promise.resolve(postgres?.freeze(false)));
    },
  },
  { name: 'PostgreSQL out of connections', lacks: noPostgres, prepare: () => prepareRig({}), begin: takeAllConnections },
  {
    name: 'OpenID provider gone',
    lacks: noPostgres,
    prepare: () => prepareRig({}),
    async begin({ provider }) {
      await provider.stop();
      return () => provider.start();
    },
    async during({ origin, issuer }) {
      // The service knows the provider's addresses already; it needs the provider itself when the person comes back.
      const jar = new CookieJar();
      const begun = await jar.fetch(new URL('/auth/sign-in', origin), {});
      const state = new URL(begun.headers.get('location') ?? origin).searchParams.get('state') ?? '';
      const { status } = await jar.fetch(new URL(`/auth/callback?${new URLSearchParams({ state, code: 'any', iss: issuer }).toString()}`, origin), {});
      return status === 503 ? [] : [`the end of a sign-in answered ${status} without its provider`];
    },
  },
  {
    name: 'clock 2 h ahead, and back',
    lacks: noPostgres ?? (fakeTime === undefined ? 'libfaketime is not installed' : undefined),
    // Tokens expire, as they should.
    explained: [401],
    prepare: () => prepareRig({ faked: true }),
    async begin({ directory }) {
      await setClock(directory, '+7200');
      return () => setClock(directory, '+0');
    },
  },
  {
    name: 'embedded database: disk full',
    lacks: isRoot ? undefined : 'a file system of its own needs root',
    prepare: () => prepareRig({ embedded: true }),
    begin: fillDisk,
  },
];

const nothing = () => Promise.resolve();

async function prepareRig({ wired = false, faked = false, embedded = false }: { readonly wired?: boolean; readonly faked?: boolean; readonly embedded?: boolean }): Promise<Rig> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-faults-'));
  const undo: Undo[] = [() => rm(directory, { recursive: true, force: true, maxRetries: 5 })];
  const [port = 0, adminPort = 0, providerPort = 0, postgresPort = 0, wirePort = 0, controlPort = 0] = await freePorts(6);
  const origin = `http://127.0.0.1:${port}`;
  const audience = `${origin}/api`;
  try {
    const provider = await createProvider(providerPort, directory, origin, audience);
    undo.unshift(() => provider.stop());
    const environment: Record<string, string> = { PORT: String(port), ADMIN_PORT: String(adminPort), OIDC_ISSUER: `http://127.0.0.1:${providerPort}`, OIDC_CLIENT_ID: 'stockade', OIDC_SIGNATURES: 'legacy-rsa', OIDC_AUDIENCE: audience, LOG_LEVEL: 'error', ...UNLIMITED };
    let postgres: PrivatePostgres | undefined;
    let wire: Wire | undefined;
    if (embedded) environment['DATA_DIRECTORY'] = await mountSmallDisk(directory, undo);
    else {
      postgres = await createPostgres(programs ?? '', postgresPort, { settings: { max_connections: String(MAX_CONNECTIONS), fsync: 'off' } });
      undo.unshift(() => postgres?.remove());
      await postgres.start();
      await postgres.query('create role app login createrole');
      await postgres.query('create database stock owner app');
      if (wired) {
        wire = await layWire(toxiproxy ?? '', { controlPort, port: wirePort, upstreamPort: postgresPort });
        undo.unshift(() => wire?.close());
      }
      environment['DATABASE_URL'] = `postgres://app@127.0.0.1:${wired ? wirePort : postgresPort}/stock`;
    }
    if (faked) Object.assign(environment, await fakeClock(directory));
    const service = await startService(environment, undo);
    const token = (user: string) => obtainToken({ issuer: `http://127.0.0.1:${providerPort}`, audience, user });
    const tokens = { clerk: await token('clerk'), manager: await token('manager'), viewer: await token('viewer') };
    return { origin, issuer: `http://127.0.0.1:${providerPort}`, service, tokens, postgres, wire, provider, directory, remove: () => undoAll(undo) };
  } catch (error) {
    await undoAll(undo);
    throw error;
  }
}

async function undoAll(undo: readonly Undo[]): Promise<void> {
  for (const one of undo) await one();
}

async function startService(environment: ProcessEnvironment, undo: Undo[]): Promise<StartedProcess> {
  const service = startMain(environment);
  undo.unshift(async () => {
    service.child.kill('SIGKILL');
    await service.ended();
  });
  await service.sees(READY);
  return service;
}

async function createProvider(port: number, directory: string, origin: string, audience: string): Promise<Rig['provider']> {
  const start = () =>
    startDevelopmentProvider({ host: '127.0.0.1', port, directory, client: { id: 'stockade', redirectUri: `${origin}/auth/callback`, postLogoutRedirectUri: `${origin}/` }, audience, log: pino({ level: 'silent' }) });
  let provider = await start();
  return {
    stop: () => provider.close(),
    async start() { provider = await start(); },
  };
}

async function takeAllConnections({ postgres }: Rig): Promise<() => Promise<void>> {
  const held: Client[] = [];
  let taking = true;
  const url = Object.assign(new URL(postgres?.url ?? ''), { username: 'app', pathname: '/stock' }).href;
  const take = async () => {
    while (taking) {
      const client = new Client({ connectionString: url });
      client.on('error', () => undefined);
      try {
        await client.connect();
        held.push(client);
      } catch {
        await delay(5);
      }
    }
  };
  const takers = [take(), take(), take()];
  await delay(500);
  // The service's own are ended, and what becomes free is taken at once.
  await postgres?.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'stockade'");
  return async () => {
    taking = false;
    await Promise.all(takers);
    await Promise.all(held.map((client) => client.end()));
  };
}

async function fakeClock(directory: string): Promise<Readonly<Record<string, string>>> {
  await setClock(directory, '+0');
  return { LD_PRELOAD: fakeTime ?? '', FAKETIME_TIMESTAMP_FILE: path.join(directory, 'clock'), FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}

async function setClock(directory: string, offset: string): Promise<void> {
  await writeFile(path.join(directory, 'clock'), `${offset}\n`);
}

async function mountSmallDisk(directory: string, undo: Undo[]): Promise<string> {
  const disk = path.join(directory, 'disk');
  await mkdir(disk);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=128m', 'stockade-proof', disk]);
  undo.unshift(() => run('umount', [disk]));
  return disk;
}

async function fillDisk({ directory }: Rig): Promise<() => Promise<void>> {
  const file = path.join(directory, 'disk', 'filler');
  const handle = await open(file, 'w');
  try {
    const piece = Buffer.alloc(65_536);
    for (let size = piece.length; size >= 1; size = Math.floor(size / 4)) {
      try {
        for (;;) await handle.write(piece, 0, size);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    }
  } finally {
    await handle.close();
  }
  return () => rm(file);
}

async function run(program: string, parameters: readonly string[]): Promise<void> {
  const { spawn } = await import('node:child_process');
  const [code] = (await once(spawn(program, parameters, { stdio: 'inherit' }), 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${parameters.join(' ')} ended with ${String(code)}`);
}

/** Readers, writers, and those who must be denied, until it is stopped. */
function startLoad({ origin, tokens }: Rig, seed: number): { readonly client: MovementClient; readonly seen: readonly Seen[]; readonly now: () => number; stop(): Promise<void> } {
  const begun = performance.now();
  const now = () => performance.now() - begun;
  const seen: Seen[] = [];
  const client = new MovementClient(origin, tokens, randomOf(seed), (observation) => seen.push({ ...observation, atMs: now(), kind: 'write' }));
  let running = true;
  const ask = async (kind: Seen['kind'], route: string, init: RequestInit) => {
    const from = now();
    let [status, retryAfter] = [0, false];
    try {
      const response = await fetch(origin + route, init);
      await response.arrayBuffer();
      [status, retryAfter] = [response.status, response.headers.has('retry-after')];
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    seen.push({ atMs: now(), tookMs: now() - from, kind, status, retryAfter });
  };
  const repeat = async (work: () => Promise<unknown>) => {
    while (running) {
      await work();
      await delay(PACE_MS);
    }
  };
  const asViewer = { authorization: `Bearer ${tokens.viewer}`, 'content-type': 'application/json' };
  const loops = [
    ...Array.from({ length: READERS }, () => repeat(() => ask('read', '/api/v1/items?limit=5', { headers: asViewer }))),
    ...Array.from({ length: WRITERS }, () => repeat(() => client.try(client.next()))),
    repeat(() => ask('denied', '/api/v1/items', { headers: { authorization: 'Bearer forged' } })),
    repeat(() => ask('denied', '/api/v1/items/CRASH-1/movements', { method: 'POST', headers: asViewer, body: '{"delta":1,"reason":"received"}' })),
  ];
  return {
    client,
    seen,
    now,
    async stop() {
      running = false;
      await Promise.all(loops);
    },
  };
}

async function prove(fault: Fault, seed: number): Promise<FaultFinding> {
  const rig = await fault.prepare();
  try {
    const seeding = new MovementClient(rig.origin, rig.tokens, randomOf(seed));
    await seeding.createItems();
    const load = startLoad(rig, seed);
    await delay(WARM_MS);
    const beganMs = load.now();
    const end = await fault.begin(rig);
    const closer = (await fault.during?.(rig)) ?? [];
    await delay(Math.max(0, beganMs + HOLD_MS - load.now()));
    await end();
    const endedMs = load.now();
    await delay(WATCH_MS);
    const watchedUntilMs = load.now();
    await load.stop();
    const restarted = rig.service.child.exitCode !== null;
    const lost = restarted ? [`the process ended: ${rig.service.stderr().slice(0, 500)}`] : await findLost(load.client);
    return judgeFault({ fault: fault.name, beganMs, endedMs, watchedUntilMs, seen: load.seen, explained: fault.explained ?? [], lost: [...closer, ...lost], restarted });
  } finally {
    await rig.remove();
  }
}

async function findLost(client: MovementClient): Promise<readonly string[]> {
  for (const attempt of client.attempts) if (attempt.answers.length === 0) await client.try(attempt);
  return judge(client.attempts, await client.readItems(), []).flatMap(({ violations }) => violations);
}

function print({ fault, clientsSaw, longestMs, recoveredAfterMs, violations }: FaultFinding): void {
  console.log(`${violations.length === 0 ? '✔' : '✖'} ${fault}: clients saw ${clientsSaw}; longest ${longestMs} ms; recovered after ${recoveredAfterMs === undefined ? '–' : `${recoveredAfterMs} ms`}`);
  for (const [violation, count] of [...countAlike(violations)].slice(0, MOST_SHOWN)) console.log(`    ${violation}${count > 1 ? ` (${count} times)` : ''}`);
}

function countAlike(violations: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const violation of violations) counts.set(violation, (counts.get(violation) ?? 0) + 1);
  return counts;
}

const { values } = parseArgs({ options: { only: { type: 'string', default: '' }, seed: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } } });
const findings: FaultFinding[] = [];
const notRun: { readonly fault: string; readonly why: string }[] = [];
for (const fault of FAULTS.filter(({ name }) => name.includes(values.only))) {
  if (fault.lacks !== undefined) {
    notRun.push({ fault: fault.name, why: fault.lacks });
    continue;
  }
  process.stderr.write(`${fault.name} …\n`);
  findings.push(await prove(fault, Number(values.seed)));
}
if (values.json) console.log(JSON.stringify({ findings, notRun }, undefined, 2));
else {
  findings.forEach(print);
  for (const { fault, why } of notRun) console.log(`– ${fault}: not run, ${why}`);
}
console.log(`${findings.filter(({ violations }) => violations.length === 0).length} held, ${findings.filter(({ violations }) => violations.length > 0).length} did not, ${notRun.length} not run`);
if (findings.length === 0 || findings.some(({ violations }) => violations.length > 0) || (notRun.length > 0 && process.env['CI'] === 'true')) process.exitCode = 1;
