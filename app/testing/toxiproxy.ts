// Shopify's toxiproxy between a client and a server, for proofs: a wire that is slow, silent or cut.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { until } from '#app/testing/condition.ts';

export interface Wire {
  /** Adds one of toxiproxy's toxics; resolves to what removes it. */
  poison(type: 'latency' | 'timeout' | 'reset_peer' | 'bandwidth', attributes: Readonly<Record<string, number>>): Promise<() => Promise<void>>;
  /** A disabled wire refuses connections and cuts those that are there. */
  enable(enabled: boolean): Promise<void>;
  close(): void;
}

/** `TOXIPROXY_SERVER`, or `toxiproxy-server` on the PATH. */
export function findToxiproxy(): string | undefined {
  const named = process.env['TOXIPROXY_SERVER'];
  if (named) return named;
  return (process.env['PATH'] ?? '').split(path.delimiter).map((directory) => path.join(directory, 'toxiproxy-server')).find((file) => existsSync(file));
}

export async function layWire(program: string, { controlPort, port, upstreamPort }: { readonly controlPort: number; readonly port: number; readonly upstreamPort: number }): Promise<Wire> {
  const server: ChildProcess = spawn(program, ['-host', '127.0.0.1', '-port', String(controlPort)], { stdio: 'ignore' });
  const call = async (method: string, route: string, body?: unknown): Promise<void> => {
    const response = await fetch(`http://127.0.0.1:${controlPort}${route}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`toxiproxy answered ${response.status} to ${method} ${route}: ${await response.text()}`);
    await response.body?.cancel();
  };
  await until('toxiproxy to answer', () => call('GET', '/version').then(() => true, () => false));
  await call('POST', '/proxies', { name: 'wire', listen: `127.0.0.1:${port}`, upstream: `127.0.0.1:${upstreamPort}`, enabled: true });
  return {
    async poison(type, attributes) {
      for (const stream of ['upstream', 'downstream']) await call('POST', '/proxies/wire/toxics', { name: `${type}-${stream}`, type, stream, attributes });
      return async () => {
        for (const stream of ['upstream', 'downstream']) await call('DELETE', `/proxies/wire/toxics/${type}-${stream}`);
      };
    },
    enable: (enabled) => call('POST', '/proxies/wire', { enabled }),
    close: () => void server.kill('SIGKILL'),
  };
}
