// `npm run restored`: after a restore and before the service starts; see .github/RESTORE.md.
// Tested by backup.command.test.ts: both commands, one after the other.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { settleRestored } from '#app/backup/restored.ts';
import { ConfigError, parseConfig } from '#app/config.ts';
import { openDatabase } from '#app/data/database.ts';
import { AppError } from '#app/errors.ts';
import { findFeatures } from '#app/features.ts';
import { deriveAuditKey } from '#app/privacy/audit-keys.ts';
import { createAuditWriter } from '#app/privacy/audit-trail.ts';
import { readErasure, type SignedErasure } from '#app/privacy/erasures.ts';
import { createKeyProvider } from '#app/privacy/key-provider.ts';
import { createPeople } from '#app/privacy/people.ts';
import { collectRegister } from '#app/privacy/register.ts';
import { openServiceKeys } from '#app/privacy/service-keys.ts';
import { createLog } from '#app/telemetry/log.ts';

const USAGE = `Usage: npm run restored -- --checkpoints FILE [--nothing-lost]
FILE: what was kept outside the database, AUDIT_CHECKPOINT_FILE or a log. Without --nothing-lost every session ends, and the
positions of live events go on behind all that were ever given.`;

await run().catch((error: unknown) => {
  if (!(error instanceof AppError || error instanceof ConfigError || (error instanceof TypeError && 'code' in error))) throw error;
  console.error(error.message);
  process.exitCode = 2;
});

async function run(): Promise<void> {
  const { values } = parseArgs({ options: { checkpoints: { type: 'string' }, 'nothing-lost': { type: 'boolean', default: false } } });
  const config = parseConfig(process.env);
  const file = values.checkpoints ?? config.privacy.checkpointFile;
  // To go on without it could bring back who was erased.
  if (file === undefined) throw new AppError(USAGE);
  const erasures = await readErasures(file);
  const log = createLog({ level: 'warn', destination: process.stderr });
  const database = await openDatabase(config.database, { log });
  const [now, clock] = [new Date(), () => new Date()];
  try {
    const keys = await openServiceKeys({ db: database.db, provider: await createKeyProvider(config.privacy.provider), log, now });
    const auditKeys = keys.audit.map(deriveAuditKey);
    const parts = { database, people: createPeople({ keys, clock }), register: collectRegister((await findFeatures()).map(({ module }) => module), config), trail: createAuditWriter(deriveAuditKey(keys.audit[0])), auditKeys };
    const restored = await settleRestored(parts, { erasures, nothingLost: values['nothing-lost'], now });
    console.log(`erasures: ${erasures.length} listed in ${file}, ${restored.erased} done again`);
    if (restored.lastPosition === undefined) console.log('nothing was lost: sessions and positions stay as they are');
    else console.log(`sessions ended: ${restored.sessionsEnded}\nlive events go on after position ${restored.lastPosition}`);
    const lost = restored.lastPosition === undefined ? '' : ` --lost ${(restored.recoveryPoint ?? new Date(0)).toISOString()}/${now.toISOString()}`;
    console.log(`now: npm run audit:verify -- --checkpoints ${file}${lost}`);
    if (restored.unsigned > 0) {
      console.error(`${restored.unsigned} listed erasures are not signed by a key of this database, and were not done: somebody else wrote them, or the key is newer than the backup. See who they are in the trail, and erase them by hand.`);
      process.exitCode = 1;
    }
  } finally {
    await database.close();
  }
}

async function readErasures(file: string): Promise<readonly SignedErasure[]> {
  const erasures: SignedErasure[] = [];
  try {
    // eslint-disable-next-line security/detect-non-literal-fs-filename -- the operator names it
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      const erasure = readErasure(line);
      if (erasure !== undefined) erasures.push(erasure);
    }
  } catch (cause) {
    throw new AppError(`${file} can't be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  return erasures;
}
