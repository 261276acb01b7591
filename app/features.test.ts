import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { AppError } from '#app/errors.ts';
import { type CommonParts, createFeatures, findFeatures } from '#app/features.ts';

async function directoryWith(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-features-'));
  t.after(() => rm(directory, { recursive: true }));
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(directory, file)), { recursive: true });
    await writeFile(path.join(directory, file), text);
  }
  return directory;
}

test('features are found by their folder, in the order of their names', async (t) => {
  const text = "export const feature = { title: 'T', grants: {}, events: {}, create: () => ({ operations: [], pages: [] }) };";
  const directory = await directoryWith(t, { 'b/feature.ts': text, 'a/feature.ts': text, 'README.md': 'not a feature' });
  assert.deepEqual((await findFeatures(directory)).map(({ name }) => name), ['a', 'b']);
});

test('without the features folder the list is empty', async (t) => {
  assert.deepEqual(await findFeatures(path.join(await directoryWith(t, {}), 'features')), []);
});

test('a folder that holds no feature, or a broken one, is named', async (t) => {
  const empty = await directoryWith(t, { 'empty/other.ts': '' });
  await assert.rejects(findFeatures(empty), /feature "empty" can't be loaded/);
  const unnamed = await directoryWith(t, { 'unnamed/feature.ts': 'export const other = 1;' });
  await assert.rejects(findFeatures(unnamed), /must export "feature"/);
});

function partsWith(environment: Readonly<Record<string, string>>): CommonParts {
  return { environment, database: undefined as never, production: false, signInFactors: 1, publicUrl: '', log: pino({ level: 'silent' }), metrics: new Registry(), countSignIns: () => () => undefined, clock: () => new Date() };
}

test('ASVS 13.3.2: a feature is handed the settings that begin with its name, and no other', async (t) => {
  const text = "export const feature = { title: 'T', grants: {}, events: {}, create: ({ settings }) => ({ operations: [], pages: [], settings }) };";
  const found = await findFeatures(await directoryWith(t, { 'mail-box/feature.ts': text, 'notes/feature.ts': text }));
  const loaded = createFeatures(found, partsWith({ MAIL_BOX_URL: 'a', NOTES_FROM: 'b', OTHER_MAIL: 'c' }));
  const settings = Object.fromEntries(loaded.map(({ name, feature }) => [name, (feature as unknown as { settings: unknown }).settings]));
  assert.deepEqual(settings, { notes: { NOTES_FROM: 'b' }, 'mail-box': { MAIL_BOX_URL: 'a' } });
});

test('a feature’s settings may come from files, and from none of another’s', async (t) => {
  const text = "export const feature = { title: 'T', grants: {}, events: {}, create: ({ settings }) => ({ operations: [], pages: [], settings }) };";
  const directory = await directoryWith(t, { 'notes/feature.ts': text, keys: 'from a file\n' });
  const found = await findFeatures(directory);
  const file = path.join(directory, 'keys');
  const [loaded] = createFeatures(found, partsWith({ NOTES_KEYS_FILE: file, MAIL_BOX_URL_FILE: path.join(directory, 'none') }));
  assert.deepEqual((loaded?.feature as unknown as { settings: unknown }).settings, { NOTES_KEYS: 'from a file' });
  assert.throws(() => createFeatures(found, partsWith({ NOTES_KEYS_FILE: path.join(directory, 'canary') })), (error) => error instanceof AppError && error.message === 'The settings of the feature "notes" have problems: NOTES_KEYS_FILE can\'t be read (ENOENT)');
});
