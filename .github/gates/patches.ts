// Patches with a header: what they are, an empty line, and a `git diff` that is applied to a throw-away copy of the tree.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { copyFiles, readTreeState } from './tree-state.ts';

export interface Patch {
  /** Relative to the repository. */
  readonly file: string;
  readonly header: ReadonlyMap<string, string>;
  readonly diff: string;
}

/** `{{base64:…}}` stands for what a scanner would find in the patch itself. */
const ENCODED = /\{\{base64:([A-Za-z0-9+/=]+)\}\}/g;

/** @throws Error when the header or the diff is missing, or one of the fields. */
export function readPatch(root: string, file: string, fields: readonly string[]): Patch {
  const text = readFileSync(path.join(root, file), 'utf8').replaceAll('\r\n', '\n');
  const start = text.indexOf('\ndiff --git ');
  if (start < 0) throw new Error(`${file} has no diff`);
  const header = new Map(text.slice(0, start).split('\n').flatMap((line) => {
    const [, name, value] = /^([A-Z][\w-]*): (.+)$/.exec(line) ?? [];
    return name !== undefined && value !== undefined ? [[name, value.trim()] as const] : [];
  }));
  for (const field of fields) if (!header.has(field)) throw new Error(`${file} has no line "${field}: …"`);
  const diff = text.slice(start + 1).replaceAll(ENCODED, (_, code: string) => Buffer.from(code, 'base64').toString('utf8'));
  return { file, header, diff };
}

const INSTALLED = ['node_modules', '.cache/tools'];

/** A git repository of its own with the files as they are now, committed. */
export class ThrowAway {
  readonly root: string;

  constructor(original: string) {
    this.root = mkdtempSync(path.join(tmpdir(), 'stockade-gates-'));
    copyFiles(readTreeState(original).files, original, this.root);
    mkdirSync(path.join(this.root, '.cache'));
    // What is installed, for the probes as well, which look for their tools beside themselves.
    for (const folder of INSTALLED) if (existsSync(path.join(original, folder))) symlinkSync(path.join(original, folder), path.join(this.root, folder), 'junction');
    this.git('init', '--quiet', '--initial-branch=main');
    this.git('config', 'core.autocrlf', 'false');
    for (const [name, value] of Object.entries({ 'user.name': 'gates', 'user.email': 'gates@localhost', 'commit.gpgSign': 'false' })) this.git('config', name, value);
    this.commit('The tree as it is');
  }

  /** @throws Error when the patch does not fit the tree. */
  apply({ diff, file }: Patch): void {
    try {
      execFileSync('git', ['-C', this.root, 'apply', '-C1', '--whitespace=nowarn', '-'], { input: diff, stdio: ['pipe', 'ignore', 'pipe'] });
    } catch (error) {
      throw new Error(`${file} does not fit the tree: ${String((error as { stderr?: unknown }).stderr).trim()}`, { cause: error });
    }
  }

  commit(message: string): void {
    this.git('add', '--all');
    this.git('commit', '--quiet', '--no-verify', '--message', message);
  }

  /** So that only the history has it. */
  commitAndRevert(message: string): void {
    this.commit(message);
    this.git('revert', '--no-edit', 'HEAD');
  }

  write(file: string, text: string): void {
    mkdirSync(path.dirname(path.join(this.root, file)), { recursive: true });
    writeFileSync(path.join(this.root, file), text);
  }

  /** Of what gates keep to judge sooner, everything. */
  forget(): void {
    rmSync(path.join(this.root, '.cache/gates'), { recursive: true, force: true });
  }

  /** Back to what the constructor committed; what gates keep stays, as it does where people work. */
  reset(): void {
    this.git('reset', '--quiet', '--hard', this.firstCommit());
    this.git('clean', '--quiet', '--force', '-d', '-x', '--exclude=/node_modules', '--exclude=/.cache');
    this.git('reflog', 'expire', '--expire=now', '--all');
  }

  firstCommit(): string {
    return this.git('rev-list', '--max-parents=0', 'HEAD').trim();
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  private git(...parameters: string[]): string {
    return execFileSync('git', ['-C', this.root, ...parameters], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }
}
