// The image's own process, confined as a careful operator would: read-only, without capabilities, on loopback.
import type { Engine, Finished } from './engine.ts';

export interface Container {
  /** A program of the image, in it. */
  run(command: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Finished>;
  log(): Promise<string>;
  /** By the image's STOPSIGNAL; the status that it ends with. */
  stop(): Promise<string>;
  remove(): Promise<void>;
}

export interface ContainerOptions {
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Of this machine, by their paths in the container. */
  readonly files: Readonly<Record<string, string>>;
}

const STOP_WITHIN_S = 40;
/** A laptop's sandbox refuses to raise what it does not have itself. */
const LIMITS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
const CONFINED = ['--read-only', '--read-only-tmpfs=false', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];

/** In place of the service, until it ends. @returns what it said. */
export async function runInImage(engine: Engine, options: ContainerOptions, parameters: readonly string[]): Promise<string> {
  return engine.podman(['run', '--rm', ...confine(options), ...parameters]);
}

export async function startContainer(engine: Engine, options: ContainerOptions): Promise<Container> {
  const id = await engine.podman(['run', '--detach', ...confine(options)]);
  return {
    run: (command, extra = {}) => engine.attempt('podman', ['exec', ...toOptions(extra), id, ...command], { deadlineMs: 60_000 }),
    async log() {
      const { stdout, stderr } = await engine.attempt('podman', ['logs', id]);
      return stdout + stderr;
    },
    async stop() {
      await engine.podman(['stop', '--time', String(STOP_WITHIN_S), id]);
      return engine.podman(['inspect', '--format', '{{.State.ExitCode}}', id]);
    },
    async remove() {
      await engine.attempt('podman', ['rm', '--force', id]);
    },
  };
}

function confine({ image, environment, files }: ContainerOptions): readonly string[] {
  const mounts = Object.entries(files).flatMap(([inside, outside]) => ['--volume', `${outside}:${inside}:ro`]);
  // The health check is run by hand: here is no systemd whose timers would.
  return ['--pull', 'never', '--no-healthcheck', '--network', 'host', ...CONFINED, ...LIMITS, ...toOptions(environment), ...mounts, image];
}

function toOptions(environment: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
}
