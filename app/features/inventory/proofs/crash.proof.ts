// `npm run test:crash`: kills the service with SIGKILL while it writes and while clients listen, again and again, and then
// compares what clients were told with what is stored.
//   --cycles 50   --engine pglite|postgresql|both   --seed 1   --json
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Client, escapeIdentifier } from 'pg';
import { obtainToken } from '#app/identity/token.ts';
import { until } from '#app/testing/condition.ts';
import { freePorts } from '#app/testing/ports.ts';
import { startMain, type StartedProcess } from '#app/testing/process.ts';
import { type Follower, SocketFollower, SseFollower } from '#app/testing/stream-follower.ts';
import { type Answer, type Attempt, type Claim, type FollowedStream, judge, type StoredItem } from './verdict.ts';
import { itemSchema, type MovementBody, movementPageSchema } from '../schemas.ts';

const READY = /Stop with Ctrl\+C/;
const SKUS = ['CRASH-1', 'CRASH-2', 'CRASH-3'];
const WRITERS = 6;
/** Acknowledged movements of a cycle before the kill: from none, just after the start, to some. */
const MOST_ACKNOWLEDGED = 40;
const LEDGER_PAGE = 100;

type Engine = 'pglite' | 'postgresql';
type OpenAttempt = Attempt & { readonly answers: Answer[] };
interface Report {
  readonly engine: Engine;
  readonly cycles: number;
  readonly seconds: number;
  /** Requests that the kills cut off, whose end their clients learned only by asking again. */
  readonly cutOff: number;
  readonly claims: readonly Claim[];
}

