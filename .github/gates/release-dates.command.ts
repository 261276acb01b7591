// Asks the registry when the locked versions that have no date yet were published, and drops those that are not locked any more.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { listFiles } from '../rules/tree.ts';
import { undated } from './dependencies_have_aged.gate.ts';
import { LOCK_FILE, readLock } from './lock-file.ts';
import { idOf, publishedOn, readReleaseDates, RELEASE_DATES } from './release-dates.ts';

const root = path.resolve(import.meta.dirname, '../..');
const locks = await Promise.all(listFiles(root).filter((file) => LOCK_FILE.test(file)).map(async (file) => readLock(file, await readFile(path.join(root, file), 'utf8'))));
const packages = locks.flatMap((lock) => lock.packages).filter(({ inBundle }) => inBundle !== true);
const published = readReleaseDates(await readFile(path.join(root, RELEASE_DATES), 'utf8'));
const locked = new Set(packages.map(idOf));
const dates = new Map(Object.entries(published).filter(([id]) => locked.has(id)));

for (const id of undated(packages, published)) {
  const { stdout } = await promisify(execFile)('npm', ['view', id.slice(0, id.lastIndexOf('@')), 'time', '--json'], { cwd: root, maxBuffer: 2 ** 26, shell: process.platform === 'win32' });
  const date = publishedOn(id, stdout);
  if (date === undefined) throw new Error(`the registry knows no ${id}`);
  dates.set(id, date);
  console.log(`${id} ${date}`);
}

const record = Object.fromEntries([...dates].toSorted(([a], [b]) => (a < b ? -1 : 1)));
await writeFile(path.join(root, RELEASE_DATES), `${JSON.stringify(record, undefined, 1)}\n`);
