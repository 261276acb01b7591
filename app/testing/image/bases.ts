// The bases that the Dockerfile names: pulled where they can be, and else stand-ins of this machine's own programs, of which
// nothing is claimed but that they are no more than Node needs.
import { execFileSync } from 'node:child_process';
import { chmod, chown, copyFile, cp, mkdir, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Engine } from './engine.ts';

export interface Bases {
  /** Whether they are what the Dockerfile names. */
  readonly real: boolean;
  /** Options of `buildah build`. */
  readonly options: readonly string[];
  /** Of the last stage's base. */
  readonly runtime: string;
}

const PULL_DEADLINE_MS = 60_000;
/** Of distroless images; the numbers are those of their `nonroot`. */
const NONROOT = 65_532;
const PASSWD = `root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:${NONROOT}:${NONROOT}:nonroot:/home/nonroot:/sbin/nologin\n`;
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** Names as they stand in the Dockerfile, in its order, each once; stages that build on one another are left out. */
export function readBases(dockerfile: string): readonly string[] {
  const lines = [...dockerfile.matchAll(/^FROM\s+(\S+)(?:\s+AS\s+(\S+))?/gim)];
  const stages = new Set(lines.map(([, , stage]) => stage));
  return [...new Set(lines.map(([, name = '']) => name).filter((name) => !stages.has(name)))];
}

/** @throws Error where the Dockerfile has another number of bases than one to build on and one to run on. */
export async function prepareBases(engine: Engine, dockerfile: string, directory: string): Promise<Bases> {
  const names = readBases(dockerfile);
  const [build = '', runtime = ''] = names;
  if (names.length !== 2) throw new Error(`The Dockerfile has ${names.length} bases, where this proof knows two: ${names.join(', ')}.`);
  if (await pulls(engine, names)) return { real: true, options: [], runtime };
  const standIns = { build: 'localhost/stand-in-build', runtime: 'localhost/stand-in-runtime' };
  await assemble(engine, standIns.build, path.join(directory, 'build'), assembleBuildBase, 'ENV PATH=/usr/local/bin:/usr/bin:/bin');
  await assemble(engine, standIns.runtime, path.join(directory, 'runtime'), assembleRuntimeBase, `USER ${NONROOT}`);
  const replace = (name: string, by: string) => ['--build-context', `${name}=container-image://${by}`];
  return { real: false, options: ['--pull-never', ...replace(build, standIns.build), ...replace(runtime, standIns.runtime)], runtime: standIns.runtime };
}

async function pulls(engine: Engine, names: readonly string[]): Promise<boolean> {
  for (const name of names) {
    const { code } = await engine.attempt('buildah', ['pull', '--quiet', name], { deadlineMs: PULL_DEADLINE_MS });
    if (code !== 0) return false;
  }
  return true;
}

async function assemble(engine: Engine, name: string, root: string, fill: (root: string) => Promise<void>, lastLine: string): Promise<void> {
  await fill(root);
  const file = `${root}.Dockerfile`;
  await writeFile(file, `FROM scratch\nCOPY . /\n${lastLine}\n`);
  await engine.buildah(['build', '--isolation', 'chroot', '--format', 'docker', '--quiet', '--tag', name, '--file', file, root]);
}

/** A shell, Node and npm: what `RUN npm ci` asks for. */
async function assembleBuildBase(root: string): Promise<void> {
  const npm = path.dirname(path.dirname(await realpath(which('npm'))));
  await copyProgram(root, process.execPath, '/usr/local/bin/node');
  await copyProgram(root, await realpath('/bin/sh'), '/bin/sh');
  await copyProgram(root, '/usr/bin/env', '/usr/bin/env');
  await cp(npm, path.join(root, 'usr/local/lib/npm'), { recursive: true });
  await write(root, '/usr/local/bin/npm', '#!/bin/sh\nexec /usr/local/bin/node /usr/local/lib/npm/bin/npm-cli.js "$@"\n', 0o755);
  // A machine behind a proxy has a certificate of that in its bundle.
  await write(root, '/usr/local/etc/npmrc', `cafile=${CERTIFICATES}\n`);
  await copyCertificates(root);
  await write(root, '/etc/passwd', PASSWD);
  await makeTemporary(root);
}

async function assembleRuntimeBase(root: string): Promise<void> {
  await copyProgram(root, process.execPath, '/nodejs/bin/node');
  await copyCertificates(root);
  await write(root, '/etc/passwd', PASSWD);
  await makeTemporary(root);
  const home = path.join(root, 'home/nonroot');
  await mkdir(home, { recursive: true });
  await chown(home, NONROOT, NONROOT);
}

async function copyProgram(root: string, program: string, to: string): Promise<void> {
  const libraries = execFileSync('ldd', [program], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
  for (const [from, name] of [[program, to] as const, ...libraries.map((library) => [library, library] as const)]) {
    const target = path.join(root, name);
    await mkdir(path.dirname(target), { recursive: true });
    await copyFile(await realpath(from), target);
    await chmod(target, 0o755);
  }
}

async function copyCertificates(root: string): Promise<void> {
  const target = path.join(root, CERTIFICATES);
  await mkdir(path.dirname(target), { recursive: true });
  await copyFile(CERTIFICATES, target);
}

async function write(root: string, name: string, content: string, mode = 0o644): Promise<void> {
  const target = path.join(root, name);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, content);
  await chmod(target, mode);
}

async function makeTemporary(root: string): Promise<void> {
  const directory = path.join(root, 'tmp');
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o1777);
}

function which(program: string): string {
  return execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
}
