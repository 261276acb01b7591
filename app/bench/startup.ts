// From the start of the process to `/readyz` answering 200: on an empty database (all migrations), and on one that is there.
// Tested by bench.proof.ts: `npm run bench -- startup`.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type BenchDatabases, withoutTls } from './bench-database.ts';
import { type Bench, startService } from './servers.ts';
import { summarise, type Summary } from './statistics.ts';
import { formatFigure, formatPercent, formatTable } from './table.ts';

export interface StartupReport {
  readonly coldMs: Summary;
  readonly warmMs: Summary;
  /** Node itself, with nothing to run: what no start can be below. */
  readonly bareNodeMs: Summary;
  /** Of a warm start, as the service itself logs them. */
  readonly parts: readonly { readonly part: string; readonly ms: Summary }[];
}

interface ReadyLine {
  readonly msg: string;
  readonly parts: readonly { readonly part: string; readonly readyAfterMs: number }[];
}

export async function measureStartup(bench: Bench, databases: BenchDatabases, rounds: number, onProgress: (text: string) => void): Promise<StartupReport> {
  const [cold, warm, bare]: [number[], number[], number[]] = [[], [], []];
  const parts = new Map<string, number[]>();
  for (let round = 0; round < rounds; round += 1) {
    onProgress(`startup: round ${round + 1} of ${rounds}`);
    const url = await databases.empty();
    bare.push(await timeBareNode());
    for (const times of [cold, warm]) {
      // On both cores: a start is not what another program shares its machine with for long.
      const service = await startService(bench, databases.ofService(url), { pinned: false, environment: { DATABASE_MIGRATION_URL: withoutTls(url) } });
      times.push(service.readyAfterMs);
      await service.stop();
      if (times !== warm) continue;
      for (const { part, readyAfterMs } of readParts(service.log())) parts.set(part, [...(parts.get(part) ?? []), readyAfterMs]);
    }
  }
  return { coldMs: summarise(cold), warmMs: summarise(warm), bareNodeMs: summarise(bare), parts: [...parts].map(([part, times]) => ({ part, ms: summarise(times) })) };
}

export function formatStartup({ coldMs, warmMs, bareNodeMs, parts }: StartupReport): string {
  const row = (name: string, { median, spread }: Summary) => [name, formatFigure(median), formatPercent(spread)];
  return formatTable([
    ['', 'ms', '±'],
    row('ready, empty database', coldMs),
    row('ready, database as left', warmMs),
    row('Node with nothing to run', bareNodeMs),
    ...parts.map(({ part, ms }) => row(`of the second: ${part}`, ms)),
  ]);
}

async function timeBareNode(): Promise<number> {
  const startedAt = performance.now();
  await promisify(execFile)(process.execPath, ['--eval', '0']);
  return performance.now() - startedAt;
}

function readParts(log: string): ReadyLine['parts'] {
  const lines = log.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Partial<ReadyLine>] : []));
  return lines.find(({ msg }) => msg === 'ready')?.parts ?? [];
}
