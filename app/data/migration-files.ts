// Finds migrations by their place and name, `<source>/NNNN_<what>.sql`.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '#app/errors.ts';

export interface MigrationSource {
  /** `platform`, or the feature's name. */
  readonly name: string;
  readonly directory: string;
}

export interface Migration {
  /** `<source>/<name>`. */
  readonly id: string;
  readonly source: string;
  readonly name: string;
  readonly file: string;
  readonly sql: string;
  readonly checksum: string;
}

export const platformMigrations: MigrationSource = { name: 'platform', directory: fileURLToPath(new URL('./migrations/', import.meta.url)) };

const FILE_NAME = /^(\d{4})_[a-z0-9_]+\.sql$/;

/** In the order in which they apply: the platform's first, then source by source. A source without a folder has none. */
export async function readMigrations(sources: readonly MigrationSource[]): Promise<readonly Migration[]> {
  const platformFirst = sources.toSorted((a, b) => Number(b.name === platformMigrations.name) - Number(a.name === platformMigrations.name));
  return (await Promise.all(platformFirst.map(readSource))).flat();
}

async function readSource({ name: source, directory }: MigrationSource): Promise<readonly Migration[]> {
  const names = (await listFiles(directory)).filter((name) => !name.startsWith('.')).sort();
  const numbers = new Set<string>();
  for (const name of names) {
    const number = FILE_NAME.exec(name)?.[1];
    if (number === undefined) throw new AppError(`${path.join(directory, name)} is not a migration's name: call it NNNN_<what>.sql, in lower case with underscores.`);
    if (numbers.has(number)) throw new AppError(`${path.join(directory, name)} has the number of another migration: take the next free one.`);
    numbers.add(number);
  }
  return Promise.all(names.map((name) => readMigration(source, directory, name)));
}

async function listFiles(directory: string): Promise<string[]> {
  try {
    // eslint-disable-next-line security/detect-non-literal-fs-filename -- the migrations folder of the platform or of a feature
    return await readdir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

async function readMigration(source: string, directory: string, name: string): Promise<Migration> {
  const file = path.join(directory, name);
  // A checkout on Windows may have other line ends than the one that was applied first.
  // eslint-disable-next-line security/detect-non-literal-fs-filename -- found in the folder above
  const sql = (await readFile(file, 'utf8')).replaceAll('\r\n', '\n');
  return { id: `${source}/${name}`, source, name, file, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}
