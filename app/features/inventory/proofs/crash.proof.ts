// `npm run test:crash`: kills the service with SIGKILL while it writes and while clients listen, again and again, and then
// compares what clients were told with what is stored.
//   --cycles 50   --engine pglite|postgresql|both   --seed 1   --json
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Client, escapeIdentifier } from 'pg';
import { obtainToken } from '#app/identity/token.ts';
import { until } from '#app/testing/condition.ts';
import { freePorts } from '#app/testing/ports.ts';
import { startMain, type StartedProcess, UNLIMITED } from '#app/testing/process.ts';
import { type Follower, SocketFollower, SseFollower } from '#app/testing/stream-follower.ts';
import type { MovementBody } from '../schemas.ts';
import { MovementClient, randomOf, type Tokens } from './movement-client.ts';
import { type Claim, type FollowedStream, judge } from './verdict.ts';

const READY = /Stop with Ctrl\+C/;
const WRITERS = 6;
/** Acknowledged movements of a cycle before the kill: from none, just after the start, to some. */
const MOST_ACKNOWLEDGED = 40;

type Engine = 'pglite' | 'postgresql';
interface Report {
  readonly engine: Engine;
  readonly cycles: number;
  readonly seconds: number;
  /** Requests that the kills cut off, whose end their clients learned only by asking again. */
  readonly cutOff: number;
  readonly claims: readonly Claim[];
}

class CrashRun {
  /** The third is there in every fourth cycle only, so that it resumes over several crashes. */
  readonly followers: readonly Follower[] = [new SseFollower('an SSE client'), new SocketFollower('a WebSocket client'), new SseFollower('an SSE client that was away for cycles')];
  readonly client: MovementClient;
  cutOff = 0;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #origin: string;
  readonly #tokens: Tokens;
  readonly #random: (below: number) => number;

