// What being watched costs: CPU a request with nothing, and with metrics, logs and traces, each service in turn, round by round.
// Tested by bench.proof.ts: `npm run bench -- overhead`.
import { until } from '#app/testing/condition.ts';
import type { BenchDatabases } from './bench-database.ts';
import { type LoadProcess, startLoad } from './load-process.ts';
import { BEHIND_PROXY, issueTokens, type RequestOptions, runLoad } from './requests.ts';
import { type Bench, type MeasuredServer, startService } from './servers.ts';

export interface OverheadRound {
  readonly cpuUs: number;
  readonly perSecond: number;
  readonly busy: number;
  /** That reached the collector: fewer than were made where its queue was full. */
  readonly spansPerRequest: number;
}

export interface OverheadFigures {
  readonly variant: string;
  readonly rounds: readonly OverheadRound[];
}

interface Variant {
  readonly name: string;
  readonly metrics: boolean;
  readonly logs: boolean;
  /** The part of the requests that is kept. Undefined: no collector, and nothing of a tracer is loaded. */
  readonly traces?: number;
}

export const NOTHING = 'nothing';
/** As the service is shipped, without a collector. */
export const USUAL = 'metrics and logs';
const VARIANTS: readonly Variant[] = [
  { name: NOTHING, metrics: false, logs: false },
  { name: 'metrics', metrics: true, logs: false },
  { name: 'logs', metrics: false, logs: true },
  { name: USUAL, metrics: true, logs: true },
  { name: 'and traces, 0 %', metrics: true, logs: true, traces: 0 },
  { name: 'and traces, 10 %', metrics: true, logs: true, traces: 0.1 },
  { name: 'and traces, 100 %', metrics: true, logs: true, traces: 1 },
];
const WARM_UP_SECONDS = 2;
/** Longer than spans wait to be sent together (app/telemetry/tracing.ts). */
const QUIET_MS = 2_300;
const LATEST_QUIET_MS = 60_000;
const DURATIONS = /^http_server_request_duration_seconds_count/m;
const REQUEST_LINE = /"msg":"request"/;

interface Watched extends Variant {
  readonly server: MeasuredServer;
}
interface Collected {
  readonly endpoint: string;
  readonly spans: number;
}

/** @throws Error when an answer is not what it should be, or a service has a signal that it should not have, or lacks one. */
export async function measureOverhead(bench: Bench, databases: BenchDatabases, { rounds, seconds, onProgress }: RequestOptions): Promise<readonly OverheadFigures[]> {
  const load = await startLoad(bench.cores, 'load.js');
  const collector = await startLoad(bench.cores, 'collector.js');
  const watched: Watched[] = [];
  try {
    const { endpoint } = await collector.run<Collected>({});
    for (const variant of VARIANTS) watched.push({ ...variant, server: await startVariant(bench, databases.ofService(await databases.copy()), variant, endpoint) });
    const tokens = await issueTokens(bench);
    for (const one of watched) {
      onProgress(`overhead: warming up ${one.name}`);
      await runLoad(load, one.server, 'read', tokens, WARM_UP_SECONDS);
      await untilQuiet(collector);
      await requireSignals(one);
    }
    const figures = watched.map(({ name }) => ({ variant: name, rounds: [] as OverheadRound[] }));
    for (let round = 0; round < rounds; round += 1) {
      for (const offset of watched.keys()) {
        const index = (offset + round) % watched.length;
        const one = watched[index];
        if (one === undefined) continue;
        onProgress(`overhead: round ${round + 1} of ${rounds}, ${one.name}`);
        figures[index]?.rounds.push(await measureRound(one.server, collector, () => runLoad(load, one.server, 'read', tokens, seconds)));
      }
    }
    return figures;
  } finally {
    await load.stop();
    for (const { server } of watched) await server.stop();
    await collector.stop();
  }
}

/** Until the collector has all: sending the spans is a part of their price. The others wait as long, so that all idle alike. */
async function measureRound(server: MeasuredServer, collector: LoadProcess, run: () => Promise<{ readonly answers: number; readonly seconds: number }>): Promise<OverheadRound> {
  const spansBefore = await untilQuiet(collector);
  const before = await server.ask('cpu');
  const { answers, seconds } = await run();
  const duringUs = (await server.ask('cpu')) - before;
  const spans = (await untilQuiet(collector)) - spansBefore;
  return { cpuUs: ((await server.ask('cpu')) - before) / answers, perSecond: answers / seconds, busy: duringUs / 1e6 / seconds, spansPerRequest: spans / answers };
}

async function untilQuiet(collector: LoadProcess): Promise<number> {
  let last = { spans: -1, atMs: performance.now() };
  await until('the collector to have all spans', async () => {
    const { spans } = await collector.run<Collected>({});
    if (spans !== last.spans) last = { spans, atMs: performance.now() };
    return performance.now() - last.atMs >= QUIET_MS;
  }, LATEST_QUIET_MS);
  return last.spans;
}

function startVariant(bench: Bench, databaseUrl: string, { metrics, logs, traces }: Variant, endpoint: string): Promise<MeasuredServer> {
  const without = [...(metrics ? [] : ['metrics']), ...(logs ? [] : ['logs'])];
  return startService(bench, databaseUrl, {
    preloads: without.length === 0 ? [] : [new URL(`./without-signals.ts?${without.join('&')}`, import.meta.url)],
    environment: {
      ...BEHIND_PROXY,
      ...(logs ? {} : { LOG_LEVEL: 'silent' }),
      ...(traces === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: String(traces) }),
    },
  });
}

/** After some requests: a preload that takes nothing away would make everything look cheap. */
async function requireSignals({ name, metrics, logs, traces = 0, server }: Watched): Promise<void> {
  const exposition = await (await fetch(`${server.adminOrigin ?? ''}/metrics`)).text();
  const seen = { metrics: DURATIONS.test(exposition), logs: REQUEST_LINE.test(server.log()), spans: /^stockade_spans_total\{outcome="exported"\} [1-9]/m.test(exposition) };
  const wanted = { metrics, logs, spans: traces > 0 };
  if (JSON.stringify(seen) !== JSON.stringify(wanted)) throw new Error(`The service with ${name} has ${JSON.stringify(seen)} and not ${JSON.stringify(wanted)}`);
}
