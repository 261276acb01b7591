// Where the programs of the gates are, and how they run: bounded in time, and an unexpected end is an error.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { STAMP } from '../tools/install.ts';
import { type Gate, type Output, type RunOptions, type Tool, Unusable } from './gate.ts';

const LONGEST_RUN_MS = 30 * 60_000;
/** ESLint is a second sooner where what it loads was compiled before. */
const NODE_COMPILE_CACHE = path.resolve(import.meta.dirname, '../../.cache/compiled');

/** Where a program is that may be started, or nothing. */
export function locate({ set, program }: Tool, tools: string): string | undefined {
  const folders = { go: [path.join(tools, 'go/bin')], osv: [path.join(tools, 'osv/bin')], scorecard: [path.join(tools, 'scorecard/bin')], python: [path.join(tools, 'python/bin'), path.join(tools, 'python/Scripts')], npm: [path.join(tools, 'npm/node_modules/.bin')], typescript: [path.join(tools, 'typescript/node_modules/.bin')], packages: [path.resolve(tools, '../../node_modules/.bin')], machine: (process.env['PATH'] ?? '').split(path.delimiter) }[set];
  const names = process.platform === 'win32' ? ['.exe', '.cmd', ''].map((ending) => program + ending) : [program];
  return folders.flatMap((folder) => names.map((name) => path.join(folder, name))).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const ORDER = ['go', 'osv', 'scorecard', 'python', 'npm', 'typescript', 'machine'] as const satisfies readonly Tool['set'][];

/** The set of tools that names the job in which CI runs a gate: one that takes long to install before what the machine has. */
export function setOf({ tools }: Pick<Gate, 'tools'>): Tool['set'] {
  return ORDER.find((set) => tools.some((tool) => tool.set === set)) ?? 'packages';
}

/** Which build of a tool is installed, whatever the lock file says by now: of packages npm's own note, of the machine's programs the file itself. */
export function installedOf(tool: Tool, tools: string): string {
  try {
    if (tool.set === 'packages') return readFileSync(path.resolve(tools, '../../node_modules/.package-lock.json'), 'utf8');
    if (tool.set !== 'machine') return readFileSync(path.join(tools, tool.set, STAMP), 'utf8');
    const found = locate(tool, tools);
    if (found === undefined) return '';
    const file = realpathSync(found);
    const { size, mtimeMs } = statSync(file);
    return JSON.stringify([file, size, mtimeMs]);
  } catch {
    return '';
  }
}

/** @throws Unusable */
export async function runTool(file: string, parameters: readonly string[], root: string, { accept = [0], directory = '.', environment = {}, input }: RunOptions = {}): Promise<Output> {
  const program = path.basename(file);
  // A .cmd of npm is a script, which Windows starts by its shell alone (CVE-2024-27980); the parameters are the repository's own.
  const child = spawn(file, parameters, { cwd: path.join(root, directory), env: { NODE_COMPILE_CACHE, ...process.env, ...environment }, timeout: LONGEST_RUN_MS, killSignal: 'SIGKILL', shell: file.endsWith('.cmd') });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (error) => {
      reject(new Unusable(`${program} can't be started: ${error.message}`));
    });
  });
  // A tool that does not read to the end breaks the pipe; its status tells.
  child.stdin.on('error', () => undefined).end(input);
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const [stdout, stderr, [status, signal]] = await Promise.race([Promise.all([text(child.stdout), text(child.stderr), closed]), failed]);
  if (status === null) throw new Unusable(`${program} was ended by ${String(signal)}`);
  return accepted(program, { status, stdout, stderr }, accept);
}

const LAST_CHARACTERS = 600;

/** @throws Unusable */
export function accepted(program: string, output: Output, accept: readonly number[] = [0]): Output {
  if (accept.includes(output.status)) return output;
  throw new Unusable(`${program} ended with status ${output.status}: ${(output.stderr.trim() || output.stdout.trim()).slice(-LAST_CHARACTERS)}`);
}
