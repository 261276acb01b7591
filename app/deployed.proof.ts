// `npm run test:deployed -- --state FILE`: builds the image and runs migration and service exactly as their task definitions
// have them: nothing is set but what is in FILE, what ECS adds, and whom to believe of the stand-ins. Around them, in a network of
// their own: PostgreSQL behind what RDS puts before it, an OpenID provider, KMS, and the address that hands out a role's
// credentials, each under the name that the definition gives it. Then settings are spoiled, and each must be noticed. Needs root.
//   --state <FILE>   an applied state, as it is or by terraform show -json, or what terraform test -verbose -json writes
//   --no-spoiling    --json
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { makeCertificate } from '#app/testing/certificate.ts';
import { type Account, startAccount } from '#app/testing/deployed/account.ts';
import { type ContainerDefinition, environmentOf, NOT_THE_SAME, readTaskDefinitions } from '#app/testing/deployed/task-definition.ts';
import { findLaxities, lookThrough, type RunningTask, startTask, type TaskSurroundings, waitForEnd } from '#app/testing/deployed/task.ts';
import { buildImage } from '#app/testing/image/build.ts';
import { createEngine, findMissing } from '#app/testing/image/engine.ts';
import { type Issuer, MANAGER, startIssuer } from '#app/testing/issuer.ts';
import { freePorts } from '#app/testing/ports.ts';
import { createPostgres, findPostgresPrograms, type PrivatePostgres } from '#app/testing/private-postgres.ts';
import { type RdsFront, startRdsFront } from '#app/testing/rds-front.ts';
import { exitCodeOfNotRun, formatRows } from '#app/testing/report.ts';

const IMAGE = 'localhost/stockade-deployed';
/** As a task has one of its own, which is not the loopback. */
const TASK_ADDRESS = '10.11.12.13';
const [DATABASE, ISSUER, KMS] = ['127.0.1.1', '127.0.1.2', '127.0.1.3'] as const;
const AUTHORITY = '/stand-ins.pem';
const MIGRATED_WITHIN_MS = 120_000;
const READY_WITHIN_MS = 120_000;

interface Definitions {
  readonly service: ContainerDefinition;
  readonly migration: ContainerDefinition;
}

