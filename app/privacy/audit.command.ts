// `npm run audit:verify` and `npm run audit:export`: for whoever has to know whether the audit trail is whole, and to hand it on.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { ConfigError, parseConfig } from '#app/config.ts';
import { openDatabase } from '#app/data/database.ts';
import { AppError } from '#app/errors.ts';
import { type Checkpoint, readCheckpoint } from '#app/privacy/audit-checkpoint.ts';
import { exportTrail, verifyExport } from '#app/privacy/audit-export.ts';
import { type AuditKey, deriveAuditKey } from '#app/privacy/audit-keys.ts';
import { verifyTrail } from '#app/privacy/audit-reader.ts';
import type { TenantVerdict } from '#app/privacy/audit-verifier.ts';
import { createKeyProvider } from '#app/privacy/key-provider.ts';
import { openServiceKeys } from '#app/privacy/service-keys.ts';
import { createLog } from '#app/telemetry/log.ts';
import type { Database } from '#app/feature.ts';

const USAGE = `Usage: npm run audit:verify -- [--checkpoints FILE] [--lost FROM/TO]
       npm run audit:verify -- --file EXPORT [--checkpoints FILE]
       npm run --silent audit:export -- --tenant TENANT > EXPORT
FILE has checkpoints that were kept outside the database, or a log with them in it. FROM/TO: after a restore, the recovery point
and the time of the restore (ISO 8601), between which checkpoints tell of entries that are lost.`;

await run().catch((error: unknown) => {
  if (!(error instanceof AppError || error instanceof ConfigError || (error instanceof TypeError && 'code' in error))) throw error;
  console.error(error.message);
  process.exitCode = 2;
});

async function run(): Promise<void> {
  const { values, positionals: [command] } = parseArgs({ allowPositionals: true, options: { checkpoints: { type: 'string' }, file: { type: 'string' }, lost: { type: 'string' }, tenant: { type: 'string' } } });
  if (command === 'export' && values.tenant !== undefined) {
    const { tenant } = values;
    await withTrail(async (db, keys) => {
      for await (const line of exportTrail(db, tenant, keys, new Date())) process.stdout.write(line);
    });
    return;
  }
  if (command !== 'verify') throw new AppError(USAGE);
  if (values.file !== undefined) {
    const { keyIds, ...verdict } = await verifyExport(linesOf(values.file), await outsideOf(values.checkpoints, values.lost));
    report([verdict]);
    console.log(`signed with ${keyIds.join(', ')}: compare it with what the operator tells you by another way`);
    return;
  }
  await withTrail(async (db, keys, checkpointFile) => {
    const file = values.checkpoints ?? checkpointFile;
    const verdicts = await verifyTrail(db, { keys, outside: await outsideOf(file, values.lost) });
    report(verdicts);
    console.log(`keys: ${keys.map(({ id }) => id).join(', ')}`);
    console.log(file === undefined ? 'No checkpoints from outside the database were given (--checkpoints): a tail that was cut off with its own would not be seen.' : `checkpoints from outside the database: ${file}`);
    for (const { tenantId, unsealed } of verdicts) if (unsealed > 0) console.log(`${tenantId}: ${unsealed} entries are not in the chain yet: normal for a second or so while the service runs`);
  });
}

async function withTrail(work: (db: Database, keys: readonly AuditKey[], checkpointFile: string | undefined) => Promise<void>): Promise<void> {
  const config = parseConfig(process.env);
  const log = createLog({ level: 'warn', destination: process.stderr });
  const database = await openDatabase(config.database, { log });
  try {
    const keys = await openServiceKeys({ db: database.db, provider: await createKeyProvider(config.privacy.provider), log, now: new Date() });
    await work(database.db, keys.audit.map(deriveAuditKey), config.privacy.checkpointFile);
  } finally {
    await database.close();
  }
}

function report(verdicts: readonly TenantVerdict[]): void {
  console.log('tenant · entries · signed up to · result');
  for (const { tenantId, entries, signedUpTo, problems } of verdicts) {
    console.log(`${tenantId} · ${entries} · ${signedUpTo} · ${problems.length === 0 ? 'whole' : 'BROKEN'}`);
    for (const problem of problems) console.log(`  ${problem}`);
  }
  const broken = verdicts.filter(({ problems }) => problems.length > 0).length;
  console.log(`${verdicts.length - broken} whole, ${broken} broken`);
  if (broken > 0) process.exitCode = 1;
}

async function outsideOf(file: string | undefined, lost: string | undefined): Promise<readonly Checkpoint[]> {
  if (file === undefined) return [];
  const [from, to] = (lost ?? '').split('/').map((time) => Date.parse(time));
  if (lost !== undefined && !(Number(from) <= Number(to))) throw new AppError(`--lost wants two times, as 2026-11-24T09:00:00Z/2026-11-24T09:20:00Z.\n${USAGE}`);
  const checkpoints: Checkpoint[] = [];
  for await (const line of linesOf(file)) {
    const checkpoint = readCheckpoint(line);
    if (checkpoint !== undefined) checkpoints.push(checkpoint);
  }
  const isLost = ({ signedAt }: Checkpoint) => lost !== undefined && signedAt.getTime() > Number(from) && signedAt.getTime() <= Number(to);
  const left = checkpoints.filter((checkpoint) => !isLost(checkpoint));
  if (left.length < checkpoints.length) console.log(`${checkpoints.length - left.length} checkpoints of the lost time are left out`);
  return left;
}

async function* linesOf(file: string): AsyncGenerator<string> {
  try {
    // eslint-disable-next-line security/detect-non-literal-fs-filename -- the operator names it
    yield* createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  } catch (cause) {
    throw new AppError(`${file} can't be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
