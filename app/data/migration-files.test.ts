import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { readMigrations } from '#app/data/migration-files.ts';

async function sourceWith(t: TestContext, name: string, files: Readonly<Record<string, string>>) {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-migrations-'));
  t.after(() => rm(directory, { recursive: true }));
  await mkdir(directory, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(path.join(directory, file), text);
  return { name, directory };
}

test('migrations come in the order of their names, the platform first', async (t) => {
  const feature = await sourceWith(t, 'a', { '0001_x.sql': 'x' });
  const platform = await sourceWith(t, 'platform', { '0010_b.sql': 'b', '0002_a.sql': 'a', '.keep': '' });
  assert.deepEqual((await readMigrations([feature, platform])).map(({ id }) => id), ['platform/0002_a.sql', 'platform/0010_b.sql', 'a/0001_x.sql']);
});

test('a source without a folder has no migrations', async () => {
  assert.deepEqual(await readMigrations([{ name: 'x', directory: path.join(tmpdir(), 'stockade-does-not-exist') }]), []);
});

for (const name of ['1_x.sql', '0001-x.sql', '0001_X.sql', '0001_x.SQL', '0001_.txt', 'README.md', '00001_x.sql']) {
  test(`${name} is refused as a migration's name`, async (t) => {
    await assert.rejects(readMigrations([await sourceWith(t, 'x', { [name]: '' })]), /is not a migration's name: call it NNNN_<what>\.sql/);
  });
}

test('two migrations of one source with the same number are refused', async (t) => {
  await assert.rejects(readMigrations([await sourceWith(t, 'x', { '0001_a.sql': '', '0001_b.sql': '' })]), /has the number of another migration/);
});

test('the checksum is of the text, not of its line ends', async (t) => {
  const checksum = async (text: string) => (await readMigrations([await sourceWith(t, 'x', { '0001_a.sql': text })]))[0]?.checksum;
  assert.equal(await checksum('a\r\nb\r\n'), await checksum('a\nb\n'));
  assert.notEqual(await checksum('a\nb\n'), await checksum('a\nc\n'));
});
