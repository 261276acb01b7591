// The whole that is watched and what watches it, each a process of its own on loopback: PostgreSQL, the service as production starts it,
// Prometheus and Alertmanager with the shipped files, so many times faster (scale.ts), told of these targets and receivers.
// Tested by prove-observability.ts: every alert there is fired in it.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { until } from '#app/testing/condition.ts';
import { CLIENT_ID, MANAGER, type Person } from '#app/testing/issuer.ts';
import { freePorts } from '#app/testing/ports.ts';
import { createPostgres, findPostgresPrograms, type PrivatePostgres } from '#app/testing/private-postgres.ts';
import { type ProcessEnvironment, startMain, type StartedProcess, startProgram, UNLIMITED } from '#app/testing/process.ts';
import { type Notification, type Receivers, startReceivers } from './receiver.ts';
import { type RenewingIssuer, startRenewingIssuer } from './renewing-issuer.ts';
import { redirect, scale } from './scale.ts';

export interface StackOptions {
  /** How many times faster: with 60 an hour is a minute. */
  readonly factor: number;
  /** Settings of the service, over those of the stack. */
  readonly environment?: ProcessEnvironment;
  /** Loaded before the service (`node --import`). */
  readonly preloads?: readonly URL[];
  /** Of the rules, before they are made faster: to see a proof fail that a broken one must fail. */
  readonly edit?: (file: string, text: string) => string;
}

export interface Alert {
  readonly alert: string;
  readonly state: 'pending' | 'firing';
}

export interface WatchedService {
  readonly process: StartedProcess;
  readonly origin: string;
  readonly adminOrigin: string;
  readonly audience: string;
  /** What `Origin` a browser would send. */
  readonly publicUrl: string;
  /** Where the grants are read from; it may be written. */
  readonly grantsFile: string;
  /** An access token for the API, of somebody who has just signed in. */
  token(person?: Person): Promise<string>;
}

export interface RunningPrometheus {
  readonly origin: string;
  readonly pid: number;
  /** Its folder of rules and targets, to be changed. */
  readonly directory: string;
  query(expression: string): Promise<readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]>;
  alerts(): Promise<readonly Alert[]>;
  /** Reads its files again, as an operator has it do after a change. */
  reload(): void;
}

export interface Stack {
  readonly factor: number;
  readonly service: WatchedService;
  readonly database: PrivatePostgres & { ask(statement: string, values?: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]> };
  readonly issuer: RenewingIssuer;
  readonly prometheus: RunningPrometheus;
  readonly receivers: Pick<Receivers, 'stop' | 'start'>;
  received(): readonly Notification[];
  /** Stops each by its pid, and removes all that they wrote. */
  close(): Promise<void>;
}

const OBSERVABILITY = path.resolve(import.meta.dirname, '../../../observability');
const REPOSITORY = path.resolve(OBSERVABILITY, '..');
const READY_DEADLINE_MS = 240_000;
/** The defaults of Prometheus, which the laptop and Amazon's run with too. */
const LOOKBACK_MS = 300_000;
const RESEND_MS = 60_000;
const AUDIT_VERIFY_MS = 600_000;

const WATCHDOG = 'Watchdog';
const CALM_DEADLINE_MS = 120_000;

/** The names of those that fire. */
export async function firing(prometheus: RunningPrometheus): Promise<readonly string[]> {
  return [...new Set((await prometheus.alerts()).filter(({ state }) => state === 'firing').map(({ alert }) => alert))];
}

/** What is not on this machine, and how to get it. */
export function missingPrograms(): string | undefined {
  const missing = [
    findPostgresPrograms(['initdb', 'postgres']) === undefined ? 'postgresql' : undefined,
    findProgram('prometheus') === undefined ? 'prometheus' : undefined,
    findProgram('prometheus-alertmanager', 'alertmanager') === undefined ? 'prometheus-alertmanager' : undefined,
    findProgram('openssl') === undefined ? 'openssl' : undefined,
  ].filter((name) => name !== undefined);
  return missing.length === 0 ? undefined : `it needs ${missing.join(', ')} (Debian: apt-get install ${missing.join(' ')})`;
}

function findProgram(...names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return names.flatMap((name) => folders.map((folder) => path.join(folder, name))).find((file) => existsSync(file));
}

