// Installs the tools of one package manager into .cache, as their lock file has them, when a probe or a gate asks for them.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export type ToolSet = 'npm' | 'typescript' | 'mutation' | 'python' | 'go' | 'osv' | 'scorecard' | 'act';
export type Installation = { readonly directory: string } | { readonly notRun: string };
/** @throws Error with what the program said, when it can't be started or fails. */
export type Run = (program: string, parameters: readonly string[], directory: string) => Promise<void>;

export interface InstallOptions {
  /** Holds a folder for each set, with its lock file. */
  readonly sources?: string;
  readonly cache?: string;
  readonly run?: Run;
  readonly onProgress?: (line: string) => void;
}

const SOURCES = import.meta.dirname;
const CACHE = fileURLToPath(new URL('../../.cache/tools/', import.meta.url));
/** Written last: without it, what lies there is half an installation. */
export const STAMP = 'installed.sha256';

/**
 * What is built from source runs its own program at installation, with build tools that have no hash: only these five may, as
 * wapiti3 pins versions of them that have no wheel for Python 3.11. Goes with a wapiti3 that lets go of mitmproxy 9.
 */
const SOURCE_ONLY = 'markupsafe,pyperclip,urwid,yaswfp,zstandard';

const NPM_FILES = ['package.json', 'package-lock.json', '.npmrc'];
const GO_FILES = ['go.mod', 'go.sum'];

interface Recipe {
  /** Copied or read; a change of one of them installs anew. */
  readonly files: readonly string[];
  install(source: string, directory: string, run: Run): Promise<void>;
}

const recipes: Readonly<Record<ToolSet, Recipe>> = {
  npm: {
    files: NPM_FILES,
    async install(source, directory, run) {
      await installByNpm(source, directory, run);
      await fillObservatory(path.join(directory, 'node_modules/@mdn/mdn-http-observatory/conf'));
    },
  },
  typescript: { files: NPM_FILES, install: installByNpm },
  mutation: { files: NPM_FILES, install: installByNpm },
  go: { files: GO_FILES, install: buildByGo },
  osv: { files: GO_FILES, install: buildByGo },
  scorecard: { files: GO_FILES, install: buildByGo },
  act: { files: GO_FILES, install: buildByGo },
  python: {
    files: ['requirements.txt'],
    async install(source, directory, run) {
      await run('python3', ['-m', 'venv', directory], directory);
      await run(path.join(directory, 'bin/pip'), ['install', '--quiet', '--require-hashes', '--no-deps', '--only-binary', ':all:', '--no-binary', SOURCE_ONLY, '--requirement', path.join(source, 'requirements.txt')], directory);
    },
  },
};

async function installByNpm(source: string, directory: string, run: Run): Promise<void> {
  for (const file of NPM_FILES) await copyFile(path.join(source, file), path.join(directory, file));
  await run('npm', ['ci', '--ignore-scripts'], directory);
}

/** go.sum has the hashes; `tool` is every program that go.mod names. */
async function buildByGo(source: string, directory: string, run: Run): Promise<void> {
  await run('go', ['build', '-C', source, '-mod=readonly', '-trimpath', '-o', `${path.join(directory, 'bin')}${path.sep}`, 'tool'], directory);
}

/** Its install script would download both. No host of a probe is preloaded, and the second is read by its web API alone. */
async function fillObservatory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, 'hsts-preload.json'), '{}\n');
  await writeFile(path.join(directory, 'tld-list.json'), '[]\n');
}

export async function installTools(set: ToolSet, { sources = SOURCES, cache = CACHE, run = runProgram, onProgress = () => undefined }: InstallOptions = {}): Promise<Installation> {
  const [source, directory] = [path.join(sources, set), path.join(cache, set)];
  const recipe = recipes[set];
  const wanted = await hashOf(recipe.files.map((file) => path.join(source, file)));
  const stamp = path.join(directory, STAMP);
  if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) return { directory };
  onProgress(`installing the ${set} tools`);
  try {
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true });
    await recipe.install(source, directory, run);
  } catch (error) {
    return { notRun: `the ${set} tools can't be installed: ${error instanceof Error ? error.message : String(error)}` };
  }
  await writeFile(stamp, wanted);
  return { directory };
}

async function hashOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file));
  return hash.digest('hex');
}

const LAST_LINES = 5;

async function runProgram(program: string, parameters: readonly string[], directory: string): Promise<void> {
  const child = spawn(program, parameters, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [said, [code]] = await Promise.all([text(child.stderr), closed]);
  if (code !== 0) throw new Error(`${path.basename(program)} ended with ${code ?? 'a signal'}: ${said.trim().split('\n').slice(-LAST_LINES).join(' ')}`);
}
