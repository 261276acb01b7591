// `npm run bench`: this service beside its rivals, in one run. A table for each part, and all figures in .cache/bench/latest.json.
//   npm run bench -- [read] [move] [overhead] [sealing] [fanout] [startup] [size] [profile]   --rounds 7   --seconds 3   --sessions 1000,10000
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type BenchDatabases, prepareDatabases } from './bench-database.ts';
import { findCores } from './cores.ts';
import { measureFanout, readDescriptorLimit } from './fanout.ts';
import { formatFanout, judgeFanout, reportFanout } from './fanout-report.ts';
import { installStacks, measureInstallation } from './installation.ts';
import { startIssuer } from './issuer.ts';
import { measureOverhead } from './overhead.ts';
import { formatOverhead, judgeOverhead, reportOverhead } from './overhead-report.ts';
import { formatProfile, profileService } from './profile.ts';
import { formatRequests, judgeRead, reportRequests, type Target } from './request-report.ts';
import { measureRequests, type RequestKind } from './requests.ts';
import { formatSealing, judgeSealing, measureSealing } from './sealing.ts';
import type { Bench } from './servers.ts';
import { formatStartup, measureStartup } from './startup.ts';
import { formatFigure, formatTable } from './table.ts';

const PARTS = ['read', 'move', 'overhead', 'sealing', 'fanout', 'startup', 'size', 'profile'] as const;
type Part = (typeof PARTS)[number];
/** Twenty-two minutes for all of these on a quiet machine; a profile is asked for by name. */
const USUAL: readonly Part[] = ['read', 'move', 'overhead', 'sealing', 'fanout', 'startup', 'size'];
const OUTPUT = path.join('.cache', 'bench');
const LATEST_READY_MS = 400;
const MOST_PACKAGES = 160;

interface Options {
  readonly parts: ReadonlySet<Part>;
  readonly rounds: number;
  readonly seconds: number;
  readonly events: number;
  readonly sessions: readonly number[];
}
interface Outcome {
  readonly targets: readonly Target[];
  readonly figures: Readonly<Record<string, unknown>>;
}

const progress = (line: string): void => { process.stderr.write(`${line}\n`); };

function readOptions(): Options | undefined {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: { type: 'string', default: '7' }, seconds: { type: 'string', default: '3' }, events: { type: 'string', default: '15' }, sessions: { type: 'string', default: '1000,10000' } },
  });
  const parts = positionals.length === 0 ? USUAL : PARTS.filter((part) => positionals.includes(part));
  const [rounds, seconds, events, sessions] = [Number(values.rounds), Number(values.seconds), Number(values.events), values.sessions.split(',').map(Number)];
  const known = positionals.every((given) => (PARTS as readonly string[]).includes(given));
  return known && [rounds, seconds, events, ...sessions].every((figure) => Number.isSafeInteger(figure) && figure > 0) ? { parts: new Set(parts), rounds, seconds, events, sessions } : undefined;
}

async function benchRequests(bench: Bench, databases: BenchDatabases, options: Options): Promise<Outcome> {
  const kinds = (['read', 'move'] as const).filter((kind) => options.parts.has(kind));
  const measured = await measureRequests(bench, databases, kinds, { ...options, onProgress: progress });
  const reports = new Map<RequestKind, ReturnType<typeof reportRequests>>([...measured].map(([kind, figures]) => [kind, reportRequests(figures)]));
  for (const [kind, report] of reports) console.log(`\n${kind}\n${formatRequests(report)}`);
  return { targets: judgeRead(reports.get('read') ?? []), figures: Object.fromEntries(reports) };
}

async function benchOverhead(bench: Bench, databases: BenchDatabases, options: Options): Promise<Outcome> {
  const overhead = reportOverhead(await measureOverhead(bench, databases, { ...options, onProgress: progress }));
  console.log(`\noverhead of a read\n${formatOverhead(overhead)}`);
  return { targets: judgeOverhead(overhead), figures: { overhead } };
}

async function benchSealing(bench: Bench, databases: BenchDatabases, options: Options): Promise<Outcome> {
  const sealing = await measureSealing(bench, databases, { ...options, onProgress: progress });
  console.log(`\nsealing\n${formatSealing(sealing)}`);
  return { targets: [judgeSealing(sealing)], figures: { sealing } };
}

async function benchFanout(bench: Bench, databases: BenchDatabases, { sessions, events }: Options): Promise<Outcome> {
  console.log(`\nfanout (file descriptors a process: ${readDescriptorLimit() ?? 'no limit'})`);
  const reports = [];
  for (const count of sessions) {
    const report = reportFanout(await measureFanout(bench, databases, { sessions: count, events, onProgress: progress }));
    console.log(`\n${formatFanout(report)}`);
    reports.push(...report);
  }
  return { targets: judgeFanout(reports), figures: { fanout: reports } };
}

