// What sealing the audit trail costs those who write: movements a second with and without it, in turns on one server.
// Tested by bench.proof.ts: it is what the command runs.
import { Client } from 'pg';
import { until } from '#app/testing/condition.ts';
import type { BenchDatabases } from './bench-database.ts';
import { startLoad } from './load-process.ts';
import type { Target } from './request-report.ts';
import { BEHIND_PROXY, issueTokens, type RequestOptions, runLoad } from './requests.ts';
import { type Bench, startService } from './servers.ts';
import { pairedRatios, summarise, type Summary } from './statistics.ts';
import { formatFigure, formatPercent, formatTable } from './table.ts';

const WARM_UP_SECONDS = 2;
const DRAIN_DEADLINE_MS = 60_000;
const LEAST_RATIO = 0.9;

export interface SealingReport {
  readonly sealed: Summary;
  readonly unsealed: Summary;
  /** Of movements a second, paired by round: with sealing to without. */
  readonly ratio: Summary;
  /** What was sealed in the rounds with it. */
  readonly entries: number;
}

/** Without it: the bench holds the lock that the sealer takes its turn by, so that the service is the same in both. */
export async function measureSealing(bench: Bench, databases: BenchDatabases, { rounds, seconds, onProgress }: RequestOptions): Promise<SealingReport> {
  const url = await databases.copy();
  const admin = new Client({ connectionString: url });
  await admin.connect();
  const load = await startLoad(bench.cores, 'load.js');
  const server = await startService(bench, databases.ofService(url), { environment: BEHIND_PROXY });
  const count = async (condition: string) => Number((await admin.query<{ n: string }>(`select count(*) as n from audit_entry where position is ${condition}`)).rows[0]?.n);
  const setSealing = async (on: boolean) => {
    await until('all entries to be sealed', async () => (await count('null')) === 0, DRAIN_DEADLINE_MS);
    if (!on) await admin.query("select pg_advisory_lock(hashtext('audit_entry'))");
  };
  try {
    const tokens = await issueTokens(bench);
    const run = async (): Promise<number> => {
      const result = await runLoad(load, server, 'move', tokens, seconds);
      return result.answers / result.seconds;
    };
    await runLoad(load, server, 'move', tokens, WARM_UP_SECONDS);
    const figures: Record<'sealed' | 'unsealed', number[]> = { sealed: [], unsealed: [] };
    let entries = 0;
    for (let round = 0; round < rounds; round += 1) {
      for (const kind of round % 2 === 0 ? (['sealed', 'unsealed'] as const) : (['unsealed', 'sealed'] as const)) {
        onProgress(`sealing: round ${round + 1} of ${rounds}, ${kind}`);
        await setSealing(kind === 'sealed');
        const before = await count('not null');
        figures[kind].push(await run());
        const during = (await count('not null')) - before;
        if (kind === 'sealed') entries += during;
        else if (during > 0) throw new Error('Entries were sealed while the bench held the lock: it is another one by now.');
        await admin.query('select pg_advisory_unlock_all()');
      }
    }
    if (entries === 0) throw new Error('Nothing was sealed in the rounds with sealing.');
    return { sealed: summarise(figures.sealed), unsealed: summarise(figures.unsealed), ratio: pairedRatios(figures.sealed, figures.unsealed), entries };
  } finally {
    await load.stop();
    await server.stop();
    await admin.end();
  }
}

export function formatSealing({ sealed, unsealed, ratio, entries }: SealingReport): string {
  const row = (name: string, { median, spread }: Summary, to: string) => [name, formatFigure(median), formatPercent(spread), to];
  return `${formatTable([['', 'movements/s', '±', 'to without'], row('with sealing', sealed, `${formatFigure(ratio.median)} (${formatFigure(ratio.lowest)} to ${formatFigure(ratio.highest)})`), row('without', unsealed, '1')])}\n${entries} entries were sealed meanwhile`;
}

export function judgeSealing({ ratio }: SealingReport): Target {
  return { claim: `movements a second at least ${LEAST_RATIO} of those without sealing the audit trail`, value: `${formatFigure(ratio.median)} times`, met: ratio.median >= LEAST_RATIO };
}
