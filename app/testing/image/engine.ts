// Builds and runs images without a daemon: Buildah and Podman, with a storage of their own that goes away with its folder.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Engine {
  /** @throws Error with what it said, unless it ended with 0. */
  buildah(parameters: readonly string[], options?: RunOptions): Promise<string>;
  podman(parameters: readonly string[], options?: RunOptions): Promise<string>;
  /** Ends with whatever status the program in the container has. */
  attempt(program: 'buildah' | 'podman', parameters: readonly string[], options?: RunOptions): Promise<Finished>;
  /** Removes the storage, mounts included. */
  remove(): Promise<void>;
}

export interface RunOptions {
  readonly directory?: string;
  readonly deadlineMs?: number;
}

const USUAL_DEADLINE_MS = 300_000;
const RUNTIME = '/usr/sbin/runc';

/** What this machine lacks to build and run an image, or undefined. */
export function findMissing(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'building without a daemon needs Linux and root';
  const missing = ['buildah', 'podman', 'runc', 'openssl'].filter((program) => !(process.env['PATH'] ?? '').split(':').concat('/usr/sbin').some((folder) => existsSync(path.join(folder, program))));
  return missing.length === 0 ? undefined : `${missing.join(', ')} not found: apt-get install ${missing.join(' ')}`;
}

export function createEngine(directory: string): Engine {
  const store = ['--root', path.join(directory, 'storage'), '--runroot', path.join(directory, 'run'), '--storage-driver', 'vfs'];
  const global = {
    buildah: store,
    // Without systemd, and on kernels that crun does not start on.
    podman: [...store, '--cgroup-manager', 'cgroupfs', '--events-backend', 'none', ...(existsSync(RUNTIME) ? ['--runtime', RUNTIME] : [])],
  };
  const attempt: Engine['attempt'] = async (program, parameters, { directory: cwd = directory, deadlineMs = USUAL_DEADLINE_MS } = {}) => {
    const child = spawn(program, [...global[program], ...parameters], { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: deadlineMs, killSignal: 'SIGKILL' });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close') as Promise<[number | null]>]);
    return { code, stdout, stderr };
  };
  const demand = async (program: 'buildah' | 'podman', parameters: readonly string[], options?: RunOptions): Promise<string> => {
    const { code, stdout, stderr } = await attempt(program, parameters, options);
    if (code !== 0) throw new Error(`${program} ${parameters[0] ?? ''} ended with ${String(code)}:\n${stdout.slice(-4_000)}\n${stderr.slice(-4_000)}`);
    return stdout.trim();
  };
  return {
    attempt,
    buildah: (parameters, options) => demand('buildah', parameters, options),
    podman: (parameters, options) => demand('podman', parameters, options),
    async remove() {
      await attempt('buildah', ['umount', '--all']);
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