  private constructor(environment: Readonly<Record<string, string>>, tokens: Tokens, seed: number) {
    this.#environment = environment;
    this.#origin = originOf(environment);
    this.#tokens = tokens;
    this.#random = randomOf(seed);
    this.client = new MovementClient(this.#origin, tokens, this.#random);
  }

  static async prepare(environment: Readonly<Record<string, string>>, seed: number): Promise<CrashRun> {
    const service = await start(environment);
    const provider = { issuer: `http://127.0.0.1:${environment['PROVIDER_PORT'] ?? ''}`, audience: `${originOf(environment)}/api` };
    // The one pair for all cycles: that it is accepted to the end shows that the provider's keys outlive a crash.
    const tokens = { clerk: await obtainToken({ ...provider, user: 'clerk' }), manager: await obtainToken({ ...provider, user: 'manager' }) };
    const run = new CrashRun(environment, tokens, seed);
    await run.client.createItems();
    for (const follower of run.followers) await follower.connect(run.#origin, tokens.manager);
    await run.#kill(service);
    return run;
  }

  async cycle(index: number): Promise<void> {
    const service = await start(this.#environment);
    const listening = this.followers.filter((_, order) => order < 2 || index % 4 === 3);
    for (const follower of listening) await follower.connect(this.#origin, this.#tokens.manager);
    let acknowledged = 0;
    const target = this.#random(MOST_ACKNOWLEDGED);
    const writers = Array.from({ length: WRITERS }, async () => {
      for (;;) {
        const attempt = this.client.next();
        // Doubles side by side, as from a client with an impatient retry.
        const tries = this.#random(5) === 0 ? [this.client.try(attempt), this.client.try(attempt)] : [this.client.try(attempt)];
        if ((await Promise.all(tries)).includes('no answer')) return;
        acknowledged += 1;
      }
    });
    await until('enough movements', () => acknowledged >= target, 60_000);
    await this.#kill(service);
    await Promise.all(writers);
  }

  /** After the last crash: every open question is asked again, every stream catches up, and all is read. */
  async finish(): Promise<readonly Claim[]> {
    const service = await start(this.#environment);
    for (const follower of this.followers) await follower.connect(this.#origin, this.#tokens.manager);
    for (const attempt of this.client.attempts) {
      if ((await this.client.try(attempt)) === 'no answer') throw new Error(`The service did not answer after the last crash:\n${service.stderr()}`);
    }
    const stored = await this.client.readItems();
    const newest = stored.flatMap(({ ledger }) => ledger.slice(-1).map(({ id }) => id));
    const caughtUp = (follower: Follower) => newest.every((id) => movementsOf(follower).some((movement) => movement.id === id));
    // What does not arrive is a violation that the verdict names.
    await until('the streams to catch up', () => this.followers.every(caughtUp), 15_000).catch(() => undefined);
    await this.#kill(service);
    return judge(this.client.attempts, stored, this.followers.map(toStream));
  }

  async #kill(service: StartedProcess): Promise<void> {
    this.cutOff += this.client.open;
    service.child.kill('SIGKILL');
    await service.ended();
    for (const follower of this.followers) await follower.ended();
  }
}

async function start(environment: Readonly<Record<string, string>>): Promise<StartedProcess> {
  const service = startMain(environment);
  await service.sees(READY);
  return service;
}

function originOf(environment: Readonly<Record<string, string>>): string {
  return `http://127.0.0.1:${environment['PORT'] ?? ''}`;
}

function toStream(follower: Follower): FollowedStream {
  return { name: follower.name, resyncs: follower.resyncs, positions: follower.events.map(({ position }) => position), movements: movementsOf(follower) };
}

function movementsOf({ events }: Follower): readonly MovementBody[] {
  return events.filter(({ type }) => type === 'inventory.item.moved.v1').map(({ data }) => (data as { readonly movement: MovementBody }).movement);
}

async function prove(engine: Engine, serverUrl: string | undefined, { cycles, seed }: { readonly cycles: number; readonly seed: number }): Promise<Report> {
  const begun = performance.now();
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-crash-'));
  const database = `stockade_crash_${process.pid}`;
  const [port, providerPort, adminPort] = await freePorts(3);
  const environment = { PORT: String(port), PROVIDER_PORT: String(providerPort), ADMIN_PORT: String(adminPort), DATA_DIRECTORY: directory, LOG_LEVEL: 'error', ...UNLIMITED };
  try {
    if (serverUrl !== undefined) await administer(serverUrl, `create database ${escapeIdentifier(database)}`);
    const run = await CrashRun.prepare(serverUrl === undefined ? environment : { ...environment, DATABASE_URL: Object.assign(new URL(serverUrl), { pathname: `/${database}` }).href }, seed);
    for (let index = 0; index < cycles; index += 1) {
      await run.cycle(index);
      process.stderr.write(`\r${engine}: ${index + 1} of ${cycles} cycles, ${run.client.attempts.length} requests `);
    }
    process.stderr.write('\n');
    const claims = await run.finish();
    return { engine, cycles, seconds: Math.round((performance.now() - begun) / 1_000), cutOff: run.cutOff, claims };
  } finally {
    if (serverUrl !== undefined) await administer(serverUrl, `drop database if exists ${escapeIdentifier(database)} with (force)`);
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function print({ engine, cycles, seconds, cutOff, claims }: Report): void {
  console.log(`${engine}: ${cycles} times SIGKILL in ${seconds} s, ${cutOff} requests cut off`);
  for (const { claim, cases, violations } of claims) {
    console.log(`  ${violations.length === 0 ? '✔' : '✖'} ${claim}: ${cases} cases, ${violations.length} violations`);
    for (const violation of violations.slice(0, 5)) console.log(`      ${violation}`);
  }
}

const { values } = parseArgs({ options: { cycles: { type: 'string', default: '50' }, engine: { type: 'string', default: 'both' }, seed: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } } });
const cycles = Number(values.cycles);
const seed = Number(values.seed);
if (!Number.isSafeInteger(cycles) || cycles < 1 || !Number.isSafeInteger(seed) || !['pglite', 'postgresql', 'both'].includes(values.engine)) {
  console.error('usage: npm run test:crash -- [--cycles 50] [--engine pglite|postgresql|both] [--seed 1] [--json]');
  process.exit(2);
}
const serverUrl = process.env['DATABASE_URL'];
const reports: Report[] = [];
if (values.engine !== 'postgresql') reports.push(await prove('pglite', undefined, { cycles, seed }));
if (values.engine !== 'pglite' && serverUrl) reports.push(await prove('postgresql', serverUrl, { cycles, seed }));
if (values.json) console.log(JSON.stringify(reports, undefined, 2));
else reports.forEach(print);
if (values.engine !== 'pglite' && !serverUrl) {
  console.log('postgresql: not run, DATABASE_URL names no server');
  if (values.engine === 'postgresql' || process.env['CI'] === 'true') process.exitCode = 1;
}
if (reports.some(({ claims }) => claims.some(({ cases, violations }) => cases === 0 || violations.length > 0))) process.exitCode = 1;
