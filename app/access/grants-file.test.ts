import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
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
const MEBIBYTE = 1_048_576;
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
  const access = await createAccess([{ grants: { 'items:read': ['viewer'], 'items:move': ['clerk'] } }], { log, metrics, clock: () => new Date(), logAllowedOneIn: 1, signInFactors: 1 });
  t.after(() => rm(directory, { recursive: true }));
  const start = () => followGrants({ file, access, log, metrics, pollMs: 5 });
  const follow = () => {
    t.after(start());
  };
  const measure = async (name: string) => (await metrics.getSingleMetric(name)?.get())?.values[0]?.value;
  const validity = () => measure('stockade_access_grants_valid');
  const reloads = () => lines.filter((line) => line.includes('"msg":"the grants of the file are in force"'));
  return { write, file, access, start, follow, lines, validity, measure, reloads };
}

test('grants of the file take the place of the declared ones, action by action, and are in the log by their revision', async (t) => {
  const { access, follow, lines, validity, measure, reloads } = await open(t, FIRST);
  assert.equal(access.can(viewer, 'items:move'), false);
  const declaredAt = (await measure('stockade_policy_loaded_timestamp_seconds')) ?? 0;
  assert.ok(Math.abs(Date.now() / 1_000 - declaredAt) < 60);
  await until('the clock to go on', () => Date.now() / 1_000 > declaredAt);
  follow();
  assert.ok(((await measure('stockade_policy_loaded_timestamp_seconds')) ?? 0) > declaredAt);
  assert.match(reloads()[0] ?? '', /"revision":"r-1"/);
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

test('a file that is away for a while is called broken, and counts again when it is back as it was', async (t) => {
  const { access, follow, file, validity, lines } = await open(t, FIRST);
  follow();
  await rename(file, `${file}.away`);
  await until('the missing file to be noticed', async () => (await validity()) === 0);
  assert.match(lines.at(-1) ?? '', /"message":"ACCESS_GRANTS_FILE [^"]* can't be read: put it there, or remove the setting\."/);
  assert.equal(access.can(viewer, 'items:move'), true);
  await rename(`${file}.away`, file);
  await until('the file to be noticed', async () => (await validity()) === 1);
});

test('a file that did not change is not read again, and after the end none is', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { access, start, write, reloads } = await open(t, FIRST);
  const end = start();
  t.mock.timers.tick(1_000);
  assert.equal(reloads().length, 1, 'a file that did not change is not read again');
  await write({ revision: 'r-2', grants: { 'items:read': [] } });
  end();
  t.mock.timers.tick(60_000);
  assert.equal(access.can(viewer, 'items:read'), true);
});

test('a broken file leaves the last good one in force, says so in log and metric, and counts once it is mended', async (t) => {
  const { access, follow, write, lines, validity } = await open(t, FIRST);
  follow();
  const cases: readonly (readonly [broken: unknown, why: RegExp])[] = [
    ['{', /is not JSON/],
    ['[]', /expected object, received array/],
    [{ revision: 'r', grants: { 'items:move': ['root'] } }, /Invalid option: .*"auditor" {3}→ at grants\["items:move"\]\[0\]/],
    [{ revision: 'r', grants: { 'items:burn': ['viewer'] } }, /grants "items:burn", which no feature declares/],
    [{ revision: '', grants: {} }, /→ at revision/],
    [{ revision: 'r'.repeat(101), grants: {} }, /→ at revision/],
    [{ revision: 'r', grants: {}, more: 1 }, /Unrecognized key: "more"/],
    [`${JSON.stringify(FIRST)}${' '.repeat(MEBIBYTE)}`, /is larger than a mebibyte/],
  ];
  for (const [broken, why] of cases) {
    const before = lines.length;
    await write(broken);
    await until('the broken file to be noticed', async () => (await validity()) === 0 && lines.length > before);
    const { msg, err } = JSON.parse(lines.at(-1) ?? '{}') as { readonly msg: string; readonly err: { readonly message: string } };
    assert.equal(msg, 'the file of grants is broken: the last good one stays in force');
    assert.ok(err.message.startsWith('ACCESS_GRANTS_FILE '));
    assert.match(err.message, why);
    assert.ok(!err.message.includes('\n'), 'one line in the log');
    assert.equal(access.can(viewer, 'items:move'), true);
    await write(FIRST);
    await until('the good file to be noticed', async () => (await validity()) === 1);
  }
});

test('at the start a broken or missing file is an error that names it', async (t) => {
  const broken = await open(t, 'no JSON');
  assert.throws(broken.follow, (error: Error) => error.message === `ACCESS_GRANTS_FILE ${broken.file} is not JSON.` && error.cause instanceof SyntaxError);
  const missing = await open(t, FIRST);
  await rm(missing.file);
  assert.throws(missing.follow, (error: Error) => /can't be read: put it there, or remove the setting/.test(error.message) && (error.cause as NodeJS.ErrnoException).code === 'ENOENT');
  const folder = await open(t, FIRST);
  await rm(folder.file);
  await mkdir(folder.file);
  assert.throws(folder.follow, (error: Error) => error.message === `ACCESS_GRANTS_FILE ${folder.file} can't be read.` && (error.cause as NodeJS.ErrnoException).code === 'EISDIR');
});

test('a file of a mebibyte is read', async (t) => {
  const text = JSON.stringify(FIRST);
  const { access, follow } = await open(t, `${text}${' '.repeat(MEBIBYTE - text.length)}`);
  follow();
  assert.equal(access.can(viewer, 'items:move'), true);
});