/** mulberry32: the same seed, the same choices. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

class CrashRun {
  readonly attempts: OpenAttempt[] = [];
  /** The third is there in every fourth cycle only, so that it resumes over several crashes. */
  readonly followers: readonly Follower[] = [new SseFollower('an SSE client'), new SocketFollower('a WebSocket client'), new SseFollower('an SSE client that was away for cycles')];
  cutOff = 0;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #origin: string;
  readonly #random: (below: number) => number;
  #tokens: Readonly<Record<'clerk' | 'manager', string>> | undefined;

  constructor(environment: Readonly<Record<string, string>>, seed: number) {
    this.#environment = environment;
    this.#origin = `http://127.0.0.1:${environment['PORT'] ?? ''}`;
    this.#random = randomOf(seed);
  }

  async prepare(): Promise<void> {
    const service = await this.#start();
    const issuer = `http://127.0.0.1:${this.#environment['PROVIDER_PORT'] ?? ''}`;
    const audience = `${this.#origin}/api`;
    // The one pair for all cycles: that it is accepted to the end shows that the provider's keys outlive a crash.
    this.#tokens = { clerk: await obtainToken({ issuer, audience, user: 'clerk' }), manager: await obtainToken({ issuer, audience, user: 'manager' }) };
    for (const sku of SKUS) {
      const { status } = await this.#send('manager', '/items', { sku, name: `Crash ${sku}`, location: 'Nowhere', unit: 'piece' });
      if (status !== 201) throw new Error(`${sku} could not be created: ${status}`);
    }
    for (const follower of this.followers) await follower.connect(this.#origin, this.#tokens.manager);
    await this.#kill(service);
  }

  async cycle(index: number): Promise<void> {
    const service = await this.#start();
    const listening = this.followers.filter((_, order) => order < 2 || index % 4 === 3);
    for (const follower of listening) await follower.connect(this.#origin, this.#token('manager'));
    let acknowledged = 0;
    const target = this.#random(MOST_ACKNOWLEDGED);
    const writers = Array.from({ length: WRITERS }, async () => {
      for (;;) {
        const attempt = this.#next();
        // Doubles side by side, as from a client with an impatient retry.
        const tries = this.#random(5) === 0 ? [this.#try(attempt), this.#try(attempt)] : [this.#try(attempt)];
        const arrived = await Promise.all(tries);
        if (!arrived.every(Boolean)) return;
        acknowledged += 1;
      }
    });
    await until('enough movements', () => acknowledged >= target, 60_000);
    await this.#kill(service);
    await Promise.all(writers);
  }

  /** After the last crash: every open question is asked again, every stream catches up, and all is read. */
  async finish(): Promise<readonly Claim[]> {
    const service = await this.#start();
    for (const follower of this.followers) await follower.connect(this.#origin, this.#token('manager'));
    for (const attempt of this.attempts) {
      if (!(await this.#try(attempt))) throw new Error(`The service did not answer after the last crash:\n${service.stderr()}`);
    }
    const stored: StoredItem[] = [];
    for (const sku of SKUS) stored.push(await this.#readItem(sku));
    const newest = stored.flatMap(({ ledger }) => ledger.slice(-1).map(({ id }) => id));
    const caughtUp = (follower: Follower) => newest.every((id) => movementsOf(follower).some((movement) => movement.id === id));
    // What does not arrive is a violation that the verdict names.
    await until('the streams to catch up', () => this.followers.every(caughtUp), 15_000).catch(() => undefined);
    await this.#kill(service);
    const streams = this.followers.map((follower): FollowedStream => ({
      name: follower.name,
      resyncs: follower.resyncs,
      positions: follower.events.map(({ position }) => position),
      movements: movementsOf(follower),
    }));
    return judge(this.attempts, stored, streams);
  }

  async #start(): Promise<StartedProcess> {
    const service = startMain(this.#environment);
    await service.sees(READY);
    return service;
  }

  async #kill(service: StartedProcess): Promise<void> {
    const open = this.attempts.filter(({ answers }) => answers.length === 0).length;
    service.child.kill('SIGKILL');
    await service.ended();
    for (const follower of this.followers) await follower.ended();
    this.cutOff += open;
  }

  /** A question that is still open from an earlier crash, an answered one again, or a new one. */
  #next(): OpenAttempt {
    const open = this.attempts.find((attempt) => attempt.answers.length === 0 && !this.#asked.has(attempt));
    const old = this.#random(8) === 0 ? this.attempts[this.#random(this.attempts.length || 1)] : undefined;
    const attempt: OpenAttempt = open ?? old ?? { key: randomUUID(), sku: SKUS[this.#random(SKUS.length)] ?? '', delta: (this.#random(2) === 0 ? -1 : 1) * (1 + this.#random(9)), answers: [] };
    if (open === undefined && old === undefined) this.attempts.push(attempt);
    return attempt;
  }
  readonly #asked = new Set<OpenAttempt>();

  /** False when no answer arrived. */
  async #try(attempt: OpenAttempt): Promise<boolean> {
    this.#asked.add(attempt);
    try {
      const { key, sku, delta } = attempt;
      const answer = await this.#send('clerk', `/items/${sku}/movements`, { delta, reason: delta > 0 ? 'received' : 'sold', note: key }, { 'idempotency-key': key });
      // The double of a request that still runs: not an answer, and the client knows it.
      if (answer.status === 409 && JSON.stringify(answer.body).includes('idempotency-key-in-use')) return true;
      attempt.answers.push(answer);
      return true;
    } catch (error) {
      if (error instanceof TypeError || error instanceof SyntaxError) return false;
      throw error;
    } finally {
      this.#asked.delete(attempt);
    }
  }

  async #send(user: 'clerk' | 'manager', route: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const response = await fetch(`${this.#origin}/api/v1${route}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#token(user)}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as unknown };
  }

  async #readItem(sku: string): Promise<StoredItem> {
    const read = async (route: string): Promise<unknown> => (await fetch(`${this.#origin}/api/v1${route}`, { headers: { authorization: `Bearer ${this.#token('manager')}` } })).json();
    const { quantity } = itemSchema.parse(await read(`/items/${sku}`));
    const ledger: MovementBody[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = movementPageSchema.parse(await read(`/items/${sku}/movements?limit=${LEDGER_PAGE}${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`));
      ledger.unshift(...page.movements.reverse());
      cursor = page.nextCursor;
    }
    return { sku, quantity, ledger };
  }

  #token(user: 'clerk' | 'manager'): string {
    return this.#tokens?.[user] ?? '';
  }
}

function movementsOf({ events }: Follower): readonly MovementBody[] {
  return events.filter(({ type }) => type === 'inventory.item.moved.v1').map(({ data }) => (data as { readonly movement: MovementBody }).movement);
}

async function prove(engine: Engine, serverUrl: string | undefined, { cycles, seed }: { readonly cycles: number; readonly seed: number }): Promise<Report> {
  const begun = performance.now();
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-crash-'));
  const database = `stockade_crash_${process.pid}`;
  const [port, providerPort, adminPort] = await freePorts(3);
  const environment = { PORT: String(port), PROVIDER_PORT: String(providerPort), ADMIN_PORT: String(adminPort), DATA_DIRECTORY: directory, LOG_LEVEL: 'error' };
  try {
    if (serverUrl !== undefined) await administer(serverUrl, `create database ${escapeIdentifier(database)}`);
    const run = new CrashRun(serverUrl === undefined ? environment : { ...environment, DATABASE_URL: Object.assign(new URL(serverUrl), { pathname: `/${database}` }).href }, seed);
    await run.prepare();
    for (let index = 0; index < cycles; index += 1) {
      await run.cycle(index);
      process.stderr.write(`\r${engine}: ${index + 1} of ${cycles} cycles, ${run.attempts.length} requests `);
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