/** @throws Error where a part does not start; what had started is stopped again. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-observed-'));
  const ends: (() => Promise<unknown> | undefined)[] = [() => rm(directory, { recursive: true, force: true, maxRetries: 5 })];
  const close = async (): Promise<void> => {
    const problems: unknown[] = [];
    // One that can't be ended keeps no other from it.
    for (const end of ends.splice(0).toReversed()) await end()?.catch((error: unknown) => problems.push(error));
    if (problems.length > 0) throw new AggregateError(problems, 'a part of the stack was not ended');
  };
  try {
    return { ...(await startParts(options, directory, (end) => ends.push(end))), close };
  } catch (error) {
    await close();
    throw error;
  }
}

type OnClose = (end: () => Promise<unknown> | undefined) => void;

async function startParts(options: StackOptions, directory: string, onClose: OnClose): Promise<Omit<Stack, 'close'>> {
  const [postgresPort = 0, port = 0, adminPort = 0, prometheusPort = 0, alertmanagerPort = 0] = await freePorts(5);
  const database = await createPostgres(findPostgresPrograms(['initdb', 'postgres']) ?? '', postgresPort, { settings: { fsync: 'off', max_connections: '100' } });
  onClose(() => database.remove());
  await database.start();
  const issuer = await startRenewingIssuer(directory);
  onClose(() => {
    issuer.close();
    return undefined;
  });
  const service = await startService(options, { directory, database, issuer, port, adminPort, onClose });

  const routes = Routes.parse(parse(await readFile(path.join(OBSERVABILITY, 'alertmanager/alertmanager.yaml'), 'utf8')));
  const receivers = await startReceivers(routes.receivers.map(({ name }) => name));
  onClose(() => receivers.close());
  const alertmanager = `127.0.0.1:${alertmanagerPort}`;
  const targets = { 'stockade:9464': `127.0.0.1:${adminPort}`, 'localhost:9090': `127.0.0.1:${prometheusPort}`, 'alertmanager:9093': alertmanager };
  // Of the receivers the names alone, as terraform/metrics.tf takes them: a fork's own are people.
  const told = stringify({ ...routes, receivers: Object.entries(receivers.addresses).map(([name, address]) => ({ name, webhook_configs: [{ url: `http://${address}/${name}` }] })) });
  await startAlertmanager(options, { directory, address: alertmanager, configuration: told, onClose });
  const prometheus = await startPrometheus(options, { directory, address: targets['localhost:9090'], targets, onClose });
  await until('all targets to be up, and no alert but the dead-man’s switch', async () => (await prometheus.query('up == 1')).length === Object.keys(targets).length && (await firing(prometheus)).join() === WATCHDOG, CALM_DEADLINE_MS);
  return {
    factor: options.factor,
    service,
    database: { ...database, ask: (statement, values = []) => askDatabase(database.url, statement, values) },
    issuer,
    prometheus,
    receivers,
    received: () => receivers.received(),
  };
}

interface ServiceParts {
  readonly directory: string;
  readonly database: PrivatePostgres;
  readonly issuer: RenewingIssuer;
  readonly port: number;
  readonly adminPort: number;
  readonly onClose: OnClose;
}

/** As in production: migrated by another login than it works with, an identity provider over TLS, the permissions of `npm start`. */
async function startService({ factor, environment = {}, preloads = [] }: StackOptions, { directory, database, issuer, port, adminPort, onClose }: ServiceParts): Promise<WatchedService> {
  const login = 'watched';
  const migration = startProgram(path.join(REPOSITORY, 'app/migrate.command.ts'), [], { DATABASE_MIGRATION_URL: database.url, DATABASE_SERVICE_LOGIN: login });
  const code = await migration.ended();
  if (code !== 0) throw new Error(`the schema was not made: ${migration.stderr()}`);
  const data = path.join(directory, 'service');
  const grantsFile = path.join(data, 'grants.json');
  await mkdir(data);
  await writeFile(grantsFile, '{"revision":"first","grants":{}}');
  const [publicUrl, audience] = ['https://watched.invalid', 'https://watched.invalid/api'];
  const started = startMain({
    NODE_ENV: 'production',
    PORT: String(port),
    ADMIN_PORT: String(adminPort),
    PUBLIC_URL: publicUrl,
    SECURITY_CONTACT: 'mailto:nobody@watched.invalid',
    // The permission to read and write there; nothing is embedded.
    DATA_DIRECTORY: data,
    // gates:allow code_avoids_known_weaknesses/tls-verification-off until 2027-11-20: to a PostgreSQL of the proof's own, on the loopback address
    DATABASE_URL: `postgres://${login}@127.0.0.1:${database.port}/postgres?sslmode=disable`,
    OIDC_ISSUER: issuer.origin,
    OIDC_AUDIENCE: audience,
    OIDC_CLIENT_ID: CLIENT_ID,
    OIDC_CLIENT_SECRET: randomBytes(16).toString('hex'),
    SIGN_IN_FACTORS: '1',
    PRIVACY_KEYS: `watched:${randomBytes(32).toString('base64url')}`,
    ACCESS_GRANTS_FILE: grantsFile,
    AUDIT_CHECKPOINT_FILE: path.join(data, 'checkpoints.ndjson'),
    AUDIT_VERIFY_SECONDS: String(Math.max(1, Math.round(AUDIT_VERIFY_MS / factor / 1_000))),
    NODE_EXTRA_CA_CERTS: issuer.authorities,
    // A person's own address, as a load balancer tells of it.
    TRUSTED_PROXIES: '1',
    LOG_LEVEL: 'error',
    ...UNLIMITED,
    ...environment,
    ...(preloads.length === 0 ? {} : { NODE_OPTIONS: [environment['NODE_OPTIONS'], ...preloads.map(({ href }) => `--import=${href}`)].filter((one) => one !== undefined).join(' ') }),
  });
  onClose(async () => {
    started.child.kill('SIGCONT');
    started.child.kill('SIGKILL');
    await started.ended();
  });
  const adminOrigin = `http://127.0.0.1:${adminPort}`;
  await untilAnswers('the service', `${adminOrigin}/readyz`, started.child, started.stderr);
  return { process: started, origin: `http://127.0.0.1:${port}`, adminOrigin, audience, publicUrl, grantsFile, token: (person = MANAGER) => issuer.accessToken(person, audience, new Date()) };
}

