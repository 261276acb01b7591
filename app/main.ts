// The composition root: the only reader of the environment, the only end of the process.
import { existsSync } from 'node:fs';
import { styleText } from 'node:util';
import { ConfigError, parseConfig, type Config } from '#app/config.ts';
import { AppError } from '#app/errors.ts';
import { DEVELOPMENT_USERS } from '#app/identity/development-users.ts';
import { startService, type StartedPart } from '#app/service.ts';
import { createLog } from '#app/telemetry/log.ts';

/** BSD sysexits: EX_CONFIG, so that a supervisor can tell a wrong setting from a crash. */
const EXIT_CONFIG = 78;

await run();

async function run(): Promise<void> {
  const startedAt = performance.now();
  const config = readConfig();
  const log = createLog({ level: config.logLevel });
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception');
    process.exit(1);
  });
  const service = await startService(config, { log }).catch((error: unknown) => {
    if (error instanceof AppError) console.error(error.message);
    else if (isDenied(error)) console.error(`This process may not use ${error.resource}: keep DATA_DIRECTORY at .data, or name it with --allow-fs-read and --allow-fs-write where node is started.`);
    else log.fatal({ err: error }, 'could not start');
    process.exit(1);
  });
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // A second Ctrl+C is a person who does not want to wait.
      if (stopping) process.exit(1);
      stopping = true;
      log.info({ signal }, 'stopping');
      void service.stop().then((unfinished) => {
        if (unfinished.length > 0) log.error({ unfinished }, 'stopped at the deadline');
        process.exit(unfinished.length > 0 ? 1 : 0);
      });
    });
  }
  if (config.production) log.info({ parts: service.parts }, 'ready');
  else console.log(describe(config, service.parts, Math.round(performance.now() - startedAt)));
}

/** By Node's permission model. */
function isDenied(error: unknown): error is Error & { readonly resource: string } {
  return error instanceof Error && 'code' in error && error.code === 'ERR_ACCESS_DENIED' && 'resource' in error && typeof error.resource === 'string';
}

function readConfig(): Config {
  // In production the platform sets the environment; a file that lies about must not.
  if (process.env['NODE_ENV'] !== 'production' && existsSync('.env')) process.loadEnvFile('.env');
  try {
    return parseConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(`${error.message}\nEvery setting is described in .env.example.`);
    process.exit(EXIT_CONFIG);
  }
}

function describe(config: Config, parts: readonly StartedPart[], readyAfterMs: number): string {
  const rows = [
    ['part', 'real or embedded', 'address', 'ready after'],
    ...parts.map((part) => [part.part, part.kind, part.address, `${part.readyAfterMs} ms`]),
    ['all', '', '', `${readyAfterMs} ms`],
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
  const [head = '', ...body] = lines;
  return ['', styleText('bold', head), ...body, '', ...whereToLook(config), ''].join('\n');
}

function whereToLook(config: Config): string[] {
  const lines = [`Open ${styleText('underline', config.publicUrl)}   API: /docs   health: ${config.listenTls ? 'https' : 'http'}://${config.admin.host}:${config.admin.port}/readyz`];
  if (config.identity.provider.kind === 'embedded') {
    const byTenant = Map.groupBy(DEVELOPMENT_USERS, (user) => user.tenantId);
    for (const [tenant, users] of byTenant) lines.push(`Sign in as (${tenant}): ${users.map(({ id }) => id).join(', ')}`);
    lines.push('A token for curl: npm run --silent token -- --user clerk');
  }
  return [...lines, 'Stop with Ctrl+C.'];
}