async function benchStartup(bench: Bench, databases: BenchDatabases, { rounds }: Options): Promise<Outcome> {
  const startup = await measureStartup(bench, databases, rounds, progress);
  console.log(`\nstartup\n${formatStartup(startup)}`);
  return { targets: [{ claim: `ready within ${LATEST_READY_MS} ms on a PostgreSQL server`, value: `${formatFigure(startup.warmMs.median)} ms`, met: startup.warmMs.median <= LATEST_READY_MS }], figures: { startup } };
}

async function benchSize(): Promise<Outcome> {
  progress('size: installing for production');
  const size = await measureInstallation(process.env['npm_execpath']);
  console.log(`\nsize: ${size.packages} packages, ${formatFigure(size.mebibytes)} MiB; the largest: ${size.largest.map(({ name, mebibytes }) => `${name} ${formatFigure(mebibytes)}`).join(', ')}`);
  return { targets: [{ claim: `at most ${MOST_PACKAGES} production packages`, value: String(size.packages), met: size.packages <= MOST_PACKAGES }], figures: { size } };
}

async function benchProfile(bench: Bench, databases: BenchDatabases, { seconds }: Options): Promise<Outcome> {
  const profiles = [];
  for (const kind of ['read', 'move'] as const) {
    progress(`profile: ${kind}`);
    const profile = await profileService(bench, databases, kind, seconds, OUTPUT);
    console.log(`\n${formatProfile(profile)}\n\n${path.join(OUTPUT, `${kind}.cpuprofile`)}`);
    profiles.push(profile);
  }
  return { targets: [], figures: { profile: profiles } };
}

async function run(options: Options, serverUrl: string): Promise<void> {
  await mkdir(OUTPUT, { recursive: true });
  await installStacks(process.env['npm_execpath'], progress);
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-bench-'));
  const databases = await prepareDatabases(serverUrl);
  const issuer = await startIssuer(directory);
  const bench: Bench = { cores: findCores(), issuer, directory, path: process.env['PATH'] ?? '' };
  const machine = { node: process.version, postgresql: databases.version, cpu: cpus()[0]?.model ?? '', cores: bench.cores.description, startedAt: new Date().toISOString(), loadBefore: loadavg()[0] };
  console.log(`Node ${machine.node}, PostgreSQL ${machine.postgresql}, ${machine.cpu}; ${machine.cores}; load before: ${formatFigure(machine.loadBefore ?? 0)}`);
  try {
    const outcomes: Outcome[] = [];
    if (options.parts.has('read') || options.parts.has('move')) outcomes.push(await benchRequests(bench, databases, options));
    if (options.parts.has('overhead')) outcomes.push(await benchOverhead(bench, databases, options));
    if (options.parts.has('sealing')) outcomes.push(await benchSealing(bench, databases, options));
    if (options.parts.has('fanout')) outcomes.push(await benchFanout(bench, databases, options));
    if (options.parts.has('startup')) outcomes.push(await benchStartup(bench, databases, options));
    if (options.parts.has('size')) outcomes.push(await benchSize());
    if (options.parts.has('profile')) outcomes.push(await benchProfile(bench, databases, options));
    await conclude(machine, options, outcomes);
  } finally {
    issuer.close();
    await databases.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function conclude(machine: object, { rounds, seconds, events }: Options, outcomes: readonly Outcome[]): Promise<void> {
  const targets = outcomes.flatMap((outcome) => outcome.targets);
  if (targets.length > 0) console.log(`\n${formatTable([['target', 'measured', ''], ...targets.map(({ claim, value, met }) => [claim, value, met ? '✔' : '✖ falls short'])])}`);
  const file = path.join(OUTPUT, 'latest.json');
  await writeFile(file, `${JSON.stringify({ machine, rounds, seconds, events, targets, ...Object.assign({}, ...outcomes.map(({ figures }) => figures)) as object }, undefined, 2)}\n`);
  console.log(`\nAll figures: ${file}. Only the ratios of one run count.`);
}

const options = readOptions();
const serverUrl = process.env['DATABASE_URL'];
if (options === undefined) {
  console.error(`usage: npm run bench -- [${PARTS.join('|')}] [--rounds 7] [--seconds 3] [--events 15] [--sessions 1000,10000]`);
  process.exitCode = 2;
} else if (!serverUrl) {
  // The embedded database has one connection and no network: nothing that is measured on it says anything about production.
  console.error('not run: DATABASE_URL names no PostgreSQL server');
  process.exitCode = 1;
} else {
  await run(options, serverUrl);
}
