// Every file of a mounted image, as its own users see it.
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';

export interface ImageFile {
  /** Absolute in the image. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'other';
  readonly mode: number;
  readonly owner: number;
  readonly group: number;
  readonly bytes: number;
}

export async function listFiles(mount: string): Promise<readonly ImageFile[]> {
  const names = await readdir(mount, { recursive: true });
  return Promise.all(
    names.map(async (name) => {
      const found = await lstat(path.join(mount, name));
      const kind = found.isDirectory() ? 'directory' : found.isFile() ? 'file' : 'other';
      return { path: `/${name}`, kind, mode: found.mode & 0o7777, owner: found.uid, group: found.gid, bytes: kind === 'file' ? found.size : 0 };
    }),
  );
}
