// The development provider's keys: kept, private, whole.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadProviderKeys } from '#app/identity/provider-keys.ts';

async function makeDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-keys-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

test('the keys are the same the second time, in a folder that is made when missing', async (t) => {
  const directory = path.join(await makeDirectory(t), 'data', 'here');
  assert.deepEqual(await loadProviderKeys(directory), await loadProviderKeys(directory));
});

test('the file is for this account alone, and no draft of it is left', async (t) => {
  const directory = await makeDirectory(t);
  await loadProviderKeys(directory);
  assert.deepEqual(await readdir(directory), ['provider-keys.json']);
  assert.equal((await stat(path.join(directory, 'provider-keys.json'))).mode & 0o777, 0o600);
});

test('without a folder, keys are new each time', async () => {
  const [first, second] = await Promise.all([loadProviderKeys(undefined), loadProviderKeys(undefined)]);
  assert.notEqual(first.signing.n, second.signing.n);
  assert.notDeepEqual(first.cookies, second.cookies);
});

test('a file that is damaged is named with the way out, and not overwritten', async (t) => {
  const directory = await makeDirectory(t);
  for (const content of ['{"signing"', '{"signing":{},"cookies":[]}', 'null']) {
    await writeFile(path.join(directory, 'provider-keys.json'), content);
    await assert.rejects(loadProviderKeys(directory), { name: 'AppError', message: /provider-keys\.json does not hold .* delete it/ });
    assert.equal((await stat(path.join(directory, 'provider-keys.json'))).size, content.length);
  }
});

test('what is there and can’t be read is told, and no new keys are made in its place', async (t) => {
  const directory = await makeDirectory(t);
  await mkdir(path.join(directory, 'provider-keys.json'));
  await assert.rejects(loadProviderKeys(directory), { code: 'EISDIR', syscall: 'read' });
});
