// `npm run test:fuzz`: asks the real service everything that its routes take, and much that they don't, and looks at every answer.
//   --requests 100000   --seeds 3   --warm-up 20000   --connections 16   --json   --replay <seed>:<index>
import { parseArgs } from 'node:util';
import { type Answer, createClient, type FuzzClient } from '#app/testing/fuzz/client.ts';
import { createRequest, type FuzzRequest } from '#app/testing/fuzz/requests.ts';
import { type FuzzTarget, startTarget } from '#app/testing/fuzz/target.ts';
import { type Claim, findAnswerFault, judgeRun } from '#app/testing/fuzz/verdict.ts';

const REQUEST_DEADLINE_MS = 10_000;
/** The warm-up's own; a run's seeds begin with 1. */
const WARM_UP_SEED = 0;
const MOST_FAULTS_SHOWN = 20;

interface Row {
  readonly name: string;
  readonly kind: string;
  readonly statuses: Map<number, number>;
  slowestMs: number;
}

interface Fault {
  readonly replay: string;
  readonly request: string;
  readonly fault: string;
}

class FuzzRun {
  readonly rows = new Map<string, Row>();
  readonly faults: Fault[] = [];
  answered = 0;
  readonly #target: FuzzTarget;
  readonly #client: FuzzClient;
  readonly #connections: number;

  constructor(target: FuzzTarget, connections: number) {
    this.#target = target;
    this.#connections = connections;
    this.#client = createClient(target.source.origin, { connections, deadlineMs: REQUEST_DEADLINE_MS });
    for (const { kind, method, path } of target.source.routes) this.rows.set(`${method} ${path}`, { name: `${method} ${path}`, kind, statuses: new Map(), slowestMs: 0 });
  }

