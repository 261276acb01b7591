// `npm run probe -- sign-in-flood`: what a flood of sign-ins costs the other requests. The service is a process of its own;
// somebody's reads are timed in turns without and with the flood, which a third process makes.
import { performance } from 'node:perf_hooks';
import { median, pairedRatios, percentile } from '#app/bench/statistics.ts';
import { exitCodeOfNotRun, formatRows } from '#app/testing/report.ts';
import { startProgram } from '#app/testing/process.ts';
import { raisedLimits, startServiceProcess } from '#app/testing/service-process.ts';
import { obtainToken } from '#app/identity/token.ts';
import { TestBrowser } from './test-person.ts';

const ROUNDS = 6;
const ROUND_MS = 4_000;
/** More than may wait, so that some are turned away. */
const FLOODERS = 80;
/** What it is turned away with for. */
const PAUSE_MS = 250;
const MOST_TIMES = 2;

const [flooded] = process.argv.slice(2);
const serverUrl = process.env['DATABASE_URL'];
if (flooded !== undefined) {
  await flood(flooded);
} else if (!serverUrl) {
  console.log('not run: set DATABASE_URL to a PostgreSQL server; on the embedded one every request waits for the one connection anyway');
  process.exitCode = exitCodeOfNotRun(process.env['CI'] === 'true');
} else {
  const service = await startServiceProcess('sign-in-flood', serverUrl, { ...raisedLimits(), TRUSTED_PROXIES: '1' });
  try {
    await prove(service.origin, await obtainToken({ issuer: service.issuer, audience: service.audience, user: 'viewer' }));
  } finally {
    await service.close();
  }
}

async function prove(origin: string, token: string): Promise<void> {
  await read(origin, token, ROUND_MS / 2);
  const rounds: { readonly quiet: number[]; readonly flooded: number[] }[] = [];
  const total = new Map<number, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const quiet = await read(origin, token, ROUND_MS);
    const underWay = startFlood(origin);
    // The first two seconds start the process and fill the line.
    await read(origin, token, 2_000);
    const busy = await read(origin, token, ROUND_MS);
    for (const [status, count] of await underWay.stop()) total.set(status, (total.get(status) ?? 0) + count);
    rounds.push({ quiet, flooded: busy });
    console.log(`round ${round + 1} of ${ROUNDS}: median ${median(quiet).toFixed(2)} ms, in the flood ${median(busy).toFixed(2)} ms`);
  }
  report(rounds, total);
}

function report(rounds: readonly { readonly quiet: number[]; readonly flooded: number[] }[], total: ReadonlyMap<number, number>): void {
  const measures = [['median', (values: readonly number[]) => median(values)], ['p90', (values: readonly number[]) => percentile(values, 0.9)], ['p99', (values: readonly number[]) => percentile(values, 0.99)]] as const;
  const rows = measures.map(([name, measure]) => {
    const [quiet, flooded] = [rounds.map((round) => measure(round.quiet)), rounds.map((round) => measure(round.flooded))];
    return { name, quiet: median(quiet), flooded: median(flooded), ratio: pairedRatios(flooded, quiet) };
  });
  console.log(formatRows([['a read', 'quiet ms', 'in the flood ms', 'ratio', 'lowest', 'highest'], ...rows.map(({ name, quiet, flooded, ratio }) => [name, quiet.toFixed(2), flooded.toFixed(2), ratio.median.toFixed(2), ratio.lowest.toFixed(2), ratio.highest.toFixed(2)])]));
  console.log(`the flood's answers: ${[...total].toSorted(([left], [right]) => left - right).map(([status, count]) => `${count} × ${status}`).join(', ')}`);
  const [typical] = rows;
  const busy = (total.get(422) ?? 0) > 0 && (total.get(503) ?? 0) > 0;
  const holds = typical !== undefined && typical.ratio.median <= MOST_TIMES && busy;
  console.log(`${holds ? '✔' : '✖'} a read takes ${typical?.ratio.median.toFixed(2) ?? '?'} times as long in the flood (at most ${MOST_TIMES})${busy ? '' : '; but the flood was none'}`);
  if (!holds) process.exitCode = 1;
}

/** One after the other, for so long; their times in ms. */
async function read(origin: string, token: string, ms: number): Promise<number[]> {
  const times: number[] = [];
  for (const end = performance.now() + ms; performance.now() < end; ) {
    const from = performance.now();
    const response = await fetch(`${origin}/api/v1/sessions`, { headers: { authorization: `Bearer ${token}` } });
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`A read was answered with ${response.status}.`);
    times.push(performance.now() - from);
  }
  return times;
}

interface Flood {
  /** Status → how often. */
  stop(): Promise<ReadonlyMap<number, number>>;
}

function startFlood(origin: string): Flood {
  const started = startProgram(import.meta.filename, [origin], {});
  return {
    async stop() {
      started.child.kill('SIGTERM');
      await started.ended();
      return new Map(JSON.parse(started.stdout()) as [number, number][]);
    },
  };
}

/** The third process: each waits for its answer, and who is turned away comes back a little later, as browsers do. */
async function flood(origin: string): Promise<void> {
  const answers = new Map<number, number>();
  const end = performance.now() + 2 * ROUND_MS;
  let flooding = true;
  process.once('SIGTERM', () => (flooding = false));
  await Promise.all(
    Array.from({ length: FLOODERS }, async (_, flooder) => {
      for (let times = 0; flooding && performance.now() < end; times += 1) {
        const { status } = await new TestBrowser(origin).signIn({ tenantId: 'acme', email: `flood-${flooder}-${times}@acme.test` }, 'guessing and guessing');
        answers.set(status, (answers.get(status) ?? 0) + 1);
        if (status !== 422) await pause(PAUSE_MS);
      }
    }),
  );
  console.log(JSON.stringify([...answers]));
}

function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  setTimeout(() => { resolve(undefined); }, ms);
  return promise;
}
