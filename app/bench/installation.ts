// npm, from within a program: what the rivals need is installed on demand, and what production installs is counted.
// Tested by bench.proof.ts: it installs before it measures.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface InstallSize {
  readonly packages: number;
  readonly mebibytes: number;
  /** The five largest folders. */
  readonly largest: readonly { readonly name: string; readonly mebibytes: number }[];
}

const STACKS = fileURLToPath(new URL('./stacks/', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** npm's own note of what lies in node_modules. */
const INSTALLED = 'node_modules/.package-lock.json';
const LARGEST = 5;
const MEBIBYTE = 1_048_576;

type Lock = { readonly packages: Readonly<Record<string, { readonly version?: string }>> };

export async function installStacks(npmProgram: string | undefined, onProgress: (text: string) => void): Promise<void> {
  const wanted = await readVersions(path.join(STACKS, 'package-lock.json'));
  const installed = existsSync(path.join(STACKS, INSTALLED)) ? await readVersions(path.join(STACKS, INSTALLED)) : new Map<string, string>();
  if ([...installed].length > 0 && [...installed].every(([name, version]) => wanted.get(name) === version)) return;
  onProgress('installing the rivals and the load generator');
  await npm(npmProgram, STACKS, ['ci', '--ignore-scripts']);
}

export async function measureInstallation(npmProgram: string | undefined): Promise<InstallSize> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-install-'));
  try {
    for (const file of ['package.json', 'package-lock.json', '.npmrc']) await copyFile(path.join(ROOT, file), path.join(directory, file));
    await npm(npmProgram, directory, ['ci', '--omit=dev', '--omit=optional', '--ignore-scripts']);
    const packages = [...(await readVersions(path.join(directory, INSTALLED))).keys()].filter((name) => existsSync(path.join(directory, name)));
    const folders = await Promise.all((await topLevel(directory)).map(async (name) => ({ name, mebibytes: (await sizeOf(path.join(directory, 'node_modules', name))) / MEBIBYTE })));
    return {
      packages: packages.length,
      mebibytes: folders.reduce((sum, folder) => sum + folder.mebibytes, 0),
      largest: folders.toSorted((one, other) => other.mebibytes - one.mebibytes).slice(0, LARGEST),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function topLevel(directory: string): Promise<readonly string[]> {
  const names = await readdir(path.join(directory, 'node_modules'));
  const inScopes = names.filter((name) => name.startsWith('@')).map(async (scope) => (await readdir(path.join(directory, 'node_modules', scope))).map((name) => `${scope}/${name}`));
  return [...names.filter((name) => !/^[@.]/.test(name)), ...(await Promise.all(inScopes)).flat()];
}

async function sizeOf(directory: string): Promise<number> {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async (file) => (await stat(path.join(file.parentPath, file.name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function readVersions(file: string): Promise<ReadonlyMap<string, string>> {
  const { packages } = JSON.parse(await readFile(file, 'utf8')) as Lock;
  return new Map(Object.entries(packages).flatMap(([name, { version }]) => (name === '' || version === undefined ? [] : [[name, version]])));
}

/** `own` is the npm that runs this command, where there is one: its path is the only way to call it without a shell on Windows. */
async function npm(own: string | undefined, directory: string, parameters: readonly string[]): Promise<void> {
  const [program, all] = own === undefined ? ['npm', parameters] : [process.execPath, [own, ...parameters]];
  const child = spawn(program, all, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'close') as Promise<[number | null]>]);
  if (code !== 0) throw new Error(`npm ${parameters.join(' ')} failed in ${directory}:\n${errors}`);
}
