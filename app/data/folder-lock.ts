// One process at a time on the embedded database's folder: two of them corrupt it.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '#app/errors.ts';

export interface FolderLock {
  release(): void;
}

/** How long a second process waits for the first: one that is just ending, or just writing down who it is. */
const WAIT_MS = 1_000;
const SQLITE_BUSY = 5;
/** Garbage collection of a SQLite handle closes it, and with it ends the lock: whoever forgot to keep the result still holds it. */
const held = new Set<DatabaseSync>();

/**
 * Locks `folder` by the file `<folder>.lock`, of which SQLite holds the operating system's lock. Unlike a file that merely
 * exists it can't go stale: the system releases it with the process, `kill -9` included, and there is nothing to take over.
 * @throws AppError that names the owner.
 */
export function lockFolder(folder: string): FolderLock {
  const ownerFile = `${folder}.pid`;
  const file = new DatabaseSync(`${folder}.lock`, { timeout: WAIT_MS });
  try {
    file.exec('begin immediate');
  } catch (error) {
    file.close();
    if (!isBusy(error)) throw error;
    throw new AppError(`The embedded database in ${folder} is in use by the process ${readOwner(ownerFile)}: end that process first, or set DATA_DIRECTORY to another folder.`, {
      code: 'data-folder-in-use',
      cause: error,
    });
  }
  held.add(file);
  // eslint-disable-next-line security/detect-non-literal-fs-filename -- beside the configured data folder
  writeFileSync(ownerFile, `${process.pid} (started ${new Date(Date.now() - process.uptime() * 1_000).toISOString()})\n`);
  return {
    release() {
      if (!held.delete(file)) return;
      rmSync(ownerFile, { force: true });
      file.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

function readOwner(ownerFile: string): string {
  try {
    // eslint-disable-next-line security/detect-non-literal-fs-filename -- beside the configured data folder
    return readFileSync(ownerFile, 'utf8').trim();
  } catch {
    return 'that locked it (it has not written its number yet)';
  }
}
