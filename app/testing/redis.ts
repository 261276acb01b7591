// A Redis or Valkey server of a test's own, to be stopped and started again.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { until } from '#app/testing/condition.ts';
import { freePorts } from '#app/testing/ports.ts';

export interface PrivateRedis {
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** @throws in CI, where what is missing must not pass for tested. */
export function findRedis(): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(path.delimiter);
  const found = ['valkey-server', 'redis-server'].flatMap((name) => directories.map((directory) => path.join(directory, name))).find((file) => existsSync(file));
  if (found === undefined && process.env['CI'] === 'true') throw new Error('CI=true needs Valkey or Redis: install valkey-server or redis-server.');
  return found;
}

export async function createRedis(program: string): Promise<PrivateRedis> {
  const [port = 0] = await freePorts(1);
  let server: ChildProcess | undefined;
  return {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      server = spawn(program, ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
      await until('Redis to listen', () => listens(port));
    },
    async stop() {
      if (server === undefined) return;
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
      server = undefined;
    },
  };
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
