// `npm run test:restore`: a service under load loses its machine and its database; a new server is made of a base backup and the
// log that was kept elsewhere, and what is there is compared with what clients were told. Twice: with commits that wait for the
// archive, and with segments that go there every few seconds.
//   --mode synchronous|asynchronous|both   --json
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { exitCodeOfNotRun, formatRows } from '#app/testing/report.ts';
import { findPostgresPrograms } from '#app/testing/private-postgres.ts';
import type { ArchiveMode } from '#app/testing/wal-archive.ts';
import { Drill, type Phases } from './drill.ts';
import { type Claim, judgeRestore, type Loss, measureLoss } from './restore-verdict.ts';

interface Report extends Loss {
  readonly mode: ArchiveMode;
  readonly phases: Phases;
  readonly bytes: { readonly base: number; readonly log: number };
  readonly workloads: readonly string[];
  readonly claims: readonly Claim[];
}

async function prove(programs: string, mode: ArchiveMode): Promise<Report> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-restore-'));
  const drill = new Drill({ programs, mode, directory, say: (what) => process.stderr.write(`${mode}: ${what}\n`) });
  try {
    await drill.prepare();
    await drill.writeAndLose();
    const bytes = await drill.archivedBytes();
    const phases = await drill.recover();
    const record = await drill.finish();
    return { mode, phases, bytes, workloads: record.workloads.map(({ name }) => name), ...measureLoss(record), claims: judgeRestore(record) };
  } finally {
    await drill.close();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
const megabytes = (bytes: number) => `${Math.round(bytes / 1_048_576)} MB`;

function print(reports: readonly Report[]): void {
  for (const { mode, claims } of reports) {
    console.log(mode);
    for (const { claim, cases, violations } of claims) {
      console.log(`  ${cases > 0 && violations.length === 0 ? '✔' : '✖'} ${claim}: ${cases} cases, ${violations.length} violations`);
      for (const violation of violations.slice(0, 5)) console.log(`      ${violation}`);
    }
  }
  console.log(formatRows([
    ['archive', 'acknowledged', 'lost', 'recovery point', 'recovery time', 'of which server', 'npm run restored', 'service ready', 'first change', 'base backup', 'log'],
    ...reports.map(({ mode, acknowledged, lost, recoveryPointMs, phases, bytes }) => [
      mode, String(acknowledged), String(lost), seconds(recoveryPointMs), seconds(phases.serverMs + phases.settledMs + phases.readyMs + phases.firstChangeMs),
      ...[phases.serverMs, phases.settledMs, phases.readyMs, phases.firstChangeMs].map(seconds), megabytes(bytes.base), megabytes(bytes.log),
    ]),
  ]));
}

const { values } = parseArgs({ options: { mode: { type: 'string', default: 'both' }, json: { type: 'boolean', default: false } } });
const modes = (['synchronous', 'asynchronous'] as const).filter((mode) => values.mode === 'both' || values.mode === mode);
const programs = findPostgresPrograms(['initdb', 'postgres', 'pg_basebackup', 'pg_receivewal']);
if (modes.length === 0) {
  console.error('usage: npm run test:restore -- [--mode synchronous|asynchronous|both] [--json]');
  process.exitCode = 2;
} else if (programs === undefined) {
  console.log('not run: the programs of PostgreSQL (initdb, pg_basebackup, pg_receivewal) are neither on the PATH nor below /usr/lib/postgresql');
  process.exitCode = exitCodeOfNotRun(process.env['CI'] === 'true');
} else {
  const reports: Report[] = [];
  for (const mode of modes) reports.push(await prove(programs, mode));
  if (values.json) console.log(JSON.stringify(reports, undefined, 2));
  else print(reports);
  if (!reports.some(({ workloads }) => workloads.length > 1)) console.log('live events: not run, no feature has a proofs/restore-workload.ts');
  if (reports.some(({ claims }) => claims.some(({ cases, violations }) => cases === 0 || violations.length > 0))) process.exitCode = 1;
}
