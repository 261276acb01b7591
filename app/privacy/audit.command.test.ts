// `npm run audit:verify` and `audit:export` as an operator and an auditor run them: what they print, and how they end.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { parseConfig } from '#app/config.ts';
import { inTransaction } from '#app/data/transaction.ts';
import { startAuditTrail } from '#app/privacy/audit-trail.ts';
import { createKeyProvider } from '#app/privacy/key-provider.ts';
import { addServiceKey, openServiceKeys } from '#app/privacy/service-keys.ts';
import { openTestDatabase, type TestedDatabase } from '#app/testing/database.ts';

const log = pino({ level: 'silent' });
const program = path.join(import.meta.dirname, 'audit.command.ts');

async function prepare(t: TestContext) {
  const database = await openTestDatabase();
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-audit-'));
  const checkpoints = path.join(directory, 'checkpoints.ndjson');
  const keys = await openServiceKeys({ db: database.db, provider: await createKeyProvider(parseConfig({}).privacy.provider), log, now: new Date() });
  const trail = startAuditTrail({ db: database.db, keys: keys.audit, checkpointFile: checkpoints, verifyMs: 600_000, metrics: new Registry(), log, clock: () => new Date() });
  t.after(async () => {
    await trail.stop();
    await database.close();
    await rm(directory, { recursive: true });
  });
  const write = (tenantId: string, n: number) => inTransaction(database.forTenant(tenantId), (tx) => trail.append(tx, { tenantId, occurredAt: new Date(), actor: null, action: 'things:write', resource: `/things/${n}`, requestId: 'r', details: { n } }));
  const append = async (tenantId: string, most: number) => {
    for (let n = 1; n <= most; n += 1) {
      await write(tenantId, n);
      await trail.flush();
    }
  };
  await append('acme', 4);
  await append('globex', 2);
  return { database, directory, checkpoints, trail, write, append };
}

async function command({ url = '' }: Partial<Pick<TestedDatabase, 'url'>>, ...parameters: readonly string[]) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...parameters], { env: { PATH: process.env['PATH'], DATABASE_URL: url }, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, error, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close') as Promise<[number]>]);
  return { out, error, status };
}

const needsServer = { skip: process.env['DATABASE_URL'] ? false : 'not run: a second process needs a PostgreSQL server (DATABASE_URL)' };

test('a whole trail is said to be whole; a changed entry and a cut-off tail end with 1, each by its words', needsServer, async (t) => {
  const { database, checkpoints } = await prepare(t);
  const whole = await command(database, 'verify', '--checkpoints', checkpoints);
  assert.deepEqual([whole.status, whole.error], [0, '']);
  assert.match(whole.out, /^tenant · entries · signed up to · result\nacme · 4 · 4 · whole\nglobex · 2 · 2 · whole\n2 whole, 0 broken\nkeys: [0-9a-f]{64}\n/);
  assert.ok(whole.out.endsWith(`\ncheckpoints from outside the database: ${checkpoints}\n`), whole.out);
  assert.match((await command(database, 'verify')).out, /a tail that was cut off with its own would not be seen\.\n$/);
  await sql`delete from audit_entry where tenant_id = 'globex' and position = 2`.execute(database.owner);
  await sql`delete from audit_checkpoint where tenant_id = 'globex' and position = 2`.execute(database.owner);
  await sql`update audit_entry set details = '{"n":9}' where tenant_id = 'acme' and position = 3`.execute(database.owner);
  const broken = await command(database, 'verify', '--checkpoints', checkpoints);
  assert.equal(broken.status, 1);
  assert.match(broken.out, /acme · 4 · 4 · BROKEN\n {2}entry 3 .* was changed.*\n {2}the chain breaks at entry 3/);
  assert.match(broken.out, /globex · 1 · 1 · BROKEN\n {2}the tail is cut off: entries up to 2 were signed, the last one there is 1\n0 whole, 2 broken/);
});

test('what an older key signed is whole under the new one; what waits for the chain is counted, and is no break', needsServer, async (t) => {
  const { database, directory, checkpoints, trail, write } = await prepare(t);
  await trail.stop();
  const provider = await createKeyProvider(parseConfig({}).privacy.provider);
  await addServiceKey({ db: database.db, provider, now: new Date(Date.now() + 1) }, 'audit');
  await write('acme', 5);
  await appendFile(checkpoints, '"no checkpoint"\n');
  assert.equal((await command(database, 'verify', '--checkpoints', checkpoints)).status, 0, 'other lines of a log are passed over');
  const waiting = await command(database, 'verify');
  assert.equal(waiting.status, 0);
  assert.match(waiting.out, /^acme: 1 entries are not in the chain yet: normal for a second or so while the service runs$/m);
  assert.ok(!waiting.out.includes('globex: '));
  const next = startAuditTrail({ db: database.db, keys: (await openServiceKeys({ db: database.db, provider, log, now: new Date() })).audit, checkpointFile: path.join(directory, 'next'), verifyMs: 600_000, metrics: new Registry(), log, clock: () => new Date() });
  await next.stop();
  const whole = await command(database, 'verify', '--checkpoints', path.join(directory, 'next'));
  assert.match(whole.out, /acme · 5 · 5 · whole\nglobex · 2 · 2 · whole\n2 whole, 0 broken\nkeys: [0-9a-f]{64}, [0-9a-f]{64}\n/);
  const file = path.join(directory, 'acme.ndjson');
  await writeFile(file, (await command(database, 'export', '--tenant', 'acme')).out);
  assert.match((await command({}, 'verify', '--file', file)).out, /\nsigned with [0-9a-f]{64}, [0-9a-f]{64}: compare/);
});