interface World {
  readonly surroundings: TaskSurroundings;
  readonly account: Account;
  readonly front: RdsFront;
  readonly issuer: Issuer;
  /** To an empty server, as RDS makes one. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

interface Check {
  readonly claim: string;
  readonly violations: readonly string[];
  readonly seen?: string;
}

async function openWorld(directory: string, { service, migration }: Definitions): Promise<World> {
  const environment = environmentOf(service);
  const region = environment['AWS_REGION'] ?? '';
  const [database, owner, provider] = [environment['DATABASE_URL'], environmentOf(migration)['DATABASE_MIGRATION_URL'], environment['OIDC_ISSUER']].map((address) => new URL(address ?? ''));
  if (database === undefined || owner === undefined || provider === undefined) throw new Error('The definitions name no database or no provider.');
  const kms = `kms.${region}.amazonaws.com`;
  const certificate = await makeCertificate(directory, [database.hostname, provider.hostname, kms].map((name) => `DNS:${name}`));
  const [postgresPort = 0] = await freePorts(1);
  const postgres = await createPostgres(findPostgresPrograms() ?? '', postgresPort, { settings: { fsync: 'off' }, asksPasswords: true, trusts: '+rds_iam' });
  await postgres.start();
  const account = await startAccount({ certificate, keyArn: environment['PRIVACY_KMS_KEY'] ?? '', kmsAddress: KMS });
  const front = await startRdsFront({
    upstreamPort: postgresPort, region, certificate, byPassword: [owner.username], clock: () => new Date(),
    secretOf: (id) => (id === account.accessKeyId ? account.secretAccessKey : undefined),
    place: { host: DATABASE, port: Number(database.port), name: database.hostname },
  });
  const issuer = await startIssuer(certificate, MANAGER, environment['OIDC_SIGNATURES'] === 'legacy-rsa' ? 'RS256' : 'ES256', { issuer: provider.href.replace(/\/$/, ''), host: ISSUER, port: Number(provider.port || 443) });
  const secret = () => randomBytes(24).toString('base64');
  const secrets = { DATABASE_MIGRATION_PASSWORD: secret(), OIDC_CLIENT_SECRET: secret() };
  return {
    account,
    front,
    issuer,
    surroundings: {
      engine: createEngine(directory),
      image: IMAGE,
      secrets,
      added: { NODE_EXTRA_CA_CERTS: AUTHORITY },
      hosts: { [database.hostname]: DATABASE, [provider.hostname]: ISSUER, [kms]: KMS },
      files: { [AUTHORITY]: certificate.file },
    },
    reset: () => resetServer(postgres, owner, database.username, secrets.DATABASE_MIGRATION_PASSWORD),
    async close() {
      account.close();
      front.close();
      issuer.close();
      await postgres.remove();
    },
  };
}

/** As a new instance of RDS is: a master who is no superuser, and a role for tokens that it may hand on. */
async function resetServer(postgres: PrivatePostgres, { username: owner, pathname }: URL, service: string, password: string): Promise<void> {
  const name = pathname.slice(1);
  for (const statement of [
    `drop database if exists ${name} with (force)`,
    `drop role if exists ${service}, app_platform, app_tenant, app_reader, ${owner}, rds_superuser, rds_iam`,
    `create role ${owner} login createdb createrole password '${password}'`,
    'create role rds_iam nologin',
    'create role rds_superuser nologin',
    'grant rds_iam to rds_superuser with admin option',
    `grant rds_superuser to ${owner}`,
    `create database ${name} owner ${owner}`,
  ]) await postgres.query(statement);
}

async function migrate({ migration }: Definitions, { surroundings }: World): Promise<readonly Check[]> {
  const laxities = await lookThrough(migration, surroundings);
  const task = await startTask(migration, surroundings);
  try {
    const code = await waitForEnd(task, MIGRATED_WITHIN_MS);
    const log = (await task.log()).trim();
    return [
      { claim: 'the migration is confined', violations: laxities },
      { claim: 'the migration runs to its end, as the owner, over TLS, by the password alone', violations: code === 0 && /: applied platform\/0001/.test(log) ? [] : [`the migration ended with ${String(code)}: ${log.slice(-600)}`], seen: log.split('\n').at(-1) ?? '' },
    ];
  } finally {
    await task.remove();
  }
}

/** `stops` also waits for its end, which takes as long as the definition says. */
async function serve({ service }: Definitions, world: World, stops: boolean): Promise<readonly Check[]> {
  const { surroundings, account, front, issuer } = world;
  const environment = environmentOf(service);
  const shownBefore = front.shown.length;
  const from = performance.now();
  const task = await startTask(service, { ...surroundings, added: { ...surroundings.added, ...account.taskEnvironment } });
  try {
    const ports = service.portMappings.map(({ containerPort }) => containerPort);
    const adminPort = ports.find((port) => String(port) === environment['ADMIN_PORT']) ?? 0;
    const port = ports.find((each) => each !== adminPort) ?? 0;
    const problem = await waitUntilReady(task, environment, adminPort);
    const ready: Check = { claim: 'the service gets ready, at the port and address that the load balancer asks', violations: problem === undefined ? [] : [problem], seen: `${Math.round(performance.now() - from)} ms after podman run` };
    if (problem !== undefined) return [ready];
    const health = await task.run(service.healthCheck?.command.slice(1) ?? ['/nodejs/bin/node', '--eval', 'process.exit(1)']);
    const shown = front.shown.slice(shownBefore);
    const checks: Check[] = [
      ready,
      { claim: 'it is confined: nobody, read-only, no capability to have or to get, files enough', violations: await findLaxities(task, Number(environment['MAX_CONNECTIONS'] ?? 0)) },
      { claim: 'its pages and its API answer as they do behind a load balancer', violations: await askRoutes(port, environment, issuer), seen: 'security.txt, /docs, the API for nobody and for a manager' },
      { claim: 'the health check passes, in the words of the definition', violations: health.code === 0 ? [] : [`the health check ended with ${String(health.code)}: ${health.stderr.trim().slice(-300)}`] },
      { claim: 'each connection to the database shows a token of the task’s role', violations: shown.length > 0 && shown.every(({ refusal }) => refusal === '') ? [] : [`tokens: ${shown.map(({ refusal }) => refusal || 'taken').join(', ')}`], seen: `${shown.length} tokens` },
      { claim: 'keys of personal data are wrapped by KMS, by the task’s role', violations: account.asked.some((operation) => !operation.startsWith('!')) ? [] : [`KMS was asked: ${account.asked.join(', ')}`], seen: [...new Set(account.asked)].join(', ') },
    ];
    if (stops) {
      const { exitCode, ms } = await task.stop();
      const within = service.stopTimeout * 1_000;
      checks.push({ claim: 'SIGTERM ends it in order, before SIGKILL would', violations: exitCode === 0 && ms < within ? [] : [`it ended with ${String(exitCode)} after ${ms} ms of ${within}`], seen: `${ms} ms of ${within}` });
    }
    return checks;
  } finally {
    await task.remove();
  }
}

/** As the load balancer asks a task: over TLS where the definition says so, and whatever certificate it shows. */
async function askTask(environment: Readonly<Record<string, string>>, port: number, route: string, headers: Readonly<Record<string, string>> = {}): Promise<{ readonly status: number; readonly body: string }> {
  const where = { host: TASK_ADDRESS, port, path: route, headers };
  // The certificate is in the memory of the task, and a load balancer of AWS does not look at it either.
  const request = environment['LISTEN_TLS'] === 'self-signed' ? https.get({ ...where, rejectUnauthorized: false }) : http.get(where);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response) };
}

