// `npm run test:shutdown`: restarts two processes in turn by SIGTERM, under load, behind a balancer that asks /readyz.
//   --restarts 10   --json
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { startDevelopmentProvider } from '#app/identity/development-provider.ts';
import { obtainToken } from '#app/identity/token.ts';
import { freePorts } from '#app/testing/ports.ts';
import { createPostgres, findPostgresPrograms } from '#app/testing/private-postgres.ts';
import { startMain, UNLIMITED } from '#app/testing/process.ts';
import { MovementClient, type Observation, randomOf } from './movement-client.ts';
import { judge } from './verdict.ts';

const WRITERS = 8;
/** A load balancer looks every few seconds; the unready window must be longer than two looks. */
const LOOK_EVERY_MS = 200;
const UNREADY_S = 1;
const REST_MS = 500;

interface Replica {
  readonly origin: string;
  readonly adminOrigin: string;
  inService: boolean;
  /** Resolves to how the process ended, once the next one is ready. */
  restart(): Promise<number | string>;
  kill(): void;
}

async function startReplica(settings: Readonly<Record<string, string>>): Promise<Replica> {
  const [port, adminPort] = await freePorts(2);
  const environment = { ...settings, PORT: String(port), ADMIN_PORT: String(adminPort), SHUTDOWN_UNREADY_SECONDS: String(UNREADY_S), LOG_LEVEL: 'error', ...UNLIMITED };
  const start = async () => {
    const started = startMain(environment);
    await started.sees(/Stop with Ctrl\+C/);
    return started;
  };
  let current = await start();
  return {
    origin: `http://127.0.0.1:${port}`,
    adminOrigin: `http://127.0.0.1:${adminPort}`,
    inService: true,
    async restart() {
      current.child.kill('SIGTERM');
      const ended = await current.ended();
      current = await start();
      return ended;
    },
    kill: () => void current.child.kill('SIGKILL'),
  };
}

async function prove(programs: string, restarts: number): Promise<{ readonly answers: ReadonlyMap<number, number>; readonly exits: readonly (number | string)[]; readonly violations: readonly string[] }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-shutdown-'));
  const [postgresPort = 0] = await freePorts(1);
  const publicUrl = 'http://127.0.0.1';
  const audience = `${publicUrl}/api`;
  const postgres = await createPostgres(programs, postgresPort, { settings: { max_connections: '60', fsync: 'off' } });
  const provider = await startDevelopmentProvider({ host: '127.0.0.1', port: 0, directory, client: { id: 'stockade', redirectUri: `${publicUrl}/auth/callback`, postLogoutRedirectUri: `${publicUrl}/` }, audience, log: pino({ level: 'silent' }) });
  const replicas: Replica[] = [];
  const ending = new AbortController();
  try {
    await postgres.start();
    const settings = { DATABASE_URL: postgres.url, OIDC_ISSUER: provider.issuer, OIDC_CLIENT_ID: 'stockade', OIDC_SIGNATURES: 'legacy-rsa', OIDC_AUDIENCE: audience, PUBLIC_URL: publicUrl };
    replicas.push(await startReplica(settings), await startReplica(settings));
    const tokens = { clerk: await obtainToken({ issuer: provider.issuer, audience, user: 'clerk' }), manager: await obtainToken({ issuer: provider.issuer, audience, user: 'manager' }) };

    const looking = (async () => {
      while (!ending.signal.aborted) {
        for (const replica of replicas) replica.inService = await fetch(`${replica.adminOrigin}/readyz`).then(({ status }) => status === 200, () => false);
        await delay(LOOK_EVERY_MS);
      }
    })();
    let turn = 0;
    const balance = () => {
      const able = replicas.filter(({ inService }) => inService);
      turn += 1;
      return (able.length > 0 ? able : replicas)[turn % (able.length || replicas.length)]?.origin ?? '';
    };
    const seen: Observation[] = [];
    const client = new MovementClient(balance, tokens, randomOf(1), (observation) => seen.push(observation));
    await client.createItems();
    const writers = Array.from({ length: WRITERS }, async () => {
      while (!ending.signal.aborted) await client.try(client.next());
    });

    const exits: (number | string)[] = [];
    for (let index = 0; index < restarts; index += 1) {
      await delay(REST_MS);
      exits.push((await replicas[index % 2]?.restart()) ?? 'none');
      process.stderr.write(`\r${index + 1} of ${restarts} restarts, ${seen.length} answers `);
      await delay(2 * LOOK_EVERY_MS);
    }
    process.stderr.write('\n');
    ending.abort();
    await Promise.all([...writers, looking]);
    for (const attempt of client.attempts) if (attempt.answers.length === 0) await client.try(attempt);

    const answers = new Map<number, number>();
    for (const { status } of seen) answers.set(status, (answers.get(status) ?? 0) + 1);
    const bad = [...answers].filter(([status]) => status === 0 || status >= 500).map(([status, count]) => `${count} requests got ${status === 0 ? 'no answer' : status}`);
    const lost = judge(client.attempts, await client.readItems(), []).flatMap(({ violations }) => violations);
    return { answers, exits, violations: [...bad, ...exits.filter((exit) => exit !== 0).map((exit) => `a process ended with ${exit}`), ...lost] };
  } finally {
    ending.abort();
    for (const replica of replicas) replica.kill();
    await provider.close();
    await postgres.remove();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

const { values } = parseArgs({ options: { restarts: { type: 'string', default: '10' }, json: { type: 'boolean', default: false } } });
const programs = findPostgresPrograms();
if (programs === undefined) {
  console.log('not run: no PostgreSQL programs (initdb) were found');
  if (process.env['CI'] === 'true') process.exitCode = 1;
} else {
  const { answers, exits, violations } = await prove(programs, Number(values.restarts));
  if (values.json) console.log(JSON.stringify({ answers: Object.fromEntries(answers), exits, violations }, undefined, 2));
  else {
    console.log(`${exits.length} restarts by SIGTERM under load; clients saw ${[...answers].sort(([a], [b]) => a - b).map(([status, count]) => `${status === 0 ? 'no answer' : status} × ${count}`).join(', ')}`);
    console.log(violations.length === 0 ? '✔ no 5xx, no cut answer, no acknowledged write lost' : violations.slice(0, 10).map((violation) => `✖ ${violation}`).join('\n'));
  }
  if (violations.length > 0 || answers.size === 0) process.exitCode = 1;
}