  /** So many requests of one seed, with as many under way as there are connections. */
  async ask(seed: number, count: number): Promise<void> {
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < count && !this.#target.hasEnded()) {
        const request = createRequest(seed, next, this.#target.source);
        next += 1;
        if (next % 5_000 === 0) process.stderr.write(`\rseed ${seed}: ${next} of ${count}, ${this.faults.length} faults   `);
        await this.#askOne(request);
      }
    };
    await Promise.all(Array.from({ length: this.#connections }, worker));
    process.stderr.write(`\rseed ${seed}: ${next} of ${count}, ${this.faults.length} faults   \n`);
  }

  async #askOne(request: FuzzRequest): Promise<void> {
    const from = performance.now();
    const answer = await this.send(request);
    const row = this.rows.get(`${request.route.method} ${request.route.path}`);
    const status = 'failure' in answer ? 0 : answer.status;
    if (row !== undefined) {
      row.statuses.set(status, (row.statuses.get(status) ?? 0) + 1);
      row.slowestMs = Math.max(row.slowestMs, performance.now() - from);
    }
    if (status !== 0) this.answered += 1;
    const fault = this.judge(request, answer);
    if (fault !== undefined) this.faults.push({ replay: `${request.seed}:${request.index}`, request: `${request.method} ${request.target.slice(0, 100)} (${request.caller.kind})`, fault });
  }

  async send(request: FuzzRequest): Promise<Answer> {
    return this.#client.send(request, await this.#target.credentialOf(request));
  }

  judge(request: FuzzRequest, answer: Answer): string | undefined {
    const asksUpgrade = request.headers.some(([name]) => name.toLowerCase() === 'upgrade');
    return findAnswerFault({ method: request.method, target: request.target, asksUpgrade }, answer, { redirectOrigins: [this.#target.issuer] });
  }

  close(): void {
    this.#client.close();
  }
}

interface Report {
  readonly engine: string;
  readonly requests: number;
  readonly seeds: number;
  readonly warmUp: number;
  readonly seconds: number;
  readonly claims: readonly Claim[];
  readonly memory: readonly { readonly after: string; readonly residentMiB: number; readonly heapMiB: number }[];
  readonly statuses: Readonly<Record<string, number>>;
  readonly routes: readonly { readonly name: string; readonly statuses: Readonly<Record<string, number>>; readonly slowestMs: number }[];
  readonly faults: readonly Fault[];
  readonly logged: readonly string[];
}

interface Options {
  readonly requests: number;
  readonly seeds: number;
  readonly warmUp: number;
  readonly connections: number;
}

async function prove(target: FuzzTarget, { requests, seeds, warmUp, connections }: Options): Promise<Report> {
  const begun = performance.now();
  const memory: { after: string; residentMiB: number; heapMiB: number; residentBytes: number }[] = [];
  const look = async (after: string): Promise<void> => {
    if (target.hasEnded()) return;
    const { residentBytes, heapBytes } = await target.memory();
    memory.push({ after, residentBytes, residentMiB: toMiB(residentBytes), heapMiB: toMiB(heapBytes) });
  };
  // Code is compiled, pools and caches are filled: what grows from here on grows with the requests.
  const warm = new FuzzRun(target, connections);
  await warm.ask(WARM_UP_SEED, warmUp);
  warm.close();
  await look('warm-up');
  const run = new FuzzRun(target, connections);
  for (let seed = 1; seed <= seeds; seed += 1) {
    await run.ask(seed, Math.ceil(requests / seeds));
    await look(`seed ${seed}`);
  }
  run.close();
  const logged = target.complaints();
  const faults = [...warm.faults, ...run.faults];
  const rows = [...run.rows.values()];
  const countOf = ({ statuses }: Row, from: number, below: number): number => [...statuses].reduce((sum, [status, count]) => (status >= from && status < below ? sum + count : sum), 0);
  const claims = judgeRun({
    wanted: requests,
    answered: run.answered,
    succeeded: rows.reduce((sum, row) => sum + countOf(row, 200, 300), 0),
    // The platform's own include some that no guess can satisfy, such as the callback of a sign-in.
    routes: rows.filter(({ kind }) => kind !== 'platform').map((row) => ({ name: row.name, asked: countOf(row, 0, 600), succeeded: countOf(row, 101, 400) })),
    faults: faults.length,
    logged,
    endedEarly: target.hasEnded(),
    warmBytes: memory[0]?.residentBytes ?? Number.NaN,
    endBytes: memory.at(-1)?.residentBytes ?? Number.NaN,
  });
  const statuses = new Map<number, number>();
  for (const row of rows) for (const [status, count] of row.statuses) statuses.set(status, (statuses.get(status) ?? 0) + count);
  return {
    engine: target.engine,
    requests,
    seeds,
    warmUp,
    seconds: Math.round((performance.now() - begun) / 1_000),
    claims,
    memory: memory.map(({ after, residentMiB, heapMiB }) => ({ after, residentMiB, heapMiB })),
    statuses: Object.fromEntries([...statuses].sort(([left], [right]) => left - right)),
    routes: rows.map((row) => ({ name: row.name, statuses: Object.fromEntries(row.statuses), slowestMs: Math.round(row.slowestMs) })),
    faults,
    logged,
  };
}

function toMiB(bytes: number): number {
  return Math.round((bytes / 1024 / 1024) * 10) / 10;
}

function print({ engine, requests, seeds, warmUp, seconds, claims, memory, statuses, routes, faults, logged }: Report): void {
  const columns: readonly (readonly [name: string, has: (status: number) => boolean])[] = [
    ['2xx', (status) => status >= 200 && status < 300],
    ['1xx 3xx', (status) => (status >= 100 && status < 200) || (status >= 300 && status < 400)],
    ['400', (status) => status === 400],
    ['401', (status) => status === 401],
    ['403', (status) => status === 403],
    ['404', (status) => status === 404],
    ['429', (status) => status === 429],
    ['other 4xx', (status) => status >= 402 && status < 500 && ![403, 404, 429].includes(status)],
    ['5xx', (status) => status >= 500],
    ['none', (status) => status === 0],
  ];
  const cellsOf = (counts: Readonly<Record<string, number>>): string[] => columns.map(([, has]) => String(Object.entries(counts).reduce((sum, [status, count]) => (has(Number(status)) ? sum + count : sum), 0)));
  const lines = [
    ['route', ...columns.map(([name]) => name), 'slowest ms'],
    ...routes.map((route) => [route.name.replace(/\/assets\/[^/]+/, '/assets/…'), ...cellsOf(route.statuses), String(route.slowestMs)]),
    ['all', ...cellsOf(statuses), String(Math.max(...routes.map(({ slowestMs }) => slowestMs)))],
  ];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  for (const line of lines) console.log(line.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  '));
  console.log(`\nstatuses: ${Object.entries(statuses).map(([status, count]) => `${status} ${count}`).join(' · ')}`);
  console.log(`memory:   ${memory.map(({ after, residentMiB, heapMiB }) => `after ${after} ${residentMiB} MiB resident, ${heapMiB} MiB heap`).join(' · ')}`);
  console.log(`\n${requests} requests of ${seeds} seeds after ${warmUp} to warm up, on ${engine}, in ${seconds} s`);
  for (const { claim, holds, figure } of claims) console.log(`  ${holds ? '✔' : '✖'} ${claim}: ${figure}`);
  for (const { replay, request, fault } of faults.slice(0, MOST_FAULTS_SHOWN)) console.log(`      npm run test:fuzz -- --replay ${replay}   # ${request}: ${fault}`);
  for (const line of logged.slice(0, MOST_FAULTS_SHOWN)) console.log(`      ${line.slice(0, 2_000)}`);
}

/** One request again, against a service that has just started. */
async function replay(target: FuzzTarget, seed: number, index: number): Promise<boolean> {
  const request = createRequest(seed, index, target.source);
  const run = new FuzzRun(target, 1);
  const answer = await run.send(request);
  run.close();
  const { caller, method, target: path, headers, body } = request;
  console.log(`${method} ${path}\nas ${'user' in caller ? `${caller.user} by ${caller.kind}` : caller.kind}`);
  for (const [name, value] of headers) console.log(`${name}: ${value}`);
  if (body !== undefined) console.log(`\n${body.toString('utf8')}`);
  console.log(`\n→ ${JSON.stringify(answer, undefined, 2)}`);
  const fault = run.judge(request, answer);
  const complaints = target.complaints();
  for (const line of [...(fault === undefined ? [] : [`✖ ${fault}`]), ...complaints]) console.log(line);
  return fault === undefined && complaints.length === 0;
}

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    seeds: { type: 'string', default: '3' },
    'warm-up': { type: 'string', default: '20000' },
    connections: { type: 'string', default: '16' },
    json: { type: 'boolean', default: false },
    replay: { type: 'string' },
  },
});
const options: Options = { requests: Number(values.requests), seeds: Number(values.seeds), warmUp: Number(values['warm-up']), connections: Number(values.connections) };
const [, seed, index] = /^(\d+):(\d+)$/.exec(values.replay ?? '') ?? [];
if (!Object.values(options).every((value) => Number.isSafeInteger(value) && value > 0) || (values.replay !== undefined && index === undefined)) {
  console.error('usage: npm run test:fuzz -- [--requests 100000] [--seeds 3] [--warm-up 20000] [--connections 16] [--json] [--replay <seed>:<index>]');
  process.exit(2);
}
const serverUrl = process.env['DATABASE_URL'];
const target = await startTarget(serverUrl === '' ? undefined : serverUrl);
try {
  if (seed !== undefined && index !== undefined) {
    if (!(await replay(target, Number(seed), Number(index)))) process.exitCode = 1;
  } else {
    const report = await prove(target, options);
    if (values.json) console.log(JSON.stringify(report, undefined, 2));
    else print(report);
    if (report.claims.some(({ holds }) => !holds)) process.exitCode = 1;
  }
} finally {
  await target.close();
}
if (target.engine === 'PGlite') {
  console.log('PostgreSQL: not run, DATABASE_URL names no server');
  if (process.env['CI'] === 'true') process.exitCode = 1;
}