async function waitUntilReady(task: RunningTask, environment: Readonly<Record<string, string>>, adminPort: number): Promise<string | undefined> {
  const end = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const status = await askTask(environment, adminPort, '/readyz').then((answer) => answer.status, () => 0);
    if (status === 200) return undefined;
    const code = await waitForEnd(task, 250);
    if (code !== undefined) return `the service ended with ${code}: ${(await task.log()).trim().slice(-600)}`;
    if (performance.now() > end) return `/readyz answers ${status === 0 ? 'nobody' : String(status)} after ${READY_WITHIN_MS} ms: ${(await task.log()).trim().slice(-600)}`;
  }
}

async function askRoutes(port: number, environment: Readonly<Record<string, string>>, issuer: Issuer): Promise<readonly string[]> {
  const publicUrl = new URL(environment['PUBLIC_URL'] ?? '');
  const ask = (route: string, headers: Readonly<Record<string, string>> = {}) => askTask(environment, port, route, { host: publicUrl.host, 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https', ...headers });
  const wrong: string[] = [];
  const expect = (what: string, actual: unknown, wanted: unknown) => { if (actual !== wanted) wrong.push(`${what}: ${String(actual)} instead of ${String(wanted)}`); };
  const { status, body } = await ask('/.well-known/security.txt');
  expect('security.txt', status, 200);
  expect('its contact', body.includes(environment['SECURITY_CONTACT'] ?? 'none'), true);
  expect('/docs', (await ask('/docs')).status, 200);
  expect('the API for nobody', (await ask('/api/v1/items')).status, 401);
  // How another profile writes access tokens, the stand-in does not know.
  if ((environment['OIDC_TOKEN_PROFILE'] ?? 'rfc9068') === 'rfc9068') {
    const token = await issuer.accessToken(MANAGER, environment['OIDC_AUDIENCE'] ?? '');
    expect('the API for a manager', (await ask('/api/v1/items', { authorization: `Bearer ${token}` })).status, 200);
  }
  return wrong;
}

interface Spoiling {
  readonly what: string;
  /** What must be said of it. */
  readonly noticed: RegExp;
  readonly service?: (definition: ContainerDefinition) => ContainerDefinition;
  readonly migration?: (definition: ContainerDefinition) => ContainerDefinition;
  readonly stops?: boolean;
}

const withSetting = (name: string, value: string | undefined) => (definition: ContainerDefinition): ContainerDefinition => ({
  ...definition,
  environment: [...definition.environment.filter((one) => one.name !== name), ...(value === undefined ? [] : [{ name, value }])],
});
const withCapabilities = (drop: readonly string[]) => (definition: ContainerDefinition): ContainerDefinition => ({ ...definition, linuxParameters: { ...definition.linuxParameters, capabilities: { add: [], drop: [...drop] } } });

const SPOILINGS: readonly Spoiling[] = [
  { what: 'service: readonlyRootFilesystem false', service: (one) => ({ ...one, readonlyRootFilesystem: false }), noticed: /root file system can be written to/ },
  { what: 'service: user 0:0', service: (one) => ({ ...one, user: '0:0' }), noticed: /runs as 0:0/ },
  { what: 'service: no capability dropped', service: withCapabilities([]), noticed: /may get capabilities/ },
  { what: 'service: fewer files than MAX_CONNECTIONS', service: (one) => ({ ...one, ulimits: [{ name: 'nofile', softLimit: 1_024, hardLimit: 1_024 }] }), noticed: /file descriptors/ },
  { what: 'service: ADMIN_HOST 127.0.0.1', service: withSetting('ADMIN_HOST', '127.0.0.1'), noticed: /\/readyz answers nobody/ },
  { what: 'service: without PRIVACY_KMS_KEY', service: withSetting('PRIVACY_KMS_KEY', undefined), noticed: /the service ended with/ },
  { what: 'service: DATABASE_AUTH password', service: withSetting('DATABASE_AUTH', 'password'), noticed: /the service ended with/ },
  { what: 'service: another AWS_REGION', service: withSetting('AWS_REGION', 'us-east-1'), noticed: /the service ended with/ },
  { what: 'service: without its client secret', service: (one) => ({ ...one, secrets: one.secrets.filter(({ name }) => name !== 'OIDC_CLIENT_SECRET') }), noticed: /the service ended with/ },
  { what: 'service: a health check of another file', service: (one) => ({ ...one, healthCheck: one.healthCheck && { ...one.healthCheck, command: [...one.healthCheck.command.slice(0, -1), '/app/app/none.ts'] } }), noticed: /the health check ended with/ },
  { what: 'service: stopTimeout below the time to get unready', service: (one) => ({ ...one, stopTimeout: 3 }), stops: true, noticed: /it ended with 137/ },
  { what: 'migration: readonlyRootFilesystem false', migration: (one) => ({ ...one, readonlyRootFilesystem: false }), noticed: /root file system can be written to/ },
  { what: 'migration: user 0:0', migration: (one) => ({ ...one, user: '0:0' }), noticed: /runs as 0:0/ },
  { what: 'migration: without leave to use the network', migration: (one) => ({ ...one, command: one.command?.filter((word) => word !== '--allow-net') }), noticed: /the migration ended with/ },
  { what: 'migration: without DATABASE_SERVICE_LOGIN', migration: withSetting('DATABASE_SERVICE_LOGIN', undefined), noticed: /the service ended with/ },
];

/** A spoiled migration begins anew; a spoiled service runs on what the last good one made. */
async function spoil(spoiling: Spoiling, good: Definitions, world: World): Promise<Check> {
  const definitions = { service: spoiling.service?.(good.service) ?? good.service, migration: spoiling.migration?.(good.migration) ?? good.migration };
  const checks: Check[] = [];
  if (spoiling.migration !== undefined) {
    await world.reset();
    checks.push(...(await migrate(definitions, world)));
  }
  const isOver = () => checks.some(({ violations }) => violations.length > 0);
  if (!isOver()) checks.push(...(await serve(definitions, world, spoiling.stops === true)));
  const said = checks.flatMap(({ violations }) => violations);
  return { claim: spoiling.what, violations: said.some((one) => spoiling.noticed.test(one)) ? [] : [`not noticed as ${String(spoiling.noticed)}: ${said.join('; ') || 'all well'}`], seen: said.find((one) => spoiling.noticed.test(one))?.split('\n')[0]?.slice(0, 90) ?? '' };
}

async function runInside(directory: string, definitions: Definitions, spoiling: boolean): Promise<{ readonly checks: readonly Check[]; readonly spoiled: readonly Check[] }> {
  const world = await openWorld(directory, definitions);
  try {
    await world.reset();
    process.stderr.write('migrating and serving, as the definitions have it\n');
    const migrated = await migrate(definitions, world);
    const checks = [...migrated, ...(migrated.some(({ violations }) => violations.length > 0) ? [] : await serve(definitions, world, true))];
    const spoiled: Check[] = [];
    // What does not run well can't be spoiled.
    if (spoiling && checks.every(({ violations }) => violations.length === 0)) {
      for (const one of SPOILINGS) {
        process.stderr.write(`spoiling: ${one.what}\n`);
        spoiled.push(await spoil(one, definitions, world));
      }
    }
    return { checks, spoiled };
  } finally {
    await world.close();
  }
}

function findContainers(definitions: string): Definitions {
  const containers = readTaskDefinitions(definitions).flatMap((task) => task.containers);
  const named = (name: string): ContainerDefinition => {
    const found = containers.filter((one) => one.name === name);
    if (found.length !== 1 || found[0] === undefined) throw new Error(`There are ${found.length} containers "${name}", where one is asked for.`);
    return found[0];
  };
  return { service: named('service'), migration: named('migration') };
}

const { values } = parseArgs({ options: { state: { type: 'string' }, inside: { type: 'string' }, 'no-spoiling': { type: 'boolean', default: false }, json: { type: 'boolean', default: false } } });
const missing = findMissing() ?? (findPostgresPrograms() === undefined ? 'no PostgreSQL server programs found' : values.state === undefined ? 'no task definitions: --state takes an applied state, as it is or by terraform show -json, or what terraform test -verbose -json writes' : undefined);
if (missing !== undefined || values.state === undefined) {
  console.log(`deployed: not run, ${missing ?? ''}`);
  process.exit(exitCodeOfNotRun(process.env['CI'] === 'true'));
}
const definitions = findContainers(await readFile(values.state, 'utf8'));
if (values.inside === undefined) {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-deployed-'));
  const engine = createEngine(directory);
  try {
    await buildImage(engine, { image: IMAGE, dockerfile: 'Dockerfile', directory });
    // A network of its own, in which every name and port of the definitions is free.
    const enter = `ip link set lo up && ip address add 169.254.170.2/32 dev lo && ip address add ${TASK_ADDRESS}/32 dev lo && exec "$@"`;
    const inside = spawn('unshare', ['--net', 'sh', '-c', enter, 'sh', process.execPath, ...process.execArgv, import.meta.filename, ...process.argv.slice(2), '--inside', directory], { stdio: 'inherit' });
    const [code] = (await once(inside, 'close')) as [number | null];
    process.exitCode = code ?? 1;
  } finally {
    await engine.remove();
  }
} else {
  const { checks, spoiled } = await runInside(values.inside, definitions, !values['no-spoiling']);
  const all = [...checks, ...spoiled];
  if (values.json) console.log(JSON.stringify({ checks, spoiled, notTheSame: NOT_THE_SAME }, undefined, 2));
  else {
    const rows = (part: readonly Check[]) => part.map(({ claim, violations, seen = '' }) => [violations.length === 0 ? '✔' : '✖', claim, seen]);
    console.log(formatRows([['', 'as the task definitions have it', 'seen'], ...rows(checks)]));
    if (spoiled.length > 0) console.log(`\n${formatRows([['', 'spoiled', 'noticed as'], ...rows(spoiled)])}`);
    console.log(`\n${formatRows([['not the same as on ECS', 'in its place'], ...Object.entries(NOT_THE_SAME)])}`);
    for (const { claim, violations } of all) for (const violation of violations) console.log(`  ${claim}: ${violation}`);
  }
  if (all.some(({ violations }) => violations.length > 0)) process.exitCode = 1;
}
