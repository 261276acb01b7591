// One container of a task definition, run by Podman as the definition says, and what a look at it finds.
// Used by deployed.proof.ts, which ends when it is wrong.
import { setTimeout as delay } from 'node:timers/promises';
import type { Engine, Finished } from '../image/engine.ts';
import { type ContainerDefinition, toPodman } from './task-definition.ts';

export interface TaskSurroundings {
  readonly engine: Engine;
  readonly image: string;
  readonly secrets: Readonly<Record<string, string>>;
  /** Beyond the definition: what ECS adds, and whom to believe of what stands in for AWS. */
  readonly added: Readonly<Record<string, string>>;
  /** By name. */
  readonly hosts: Readonly<Record<string, string>>;
  /** Of this machine, by their paths in the container. */
  readonly files: Readonly<Record<string, string>>;
}

export interface RunningTask {
  /** Undefined while it runs. */
  exitCode(): Promise<number | undefined>;
  log(): Promise<string>;
  /** A program of the image, in it. */
  run(command: readonly string[]): Promise<Finished>;
  /** As ECS: SIGTERM, and SIGKILL once `stopTimeout` is over. */
  stop(): Promise<{ readonly exitCode: number | undefined; readonly ms: number }>;
  remove(): Promise<void>;
}

const POLL_MS = 250;

/** Another program under the same options, where the task's own ends before anybody can look at it. */
export async function lookThrough(definition: ContainerDefinition, surroundings: TaskSurroundings): Promise<readonly string[]> {
  const found = await surroundings.engine.attempt('podman', ['run', '--rm', ...optionsOf(definition, surroundings), ...lookWords]);
  return judgeLook(found, 0);
}

function optionsOf(definition: ContainerDefinition, { image, secrets, added, hosts, files }: TaskSurroundings): readonly string[] {
  return [
    // Fargate's own: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-tasks-containers.html
    '--security-opt', 'no-new-privileges',
    // Podman's own is more than a laptop's sandbox may have.
    '--ulimit', 'nproc=1024:1024',
    '--pull', 'never', '--no-healthcheck', '--network', 'host',
    ...Object.entries(added).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...Object.entries(hosts).flatMap(([name, address]) => ['--add-host', `${name}:${address}`]),
    ...Object.entries(files).flatMap(([inside, outside]) => ['--volume', `${outside}:${inside}:ro`]),
    ...toPodman(definition, secrets).options,
    image,
  ];
}

export async function startTask(definition: ContainerDefinition, surroundings: TaskSurroundings): Promise<RunningTask> {
  const { engine, secrets } = surroundings;
  const id = await engine.podman(['run', '--detach', ...optionsOf(definition, surroundings), ...toPodman(definition, secrets).command]);
  const inspect = async (): Promise<{ readonly Running: boolean; readonly ExitCode: number }> => JSON.parse(await engine.podman(['inspect', '--format', '{{json .State}}', id])) as { readonly Running: boolean; readonly ExitCode: number };
  const exitCode = async () => {
    const { Running: running, ExitCode: code } = await inspect();
    return running ? undefined : code;
  };
  return {
    exitCode,
    async log() {
      const { stdout, stderr } = await engine.attempt('podman', ['logs', id]);
      return stdout + stderr;
    },
    run: (words) => engine.attempt('podman', ['exec', id, ...words], { deadlineMs: 60_000 }),
    async stop() {
      const from = performance.now();
      await engine.podman(['stop', id]);
      return { exitCode: await exitCode(), ms: Math.round(performance.now() - from) };
    },
    async remove() {
      await engine.attempt('podman', ['rm', '--force', '--time', '0', id]);
    },
  };
}

/** @returns its status, or undefined where it still runs at the deadline. */
export async function waitForEnd(task: RunningTask, deadlineMs: number): Promise<number | undefined> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const code = await task.exitCode();
    if (code !== undefined || performance.now() > end) return code;
    await delay(POLL_MS);
  }
}

const LOOK = `
import { constants, accessSync, readFileSync } from 'node:fs';
const status = readFileSync('/proc/1/status', 'utf8');
const of = (name) => new RegExp('^' + name + ':\\\\s+(\\\\S+)', 'm').exec(status)?.[1];
const root = readFileSync('/proc/1/mountinfo', 'utf8').split('\\n').map((line) => line.split(' ')).find((words) => words[4] === '/');
const files = /^Max open files\\s+(\\d+)\\s+(\\d+)/m.exec(readFileSync('/proc/1/limits', 'utf8'));
const writable = ['/', '/tmp', '/app', '/app/compiled', '/home/nonroot', '/var', '/etc'].filter((folder) => { try { accessSync(folder, constants.W_OK); return true; } catch { return false; } });
console.log(JSON.stringify({ uid: of('Uid'), gid: of('Gid'), bounding: of('CapBnd'), effective: of('CapEff'), noNewPrivileges: of('NoNewPrivs'), readOnlyRoot: root[5].split(',').includes('ro'), writable, files: [Number(files[1]), Number(files[2])] }));`;

const lookWords = ['--input-type=module', '--eval', LOOK] as const;

/** What the process of the container is held to, whatever the definition says. */
export async function findLaxities(task: RunningTask, leastFiles: number): Promise<readonly string[]> {
  return judgeLook(await task.run(['/nodejs/bin/node', ...lookWords]), leastFiles);
}

function judgeLook({ stdout, stderr }: Finished, leastFiles: number): readonly string[] {
  if (stdout === '') return [`it could not be looked at: ${stderr.trim()}`];
  const seen = JSON.parse(stdout) as { readonly uid: string; readonly gid: string; readonly bounding: string; readonly effective: string; readonly noNewPrivileges: string; readonly readOnlyRoot: boolean; readonly writable: readonly string[]; readonly files: readonly [number, number] };
  return [
    ...(seen.uid === '65532' && seen.gid === '65532' ? [] : [`it runs as ${seen.uid}:${seen.gid}`]),
    ...(/^0+$/.test(seen.bounding) && /^0+$/.test(seen.effective) ? [] : [`it has or may get capabilities: ${seen.effective}, ${seen.bounding}`]),
    ...(seen.noNewPrivileges === '1' ? [] : ['it may get new privileges']),
    ...(seen.readOnlyRoot ? [] : ['its root file system can be written to']),
    ...seen.writable.map((folder) => `${folder} is writable`),
    ...(seen.files[0] >= leastFiles ? [] : [`it has ${seen.files[0]} file descriptors, and MAX_CONNECTIONS asks for ${leastFiles}`]),
  ];
}
