// `npm run migrate`: brings the schema up to date, makes the service's login where DATABASE_SERVICE_LOGIN names it, and ends,
// so that the service itself needs no login that may do either. It loads no code of a feature: no addon, and nothing to write.
import path from 'node:path';
import { ConfigError, parseMigrationConfig } from '#app/config.ts';
import { migrate } from '#app/data/migrate.ts';
import { platformMigrations } from '#app/data/migration-files.ts';
import { openServerDatabase } from '#app/data/server-database.ts';
import { prepareServiceLogin } from '#app/data/service-login.ts';
import { AppError } from '#app/errors.ts';
import { findFeatureFolders } from '#app/features.ts';
import { createLog } from '#app/telemetry/log.ts';

try {
  const { url, serviceLogin, ...options } = parseMigrationConfig(process.env);
  const log = createLog({ level: 'warn' });
  const database = await openServerDatabase({ ...options, url, poolSize: 1, migrationUrl: url }, { log });
  try {
    const ofFeatures = (await findFeatureFolders()).map(({ name, directory }) => ({ name, directory: path.join(directory, 'migrations') }));
    const applied = await migrate(database, [platformMigrations, ...ofFeatures], { log });
    console.log(applied.length === 0 ? `${database.address} is up to date` : `${database.address}: applied ${applied.join(', ')}`);
    if (serviceLogin !== undefined) {
      const changes = await prepareServiceLogin(database, { name: serviceLogin, withTokens: options.iamRegion !== undefined });
      console.log(`the login ${serviceLogin} ${changes.length === 0 ? 'is as it should be' : `was put right: ${changes.join(', ')}`}`);
    }
  } finally {
    await database.close();
  }
} catch (error) {
  if (!(error instanceof AppError || error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
