// `npm run migrate`: brings the schema up to date and ends, so that the service itself needs no login that may change it.
import path from 'node:path';
import { ConfigError, parseMigrationConfig } from '#app/config.ts';
import { migrate } from '#app/data/migrate.ts';
import { platformMigrations } from '#app/data/migration-files.ts';
import { openServerDatabase } from '#app/data/server-database.ts';
import { AppError } from '#app/errors.ts';
import { findFeatures } from '#app/features.ts';
import { createLog } from '#app/telemetry/log.ts';

try {
  const { url, ...options } = parseMigrationConfig(process.env);
  const log = createLog({ level: 'warn' });
  const database = await openServerDatabase({ ...options, url, poolSize: 1, migrationUrl: url }, { log });
  try {
    const ofFeatures = (await findFeatures()).map(({ name, directory }) => ({ name, directory: path.join(directory, 'migrations') }));
    const applied = await migrate(database, [platformMigrations, ...ofFeatures], { log });
    console.log(applied.length === 0 ? `${database.address} is up to date` : `${database.address}: applied ${applied.join(', ')}`);
  } finally {
    await database.close();
  }
} catch (error) {
  if (!(error instanceof AppError || error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
