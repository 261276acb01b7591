import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '#app/testing/condition.ts';
import { type HealthCheck, onThisMachine, readHealthCheck, supervise, type Supervised } from './supervisor.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../../../..');
const check = (command: readonly string[]): HealthCheck => ({ command, intervalMs: 10, timeoutMs: 5_000, startPeriodMs: 0, retries: 2 });
/** Fails for whom the first argument names. */
const refuses = (name: string): readonly string[] => [process.execPath, '--eval', `fetch("http://127.0.0.1:" + process.env.ADMIN_PORT).then(async (answer) => process.exit(await answer.text() === "${name}" ? 1 : 0))`];

test('the numbers and the command are those of the image', () => {
  const read = readHealthCheck(readFileSync(path.join(REPOSITORY, 'Dockerfile'), 'utf8'));
  assert.deepEqual({ ...read, command: read.command.length }, { command: 6, intervalMs: 10_000, timeoutMs: 5_000, startPeriodMs: 30_000, retries: 3 });
  assert.deepEqual(onThisMachine(read.command, REPOSITORY).slice(-2), [`--allow-fs-read=${REPOSITORY}`, path.join(REPOSITORY, 'app/healthcheck.command.ts')]);
});

test('a number that is left to Docker is refused', () => {
  assert.throws(() => readHealthCheck('FROM one\nHEALTHCHECK --interval=10s --timeout=5s --retries=3 \\\n  CMD ["one"]'), /--start-period/);
  assert.throws(() => readHealthCheck('FROM one'), /no HEALTHCHECK/);
});

async function startStandIn(name: string, started: string[], onAsked: () => void = () => undefined): Promise<Supervised> {
  const server = http.createServer((_, response) => {
    onAsked();
    response.end(name);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  started.push(name);
  const { port } = server.address() as AddressInfo;
  const kill = async (): Promise<void> => {
    server.closeAllConnections();
    if (server.listening) await once(server.close(), 'close');
  };
  return { port, adminPort: port, kill };
}

test('who fails the check is replaced, and clients are led to the new one', async () => {
  const started: string[] = [];
  const supervisor = await supervise(check(refuses('first')), () => startStandIn(started.length === 0 ? 'first' : 'second', started));
  const ask = async (): Promise<string> => (await fetch(`http://127.0.0.1:${supervisor.port}`, { headers: { connection: 'close' } })).text();
  try {
    await Promise.race([supervisor.failed, until('the second to serve', () => ask().then((name) => name === 'second', () => false), 60_000)]);
    assert.equal(supervisor.replacements.length, 1);
  } finally {
    await supervisor.stop();
  }
});

test('who passes it is left alone', async () => {
  const started: string[] = [];
  let asked = 0;
  const supervisor = await supervise(check(refuses('another')), () => startStandIn('first', started, () => (asked += 1)));
  await Promise.race([supervisor.failed, until('three checks', () => asked >= 3, 60_000)]);
  await supervisor.stop();
  assert.deepEqual([started, supervisor.replacements], [['first'], []]);
});

test('a replacement that can’t start is told', async () => {
  const started: string[] = [];
  const supervisor = await supervise(check(refuses('first')), () => (started.length === 0 ? startStandIn('first', started) : Promise.reject(new Error('no room'))));
  await assert.rejects(supervisor.failed, /no room/);
  await supervisor.stop();
});