test('after a restore the checkpoints of the lost time are left out when the operator says so, and no others', needsServer, async (t) => {
  const { database, checkpoints, append } = await prepare(t);
  const recoveryPoint = new Date().toISOString();
  await append('acme', 2);
  const { rows: lost } = await sql`delete from audit_entry where tenant_id = 'acme' and position > 4 returning id`.execute(database.owner);
  await sql`delete from audit_checkpoint where tenant_id = 'acme' and position > 4`.execute(database.owner);
  assert.equal(lost.length, 2);
  const restored = new Date().toISOString();
  await append('acme', 1);
  assert.equal((await command(database, 'verify', '--checkpoints', checkpoints)).status, 1);
  const told = await command(database, 'verify', '--checkpoints', checkpoints, '--lost', `${recoveryPoint}/${restored}`);
  assert.deepEqual([told.status, told.error], [0, '']);
  assert.match(told.out, /^2 checkpoints of the lost time are left out\n/);
  assert.match((await command(database, 'verify', '--checkpoints', checkpoints, '--lost', 'yesterday')).error, /^--lost wants two times/);
});

test('an export is verified without the database and its keys; what was changed, taken out, cut off or recomputed in it is found', needsServer, async (t) => {
  const { database, directory, checkpoints } = await prepare(t);
  const exported = await command(database, 'export', '--tenant', 'acme');
  assert.deepEqual([exported.status, exported.error], [0, '']);
  const file = path.join(directory, 'acme.ndjson');
  const lines = exported.out.trimEnd().split('\n');
  assert.equal(lines.length, 1 + 4 + 4 + 1);
  const verify = async (content: readonly string[]) => {
    await writeFile(file, `${content.join('\n')}\n`);
    return command({}, 'verify', '--file', file, '--checkpoints', checkpoints);
  };
  const whole = await verify(lines);
  assert.deepEqual([whole.status, whole.error], [0, '']);
  assert.match(whole.out, /acme · 4 · 4 · whole\n1 whole, 0 broken\nsigned with [0-9a-f]{64}: compare/);
  const changed = await verify(lines.map((line, at) => (at === 6 ? line.replace('things:write', 'things:read') : line)));
  assert.match(changed.out, /acme · 4 · 4 · BROKEN\n {2}the chain breaks at entry 2/);
  const taken = await verify([...lines.slice(0, 6), ...lines.slice(7)]);
  assert.deepEqual([taken.status, /says that it has 4 entries and 4 checkpoints, and has 3 and 4/.test(taken.error)], [2, true]);
  assert.match((await verify(lines.slice(0, -1))).error, /it was cut off/);
  assert.match((await verify([...lines.slice(0, 8), JSON.stringify({ entries: 3, checkpoints: 4 })])).out, /the tail is cut off: entries up to 4 were signed, the last one there is 3/);
  const shortened = [...lines.slice(0, 4), ...lines.slice(5, 8), JSON.stringify({ entries: 3, checkpoints: 3 })];
  assert.match((await verify(shortened)).out, /the tail is cut off: entries up to 4 were signed, the last one there is 3/, 'with its checkpoint: by those from outside');
  assert.match((await verify([...lines.slice(0, 4), ...lines.slice(5)])).error, /says that it has 4 entries and 4 checkpoints, and has 4 and 3: lines were taken out or added\.\n$/);
  assert.match((await verify([...lines.slice(0, 7), '{"position":0}', ...lines.slice(8)])).error, /^Line 8 of the export is not what should stand there: \w+/);
  assert.match((await verify(['no JSON'])).error, /^Line 1 of the export is no JSON/);
  assert.ok(!exported.out.includes('"actorName"') && (await readFile(checkpoints, 'utf8')).includes('"acme"'));
});

test('a database that is away is told in a line; what nobody expected, with where it happened, and neither as a broken trail', needsServer, async (t) => {
  const away = await command({ url: 'postgres://nobody@127.0.0.1:1/none' }, 'verify');
  assert.equal(away.status, 2);
  assert.match(away.error, /^The database at 127\.0\.0\.1:1\/none can't be used: .*\n$/);
  const { database, trail } = await prepare(t);
  await trail.stop();
  await sql`alter table audit_entry rename to audit_entries`.execute(database.owner);
  const strange = await command(database, 'verify');
  assert.deepEqual([strange.status, strange.out], [1, '']);
  assert.match(strange.error, /relation "audit_entry" does not exist[^]*\n +at /);
});

test('a file that is not there, checkpoints that are none, and a wrong command are told in a line', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-audit-'));
  t.after(() => rm(directory, { recursive: true }));
  const missing = await command({}, 'verify', '--file', path.join(directory, 'nothing'));
  assert.deepEqual([missing.status, missing.out], [2, '']);
  assert.match(missing.error, /^\S+ can't be read: ENOENT.*\n$/);
  const file = path.join(directory, 'empty');
  await appendFile(file, '');
  assert.match((await command({}, 'verify', '--file', file)).error, /^The export is empty/);
  for (const parameters of [[], ['sing'], ['export'], ['verify', '--loud']]) {
    const refused = await command({}, ...parameters);
    assert.equal(refused.status, 2, parameters.join(' '));
    assert.match(refused.error, /Usage: npm run audit:verify|Unknown option '--loud'/);
  }
});