const Routes = z.looseObject({ receivers: z.array(z.looseObject({ name: z.string() })) });

interface WatcherParts {
  readonly directory: string;
  readonly address: string;
  readonly onClose: OnClose;
}

async function startAlertmanager({ factor }: StackOptions, { directory, address, configuration, onClose }: WatcherParts & { readonly configuration: string }): Promise<void> {
  const home = path.join(directory, 'alertmanager');
  await mkdir(home);
  const file = path.join(home, 'alertmanager.yaml');
  await writeFile(file, scale(configuration, factor));
  const program = findProgram('prometheus-alertmanager', 'alertmanager') ?? '';
  const child = startWatcher(program, [`--config.file=${file}`, `--storage.path=${path.join(home, 'data')}`, `--web.listen-address=${address}`, '--cluster.listen-address='], home, onClose);
  await untilAnswers('Alertmanager', `http://${address}/-/ready`, child, () => saidIn(home));
}

/** The folder is the shipped one; addresses of targets are replaced, times divided. */
async function startPrometheus({ factor, edit = (_, text) => text }: StackOptions, { directory, address, targets, onClose }: WatcherParts & { readonly targets: Readonly<Record<string, string>> }): Promise<RunningPrometheus> {
  const home = path.join(directory, 'prometheus');
  await cp(path.join(OBSERVABILITY, 'prometheus'), home, { recursive: true, filter: (file) => !file.endsWith('.test.yaml') });
  for (const name of await readdir(home)) {
    const file = path.join(home, name);
    if (name.endsWith('.yaml')) await writeFile(file, scale(edit(name, await readFile(file, 'utf8')), factor));
  }
  for (const name of await readdir(path.join(home, 'targets'))) {
    const file = path.join(home, 'targets', name);
    const text = await readFile(file, 'utf8');
    await writeFile(file, redirect(text, Object.fromEntries(Object.entries(targets).filter(([target]) => text.includes(target)))));
  }
  const origin = `http://${address}`;
  const times = { 'query.lookback-delta': LOOKBACK_MS, 'rules.alert.resend-delay': RESEND_MS };
  const child = startWatcher(findProgram('prometheus') ?? '', [
    `--config.file=${path.join(home, 'prometheus.yaml')}`,
    `--storage.tsdb.path=${path.join(home, 'data')}`,
    `--web.listen-address=${address}`,
    '--enable-feature=exemplar-storage',
    ...Object.entries(times).map(([name, ms]) => `--${name}=${Math.round(ms / factor)}ms`),
  ], home, onClose);
  await untilAnswers('Prometheus', `${origin}/-/ready`, child, () => saidIn(home));
  return {
    origin,
    pid: pidOf(child),
    directory: home,
    async query(expression) {
      const { result } = Vector.parse(await ask(`${origin}/api/v1/query?${new URLSearchParams({ query: expression }).toString()}`)).data;
      return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    async alerts() {
      const { alerts } = Alerts.parse(await ask(`${origin}/api/v1/alerts`)).data;
      return alerts.map(({ labels, state }) => ({ alert: labels['alertname'] ?? '', state }));
    },
    reload() {
      child.kill('SIGHUP');
    },
  };
}

const labels = z.record(z.string(), z.string());
const Vector = z.looseObject({ data: z.looseObject({ result: z.array(z.looseObject({ metric: labels, value: z.tuple([z.number(), z.string()]) })) }) });
const Alerts = z.looseObject({ data: z.looseObject({ alerts: z.array(z.looseObject({ labels, state: z.enum(['pending', 'firing']) })) }) });

async function ask(url: string): Promise<unknown> {
  const response = await fetch(url);
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer;
}

const saidIn = (home: string): string => readFileSync(path.join(home, 'log'), 'utf8');

/** What it says goes into its folder, and is shown where it does not start. */
function startWatcher(program: string, parameters: readonly string[], home: string, onClose: OnClose): ChildProcess {
  const child = spawn(program, parameters, { cwd: home, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(path.join(home, 'log'));
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const ended = once(child, 'exit');
  onClose(async () => {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await ended;
    log.end();
  });
  return child;
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('a program of the stack has not started');
  return pid;
}

async function untilAnswers(name: string, url: string, child: ChildProcess, said: () => string): Promise<void> {
  const answers = (): Promise<boolean> => fetch(url).then(({ ok }) => ok, () => false);
  await until(`${name} to answer`, async () => child.exitCode !== null || (await answers()), READY_DEADLINE_MS);
  if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}: ${said()}`);
}

async function askDatabase(url: string, statement: string, values: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Readonly<Record<string, unknown>>>(statement, [...values]);
    return rows;
  } finally {
    await client.end();
  }
}

