// The servers that are measured, each a process of its own on the server's core: this service as main.ts starts it, and its rivals.
// Tested by bench.proof.ts: every figure is of one of them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '#app/testing/condition.ts';
import { freePorts } from '#app/testing/ports.ts';
import { startFlags } from '#app/testing/process.ts';
import type { Cores } from './cores.ts';
import type { Issuer } from './issuer.ts';
import type { Answers, Question } from './meter.ts';
import { TENANT } from './bench-database.ts';

export interface Bench {
  readonly cores: Cores;
  readonly issuer: Issuer;
  /** For logs; removed after the run. */
  readonly directory: string;
  /** The PATH of this process: nothing else of its environment reaches a server. */
  readonly path: string;
}

export interface MeasuredServer {
  readonly name: string;
  readonly origin: string;
  /** Of health and metrics; a rival has none. */
  readonly adminOrigin?: string;
  ask<Q extends Question>(question: Q): Promise<Answers[Q]>;
  /** From the start of the process to its being ready. */
  readonly readyAfterMs: number;
  /** What it has written to its log so far. */
  readonly log: () => string;
  stop(): Promise<void>;
}

/** The same for all: one for each core would do, and what waits for a lock must not hold up everyone. */
const POOL_SIZE = '10';
const START_DEADLINE_MS = 60_000;
const LOOK_AGAIN_MS = 1;

type Environment = Readonly<Record<string, string>>;

export interface ServiceStart {
  readonly pinned?: boolean;
  readonly environment?: Environment;
  /** Loaded before it (`node --import`). */
  readonly preloads?: readonly URL[];
}

/** In production, with everything on and the permissions of `npm start`, its log at the level of production. */
export async function startService(bench: Bench, databaseUrl: string, { pinned = true, environment = {}, preloads = [] }: ServiceStart = {}): Promise<MeasuredServer> {
  const [port = 0, adminPort = 0] = await freePorts(2);
  const settings = {
    NODE_ENV: 'production',
    PORT: String(port),
    ADMIN_PORT: String(adminPort),
    PUBLIC_URL: 'https://bench.invalid',
    SECURITY_CONTACT: 'mailto:nobody@bench.invalid',
    DATABASE_URL: databaseUrl,
    DATABASE_POOL_SIZE: POOL_SIZE,
    OIDC_ISSUER: bench.issuer.origin,
    OIDC_SIGNATURES: 'legacy-rsa',
    OIDC_AUDIENCE: bench.issuer.audience,
    OIDC_CLIENT_ID: 'bench',
    OIDC_CLIENT_SECRET: 'of-no-use-to-anybody',
    PRIVACY_KEYS: `bench:${'A'.repeat(43)}`,
    NODE_EXTRA_CA_CERTS: bench.issuer.certificateFile,
    ...environment,
  };
  const adminOrigin = `http://127.0.0.1:${adminPort}`;
  const flags = [...startFlags(), '--allow-inspector', ...preloads.flatMap(({ href }) => ['--import', href])];
  const server = await start(bench, { name: 'this service', file: fileURLToPath(new URL('../main.ts', import.meta.url)), port, environment: settings, pinned, readyUrl: `${adminOrigin}/readyz`, flags });
  return { ...server, adminOrigin };
}

export async function startRival(bench: Bench, name: string, file: string, databaseUrl: string, environment: Environment = {}): Promise<MeasuredServer> {
  const [port = 0] = await freePorts(1);
  const settings = {
    NODE_ENV: 'production',
    PORT: String(port),
    DATABASE_URL: databaseUrl,
    DATABASE_POOL_SIZE: POOL_SIZE,
    OIDC_ISSUER: bench.issuer.origin,
    OIDC_AUDIENCE: bench.issuer.audience,
    BENCH_PUBLIC_KEY: bench.issuer.publicKey,
    BENCH_TENANT: TENANT,
    ...environment,
  };
  return start(bench, { name, file: fileURLToPath(new URL(`./stacks/${file}`, import.meta.url)), port, environment: settings, pinned: true, readyUrl: undefined, flags: ['--disable-warning=ExperimentalWarning'] });
}

interface Program {
  readonly name: string;
  readonly file: string;
  readonly port: number;
  readonly environment: Environment;
  readonly pinned: boolean;
  /** Without it, the program says by itself that it is ready. */
  readonly readyUrl: string | undefined;
  /** Of Node. */
  readonly flags: readonly string[];
}

async function start({ cores, directory, path: programs }: Bench, { name, file, port, environment, pinned, readyUrl, flags }: Program): Promise<MeasuredServer> {
  const parameters = [...flags, '--import', new URL('./meter.ts', import.meta.url).href, file];
  const [program, all] = pinned ? cores.place('server', process.execPath, parameters) : [process.execPath, parameters];
  const logFile = path.join(directory, `${path.basename(file)}-${port}.log`);
  const log = openSync(logFile, 'w');
  const startedAt = performance.now();
  const child = spawn(program, all, { env: { PATH: programs, ...environment }, stdio: ['ignore', log, log, 'ipc'] });
  closeSync(log);
  const readLog = (): string => readFileSync(logFile, 'utf8');
  const saysReady = once(child, 'message');
  try {
    await Promise.race([readyUrl === undefined ? saysReady : untilReady(child, readyUrl), failure(child, name, readLog)]);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  const readyAfterMs = performance.now() - startedAt;
  return { name, origin: `http://127.0.0.1:${port}`, readyAfterMs, ask: createAsk(child), log: readLog, stop: () => stop(child) };
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  const end = performance.now() + START_DEADLINE_MS;
  while (performance.now() < end && child.exitCode === null) {
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  throw new Error(`${url} was not ready in time.`);
}

async function failure(child: ChildProcess, name: string, readLog: () => string): Promise<never> {
  await Promise.race([once(child, 'exit'), once(child, 'error')]);
  throw new Error(`${name} ended:\n${readLog().slice(-4_000)}`);
}

function createAsk(child: ChildProcess): MeasuredServer['ask'] {
  let last = 0;
  return async (question) => {
    last += 1;
    const id = last;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const listener = (message: { readonly id?: number; readonly answer?: unknown }): void => {
      if (message.id !== id) return;
      child.off('message', listener);
      resolve(message.answer);
    };
    child.on('message', listener);
    child.send({ id, question });
    return (await promise) as Answers[typeof question];
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await until('the server to end', () => child.exitCode !== null || child.signalCode !== null, 20_000);
  clearTimeout(patience);
}
