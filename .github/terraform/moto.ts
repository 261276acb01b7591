// An AWS account on this machine: moto from the locked Python tools, on a free port of loopback, empty at its start.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

export interface Emulator {
  readonly origin: string;
  /** What is in the account: service → kind → how many. */
  readonly contents: () => Promise<Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>>;
  readonly close: () => Promise<void>;
}

const STARTS_WITHIN_MS = 120_000;

export async function startMoto(pythonTools: string): Promise<Emulator> {
  const server = spawn(path.join(pythonTools, 'bin/moto_server'), ['--host', '127.0.0.1', '--port', '0'], {
    // A certificate is issued at once; the policies that AWS manages can be attached.
    env: { ...process.env, MOTO_ACM_VALIDATION_WAIT: '1', MOTO_IAM_LOAD_MANAGED_POLICIES: 'true', PYTHONUNBUFFERED: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said: string[] = [];
  const ended = once(server, 'exit');
  const origin = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => {
      server.kill('SIGKILL');
    }, STARTS_WITHIN_MS);
    server.once('error', reject).once('exit', () => {
      clearTimeout(late);
      reject(new Error(`moto ended: ${said.slice(-5).join(' ')}`));
    });
    // Read to the end, or its pipe fills up and it stands still.
    createInterface({ input: server.stderr }).on('line', (line) => {
      said.push(line);
      if (said.length > 50) said.shift();
      const [, found] = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line) ?? [];
      if (found === undefined) return;
      clearTimeout(late);
      resolve(found);
    });
  });
  return {
    origin,
    async contents() {
      return (await (await fetch(`${origin}/moto-api/data.json`)).json()) as Awaited<ReturnType<Emulator['contents']>>;
    },
    async close() {
      server.kill('SIGTERM');
      await ended;
    },
  };
}
