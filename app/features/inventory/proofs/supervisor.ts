// What keeps one process of the service alive, as an orchestrator does: asks the image's health check, and replaces who fails it.
// It stands in for ECS, whose task definition has the numbers of the Dockerfile word for word (terraform/service.tf).
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface HealthCheck {
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** After a start, in which a failure does not count. */
  readonly startPeriodMs: number;
  /** So many failures in a row, and it is replaced. */
  readonly retries: number;
}

/** @throws Error when the Dockerfile has none, or leaves a number to Docker. */
export function readHealthCheck(dockerfile: string): HealthCheck {
  const [, options = '', command = ''] = /^HEALTHCHECK((?: +--\S+)+)\s*\\?\s*CMD (\[.*\])$/m.exec(dockerfile) ?? [];
  const read = (name: string, unit: string): number => {
    const value = new RegExp(` --${name}=(\\d+)${unit}(?= |$)`).exec(options)?.[1];
    if (value === undefined) throw new Error(`The Dockerfile has no HEALTHCHECK with --${name}.`);
    return Number(value);
  };
  const numbers = { intervalMs: read('interval', 's') * 1_000, timeoutMs: read('timeout', 's') * 1_000, startPeriodMs: read('start-period', 's') * 1_000, retries: read('retries', '') };
  return { ...numbers, command: JSON.parse(command) as string[] };
}

/** The command on this machine: its Node, and the repository in place of the image's folder. */
export function onThisMachine([, ...parameters]: readonly string[], repository: string): readonly string[] {
  return [process.execPath, ...parameters.map((word) => word.replace(/(^|=)\/app(?=\/|$)/, `$1${repository}`))];
}

export interface Supervised {
  readonly port: number;
  readonly adminPort: number;
  kill(): Promise<void>;
}

export interface Replacement {
  /** On the clock of `performance.now`: when the check had failed often enough, and when the new one took over. */
  readonly decidedAtMs: number;
  readonly servingAtMs: number;
}

export interface Supervisor {
  /** Where clients connect: leads to the process that serves. */
  readonly port: number;
  readonly replacements: readonly Replacement[];
  /** Rejects with what keeping it alive failed at. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** `start` resolves when the process is ready. As ECS does, the new one is started before the old one is ended. */
export async function supervise(check: HealthCheck, start: () => Promise<Supervised>): Promise<Supervisor> {
  const replacements: Replacement[] = [];
  let current = await start();
  const front = await openFront(() => current.port);
  const stopping = new AbortController();
  const look = async (): Promise<never> => {
    let failures = 0;
    let countsFromMs = performance.now() + check.startPeriodMs;
    for (;;) {
      await delay(check.intervalMs, undefined, { signal: stopping.signal });
      if (await isHealthy(check, current.adminPort)) failures = 0;
      else if (performance.now() > countsFromMs) failures += 1;
      if (failures < check.retries || stopping.signal.aborted) continue;
      const decidedAtMs = performance.now();
      const old = current;
      current = await start();
      front.cut();
      replacements.push({ decidedAtMs, servingAtMs: performance.now() });
      await old.kill();
      failures = 0;
      countsFromMs = performance.now() + check.startPeriodMs;
    }
  };
  const looking = look();
  const failed = looking.catch((error: unknown) => {
    if (stopping.signal.aborted) return new Promise<never>(() => undefined);
    throw error;
  });
  failed.catch(() => undefined);
  return {
    port: front.port,
    replacements,
    failed,
    async stop() {
      stopping.abort();
      // A replacement that is just starting has to be known, to be ended.
      await looking.catch(() => undefined);
      await front.close();
      await current.kill();
    },
  };
}

async function isHealthy({ command: [program = '', ...parameters], timeoutMs }: HealthCheck, adminPort: number): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(program, parameters, { timeout: timeoutMs, killSignal: 'SIGKILL', env: { ADMIN_PORT: String(adminPort) } }, (error) => {
      resolve(error === null);
    });
  });
}

/** A load balancer's part: connections of before the change are cut, as after its deregistration delay. */
async function openFront(target: () => number): Promise<{ readonly port: number; cut(): void; close(): Promise<void> }> {
  const open = new Set<Socket>();
  const server = net.createServer((client) => {
    const upstream = net.connect(target(), '127.0.0.1');
    for (const [one, other] of [[client, upstream], [upstream, client]] as const) {
      open.add(one);
      one.on('error', () => undefined);
      one.once('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    async close() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}
