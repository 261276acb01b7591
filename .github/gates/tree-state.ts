// What a clone or the next commit would have, and what of it was changed, asked of git; and a copy of it, for tools that look at all they find.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

export interface TreeState {
  /** Relative to the root, with forward slashes. */
  readonly files: readonly string[];
  /** Added, changed or deleted since the base; nothing when everything counts. */
  readonly changed?: readonly string[];
}

/**
 * @param base a commit; `auto` is where this branch left main, so that on main only what is not committed counts; everything does where there is no main.
 * @throws Error when this is no git repository, or the base is no commit.
 */
export function readTreeState(root: string, base?: string): TreeState {
  // A file that was removed but not yet committed is still in the index.
  const files = list(root, ['ls-files', '--cached', '--others', '--exclude-standard']).filter((file) => existsSync(path.join(root, file)));
  if (base === undefined) return { files };
  const since = base === 'auto' ? forkPoint(root) : base;
  if (since === undefined) return { files };
  const changed = [...list(root, ['diff', '--name-only', '--no-renames', since, '--']), ...list(root, ['ls-files', '--others', '--exclude-standard'])];
  return { files, changed };
}

/** To the same place below `to`, with the folders on the way. */
export function copyFiles(files: readonly string[], from: string, to: string): void {
  for (const file of files) {
    mkdirSync(path.dirname(path.join(to, file)), { recursive: true });
    cpSync(path.join(from, file), path.join(to, file));
  }
}

export function commitOf(root: string): string {
  return git(root, ['rev-parse', '--short', 'HEAD']).trim();
}

function forkPoint(root: string): string | undefined {
  for (const main of ['origin/main', 'main']) {
    try {
      return git(root, ['merge-base', 'HEAD', main]).trim();
    } catch {
      // The next one.
    }
  }
  return undefined;
}

function list(root: string, parameters: readonly string[]): string[] {
  return git(root, [parameters[0] ?? '', '-z', ...parameters.slice(1)]).split('\0').filter((file) => file !== '');
}

function git(root: string, parameters: readonly string[]): string {
  // CI's checkout may belong to somebody else, and this only reads.
  return execFileSync('git', ['-c', 'safe.directory=*', '-C', root, ...parameters], { encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'pipe'] });
}
