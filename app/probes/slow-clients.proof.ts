// `npm run probe -- slow-clients`: Debian's slowhttptest holds connections with slow headers, slow bodies and slow reading,
// while a good client asks. --connections 200   --bare: against bare node:http, to see that it can fail   --json
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { setTimeout as wait } from 'node:timers/promises';
import type { OpenApiDocument } from '#app/http/openapi.ts';
import { obtainToken } from '#app/identity/token.ts';
import { raisedLimits, startServiceProcess } from '#app/testing/service-process.ts';
import { type Claim, judgeSlowRun, LOOK_EVERY_MS, type OpenConnection, parseEstablished, type SlowRun } from './slow-verdict.ts';

const TOOL = 'slowhttptest';
const LONGEST_S = 25;
const GOOD_CLIENTS = 4;
const GOOD_PAUSE_MS = 20;
const GOOD_DEADLINE_MS = 2_000;

interface Target {
  readonly origin: string;
  readonly port: number;
  /** Where a body is waited for, with what it takes to get that far. */
  readonly body: { readonly path: string; readonly token: string };
  /** The largest page that anybody may read. */
  readonly page: string;
  close(): Promise<void>;
}

interface Mode {
  readonly name: string;
  /** The tool's own probe reads all that it asked for, and stays: it is not slow. */
  readonly isSlow: (connection: OpenConnection) => boolean;
  readonly options: (target: Target) => readonly string[];
}

const MODES: readonly Mode[] = [
  { name: 'slow headers (-H)', isSlow: () => true, options: ({ origin, page }) => ['-H', '-i', '4', '-x', '24', '-u', origin + page] },
  // The tool has no option for a header of one's own, so the token rides on the one that it has.
  { name: 'slow body (-B)', isSlow: () => true, options: ({ origin, body }) => ['-B', '-i', '2', '-x', '10', '-s', '8192', '-f', 'application/json', '-m', `application/json\r\nAuthorization: Bearer ${body.token}`, '-u', origin + body.path] },
  { name: 'slow read (-X)', isSlow: ({ waiting }) => waiting > 0, options: ({ origin, page }) => ['-X', '-n', '1', '-w', '1', '-y', '512', '-z', '5', '-k', '10', '-u', origin + page] },
];

async function startService(): Promise<Target> {
  const serverUrl = process.env['DATABASE_URL'];
  const service = await startServiceProcess('slow-clients', serverUrl === '' ? undefined : serverUrl, raisedLimits());
  const token = await obtainToken({ issuer: service.issuer, audience: service.audience, user: 'manager' });
  const document = (await (await fetch(`${service.origin}/openapi.json`)).json()) as OpenApiDocument;
  const path = Object.entries(document.paths).find(([route, { post }]) => !route.includes('{') && post?.requestBody !== undefined)?.[0];
  return { origin: service.origin, port: service.port, page: '/docs', body: { path: path ?? '/auth/sign-out', token }, close: () => service.close() };
}

/** What Node does by itself: of 200 slow connections none is closed in time. */
async function startBare(): Promise<Target> {
  const page = Buffer.alloc(67_000, 'x');
  const server = http.createServer((request, response) => {
    request.resume().once('end', () => response.end(page));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    page: '/',
    body: { path: '/', token: 'none' },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function run(target: Target, { options, isSlow }: Mode, connections: number): Promise<SlowRun> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: GOOD_CLIENTS });
  const own = new Set<number>();
  const good = { asked: 0, succeeded: 0 };
  const tool = spawn(TOOL, [...options(target), '-c', String(connections), '-r', String(connections), '-l', String(LONGEST_S), '-p', '3', '-v', '0'], { stdio: 'ignore' });
  const state = { isOver: false };
  const ended = once(tool, 'exit').then(() => (state.isOver = true));
  const clients = Array.from({ length: GOOD_CLIENTS }, async () => {
    while (!state.isOver) {
      good.asked += 1;
      if ((await askWell(`${target.origin}${target.page}`, agent, own)) === 200) good.succeeded += 1;
      await wait(GOOD_PAUSE_MS);
    }
  });
  const seen = new Map<number, { firstMs: number; lastMs: number }>();
  while (!state.isOver) {
    const nowMs = performance.now();
    for (const { peerPort } of parseEstablished(await readFile('/proc/net/tcp', 'latin1'), target.port).filter(isSlow)) {
      const known = seen.get(peerPort);
      if (known === undefined) seen.set(peerPort, { firstMs: nowMs, lastMs: nowMs });
      else known.lastMs = nowMs;
    }
    await wait(LOOK_EVERY_MS);
  }
  await Promise.all([ended, ...clients]);
  agent.destroy();
  return { wanted: connections, lifetimesMs: [...seen].filter(([peer]) => !own.has(peer)).map(([, { firstMs, lastMs }]) => lastMs - firstMs), good };
}

/** The status, or 0 where none came in time. */
function askWell(url: string, agent: http.Agent, own: Set<number>): Promise<number> {
  return new Promise((resolve) => {
    const request = http.get(url, { agent, timeout: GOOD_DEADLINE_MS });
    request.once('socket', (socket) => {
      const note = (): void => {
        if (socket.localPort !== undefined) own.add(socket.localPort);
      };
      if (socket.connecting) socket.once('connect', note);
      else note();
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => {
      resolve(0);
    });
    request.once('response', (response) => {
      response.resume().once('end', () => {
        resolve(response.statusCode ?? 0);
      });
    });
  });
}

async function isInstalled(): Promise<boolean> {
  const tool = spawn(TOOL, ['-h'], { stdio: 'ignore' });
  return new Promise((resolve) => {
    tool.once('error', () => {
      resolve(false);
    });
    tool.once('exit', () => {
      resolve(true);
    });
  });
}

const { values } = parseArgs({ options: { connections: { type: 'string', default: '200' }, bare: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } } });
const connections = Number(values.connections);
if (!Number.isSafeInteger(connections) || connections < 1) {
  console.error('usage: npm run probe -- slow-clients [--connections 200] [--bare] [--json]');
  process.exit(2);
}
if (process.platform !== 'linux' || !(await isInstalled())) {
  console.log(`slow-clients: not run, it needs Linux and ${TOOL} (apt-get install ${TOOL})`);
  process.exit(process.env['CI'] === 'true' ? 1 : 0);
}
const target = values.bare ? await startBare() : await startService();
const reports: { readonly mode: string; readonly claims: readonly Claim[] }[] = [];
try {
  for (const mode of MODES) {
    process.stderr.write(`${mode.name}: ${connections} connections …\n`);
    reports.push({ mode: mode.name, claims: judgeSlowRun(await run(target, mode, connections)) });
  }
} finally {
  await target.close();
}
if (values.json) console.log(JSON.stringify(reports, undefined, 2));
else {
  for (const { mode, claims } of reports) {
    console.log(mode);
    for (const { claim, holds, figure } of claims) console.log(`  ${holds ? '✔' : '✖'} ${claim}: ${figure}`);
  }
}
if (reports.some(({ claims }) => claims.some(({ holds }) => !holds))) process.exitCode = 1;
