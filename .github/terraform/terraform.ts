// Runs Terraform on a copy of `terraform/`, byte for byte, against the account of the emulator and nothing else.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';

export interface Output {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export interface Root {
  /** Relative to the repository. */
  readonly name: string;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What decides what Terraform does: of the caller's shell, nothing may. */
const DECIDES = /^(?:TF_|AWS_)/;
/** The provider's schema is large: to collect garbage less often saves a quarter of the processor's time. */
const SETTINGS = { TF_IN_AUTOMATION: '1', TF_INPUT: '0', CHECKPOINT_DISABLE: '1', GOGC: '400' };
const LAST_CHARACTERS = 3_000;

/** What Terraform reads; its tests hold the task definitions against the image and the service. */
const SOURCES = ['terraform', 'observability', 'app', 'Dockerfile', '.env.example'];

/** A copy, so that state and lock file of the tree stay as they are. */
export function copySources(repository: string, target: string): void {
  for (const source of SOURCES) {
    if (!existsSync(path.join(repository, source))) continue;
    mkdirSync(target, { recursive: true });
    cpSync(path.join(repository, source), path.join(target, source), { recursive: true, filter: (file) => !/(?:^|\/)\.terraform$|\.tfstate(?:\.|$)/.test(file) });
  }
}

/** Credentials that no account knows, and the emulator as the only address. */
export function environmentOf(endpoint: string, region: string): Readonly<Record<string, string>> {
  return { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: 'emulator', AWS_SECRET_ACCESS_KEY: 'emulator', AWS_REGION: region, AWS_EC2_METADATA_DISABLED: 'true' };
}

/** @throws Error with what it said, when it ends with another status. */
export async function terraform({ folder, environment }: Root, parameters: readonly string[], accept: readonly number[] = [0], onLine: (line: string) => void = () => undefined): Promise<Output> {
  const from = performance.now();
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !DECIDES.test(name)));
  const child = spawn('terraform', [`-chdir=${folder}`, ...parameters], { env: { ...inherited, ...SETTINGS, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  });
  const failed = once(child, 'error').then(([error]) => { throw error as Error; });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [status]] = await Promise.race([Promise.all([text(child.stdout), text(child.stderr), closed]), failed]);
  const output = { status: status ?? -1, stdout, stderr, seconds: (performance.now() - from) / 1_000 };
  if (!accept.includes(output.status)) throw new Error(`terraform ${parameters.join(' ')} in ${path.basename(folder)} ended with ${output.status}: ${(stderr.trim() || stdout.trim()).slice(-LAST_CHARACTERS)}`);
  return output;
}

/** Terraform takes the provider from a mirror on this machine where `TERRAFORM_PLUGIN_DIR` names one. */
export async function initialise(root: Root, backend: readonly string[]): Promise<Output> {
  const mirror = process.env['TERRAFORM_PLUGIN_DIR'];
  return terraform(root, ['init', '-input=false', '-no-color', ...backend, ...(mirror === undefined ? [] : [`-plugin-dir=${mirror}`])]);
}

export async function readPlan(root: Root, file: string): Promise<unknown> {
  return JSON.parse((await terraform(root, ['show', '-json', file])).stdout) as unknown;
}

export interface Applied {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly seconds: number;
}

/** Applies or destroys, saying what is done as it is. @throws Error with every diagnostic */
export async function apply(root: Root, parameters: readonly string[], say: (line: string) => void): Promise<Applied> {
  let counts: Omit<Applied, 'seconds'> | undefined;
  const errors: string[] = [];
  const { status, seconds, stderr } = await terraform(root, ['apply', '-json', '-input=false', '-auto-approve', '-parallelism=20', ...parameters], [0, 1], (line) => {
    const event = parseEvent(line);
    if (event?.type === 'apply_complete') say(`${root.name}: ${event['@message'] ?? ''}`);
    if (event?.type === 'change_summary' && event.changes !== undefined && event.changes.operation !== 'plan') counts = { added: event.changes.add, changed: event.changes.change, removed: event.changes.remove };
    if (event?.['@level'] === 'error') errors.push(`${event.diagnostic?.address ?? ''} ${event['@message'] ?? ''} ${event.diagnostic?.detail ?? ''}`.trim());
  });
  if (status !== 0 || counts === undefined) throw new Error(`apply ${parameters.join(' ')} of ${root.name} failed after ${Math.round(seconds)} s:\n${errors.join('\n') || stderr}`);
  return { ...counts, seconds };
}

interface Event {
  readonly type?: string;
  readonly '@level'?: string;
  readonly '@message'?: string;
  readonly changes?: { readonly add: number; readonly change: number; readonly remove: number; readonly operation: string };
  readonly diagnostic?: { readonly address?: string; readonly detail?: string };
}

function parseEvent(line: string): Event | undefined {
  try {
    return JSON.parse(line) as Event;
  } catch {
    return undefined;
  }
}

/** Lines that say something: neither empty nor a comment. */
export function countLines(files: readonly string[]): number {
  return files.flatMap((file) => readFileSync(file, 'utf8').split('\n')).filter((line) => !/^\s*(?:#|$)/.test(line)).length;
}
