import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { Registry } from 'prom-client';
import { createAccess } from '#app/access/access.ts';
import { followGrants } from '#app/access/grants-file.ts';
import type { Subject } from '#app/feature.ts';
import { createLog } from '#app/telemetry/log.ts';
import { until } from '#app/testing/condition.ts';

const viewer: Subject = { tenantId: 'acme', id: 'v', name: 'V', roles: ['viewer'], credential: { kind: 'bearer', expiresAt: new Date(8.64e15) } };
const FIRST = { revision: 'r-1', grants: { 'items:move': ['viewer'] } };

async function open(t: TestContext, content: unknown) {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-grants-'));
  const file = path.join(directory, 'grants.json');
  const write = async (next: unknown) => {
    // As it is deployed: whole or not at all.
    await writeFile(`${file}.new`, typeof next === 'string' ? next : JSON.stringify(next));
    await rename(`${file}.new`, file);
  };
  await write(content);
  const lines: string[] = [];
  const metrics = new Registry();
  const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  const access = await createAccess([{ grants: { 'items:read': ['viewer'], 'items:move': ['clerk'] } }], { log, clock: () => new Date(), logAllowedOneIn: 1, signInFactors: 1 });
  t.after(() => rm(directory, { recursive: true }));
  const follow = () => {
    t.after(followGrants({ file, access, log, metrics, pollMs: 5 }));
  };
  const validity = async () => (await metrics.getSingleMetric('access_grants_valid')?.get())?.values[0]?.value;
  return { write, file, access, follow, lines, validity };
}

test('grants of the file take the place of the declared ones, action by action, and are in the log by their revision', async (t) => {
  const { access, follow, lines, validity } = await open(t, FIRST);
  assert.equal(access.can(viewer, 'items:move'), false);
  follow();
  assert.equal(access.can(viewer, 'items:move'), true);
  assert.equal(access.can(viewer, 'items:read'), true, 'what it leaves out stays');
  assert.equal(await validity(), 1);
  access.decide(viewer, 'items:read');
  assert.match(lines.at(-1) ?? '', /"revision":"r-1"/);
});

test('a change counts without a restart', async (t) => {
  const { access, follow, write } = await open(t, FIRST);
  follow();
  await write({ revision: 'r-2', grants: { 'items:read': [] } });
  await until('the change to count', () => !access.can(viewer, 'items:read'));
  assert.equal(access.can(viewer, 'items:move'), false, 'the file is taken as a whole');
});

test('a broken file leaves the last good one in force, says so in log and metric, and counts once it is mended', async (t) => {
  const { access, follow, write, lines, validity } = await open(t, FIRST);
  follow();
  for (const broken of ['{', '[]', { revision: 'r', grants: { 'items:move': ['root'] } }, { revision: 'r', grants: { 'items:burn': ['viewer'] } }, { revision: '', grants: {} }, { revision: 'r', grants: {}, more: 1 }]) {
    const before = lines.length;
    await write(broken);
    await until('the broken file to be noticed', async () => (await validity()) === 0 && lines.length > before);
    assert.match(lines.at(-1) ?? '', /the file of grants is broken/);
    assert.equal(access.can(viewer, 'items:move'), true);
    await write(FIRST);
    await until('the good file to be noticed', async () => (await validity()) === 1);
  }
});

test('at the start a broken or missing file is an error that names it', async (t) => {
  const broken = await open(t, 'no JSON');
  assert.throws(broken.follow, new RegExp(`ACCESS_GRANTS_FILE ${broken.file} is not JSON`));
  const missing = await open(t, FIRST);
  await rm(missing.file);
  assert.throws(missing.follow, /can't be read: put it there, or remove the setting/);
});
