// Backups against erasures: an archive that is kept for longer reads nobody who was erased since, and a whole backup erases them again.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { parseConfig } from '#app/config.ts';
import { openServerDatabase } from '#app/data/server-database.ts';
import { inTransaction } from '#app/data/transaction.ts';
import type { Database } from '#app/feature.ts';
import { appendEvent } from '#app/live/outbox.ts';
import { readCheckpoint } from '#app/privacy/audit-checkpoint.ts';
import { deriveAuditKey } from '#app/privacy/audit-keys.ts';
import { verifyTrail } from '#app/privacy/audit-reader.ts';
import { createKeyProvider } from '#app/privacy/key-provider.ts';
import { createPeople } from '#app/privacy/people.ts';
import { openServiceKeys } from '#app/privacy/service-keys.ts';
import { until } from '#app/testing/condition.ts';
import { findRestoreProgram, readDump, restoreDump } from '#app/testing/dump.ts';
import { startProgram } from '#app/testing/process.ts';
import { startTestService, type TestService, type Visitor } from '#app/testing/service.ts';

const log = pino({ level: 'silent' });
const serverUrl = process.env['DATABASE_URL'] ?? '';
const pgRestore = findRestoreProgram() ?? '';
if (pgRestore === '' && process.env['CI'] === 'true') throw new Error('CI=true needs pg_dump and pg_restore.');
const options = { skip: serverUrl === '' ? 'not run: backups need a PostgreSQL server (DATABASE_URL)' : pgRestore === '' && 'not run: pg_dump and pg_restore are missing' };

const CLEO = { subject: 'clerk', name: 'Cleo Clerk' };
const MARA = { subject: 'manager', name: 'Mara Manager' };

async function prepare(t: TestContext) {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-backup-'));
  const service = await startTestService();
  t.after(async () => {
    await service.close();
    await rm(directory, { recursive: true });
  });
  const visitors = { cleo: await service.as(CLEO.subject), mara: await service.as(MARA.subject) };
  for (const visitor of Object.values(visitors)) assert.equal((await ask(visitor, 'POST', '/api/v1/me/export')).status, 200);
  const idOf = async ({ subject }: typeof CLEO) => (await service.people.find(service.database.owner, 'acme', subject)) ?? '';
  const ids = { cleo: await idOf(CLEO), mara: await idOf(MARA) };
  await inTransaction(service.database.owner, (tx) => appendEvent(tx, { tenantId: 'acme', type: 'sample.thing.moved.v1', subject: 'things/1', actor: ids.cleo, time: new Date(), data: { by: CLEO.name } }));
  await sealed(service);
  return { service, directory, visitors, ids };
}

function ask(visitor: Visitor, method: string, address: string): Promise<Response> {
  return visitor.fetch(address, { method, headers: { accept: 'application/json', 'idempotency-key': `key-of-${method}` } });
}

async function sealed({ database }: TestService): Promise<void> {
  await until('every entry to be in the chain', async () => (await sql`select id from audit_entry where position is null`.execute(database.owner)).rows.length === 0);
}

async function command(name: 'backup' | 'restored', parameters: readonly string[], url: string | undefined) {
  const program = startProgram(`app/backup/${name}.command.ts`, parameters, { DATABASE_URL: url });
  return { ended: await program.ended(), stdout: program.stdout(), stderr: program.stderr() };
}

async function backUp({ database }: TestService, file: string, ...parameters: readonly string[]): Promise<string> {
  const { ended, stdout, stderr } = await command('backup', ['--file', file, ...parameters], database.url);
  assert.deepEqual([ended, stderr], [0, '']);
  assert.equal((await stat(file)).mode & 0o077, 0, 'it is for its owner alone');
  return stdout;
}

/** A new database from a backup, and the service's own eyes on it. */
async function restore(t: TestContext, file: string) {
  const dump = await restoreDump(pgRestore, serverUrl, file);
  const database = await openServerDatabase({ url: dump.url, poolSize: 2, migrationUrl: dump.url }, { log });
  t.after(async () => {
    await database.close();
    await dump.drop();
  });
  const keys = await openServiceKeys({ db: database.db, provider: await createKeyProvider(parseConfig({}).privacy.provider), log, now: new Date() });
  const known = async (ids: readonly string[]) => {
    const people = await createPeople({ keys, clock: () => new Date() }).of(database.forTenant('acme'), 'acme').known(ids);
    return ids.map((id) => people.get(id)?.name);
  };
  const verify = (outside: string) => verifyTrail(database.db, { keys: keys.audit.map(deriveAuditKey), outside: outside.split('\n').flatMap((line) => readCheckpoint(line) ?? []) });
  const owner = <T>(work: (db: Database) => Promise<T>): Promise<T> => database.maintain?.(work) ?? Promise.reject(new TypeError('no owner'));
  return { url: dump.url, database, known, verify, owner };
}

async function copyKeys(from: Database, to: (work: (db: Database) => Promise<unknown>) => Promise<unknown>): Promise<void> {
  const { rows } = await sql<{ line: unknown }>`select to_jsonb(person_key) as line from person_key`.execute(from);
  await to((db) => sql`delete from person_key`.execute(db));
  await to((db) => sql`insert into person_key select * from jsonb_populate_recordset(null::person_key, ${JSON.stringify(rows.map(({ line }) => line))}::text::jsonb)`.execute(db));
}

test('an archive from before an erasure names nobody, reads whom the keys of today read, and never who was erased', options, async (t) => {
  const { service, directory, visitors, ids } = await prepare(t);
  const [archive, whole] = [path.join(directory, 'archive'), path.join(directory, 'whole')];
  const said = await backUp(service, archive, '--archive');
  assert.match(said, /\nrows of: .*audit_entry.*\bperson, .*service_key/);
  assert.match(said, /\nleft out: .*idempotency_key.*outbox_event.*person_key.*session/);
  await backUp(service, whole);
  const [archived, everything] = [await readDump(pgRestore, archive), await readDump(pgRestore, whole)];
  for (const word of [CLEO.name, MARA.name, `\t${CLEO.subject}\t`]) {
    assert.ok(everything.includes(word), `the whole backup has "${word}"`);
    assert.ok(!archived.includes(word), `the archive has "${word}"`);
  }
  assert.ok(archived.includes('own-data:export') && archived.includes(ids.cleo), 'what was done is in it, and by which id');

  const { entries: before } = (await verifyOf(service))[0] ?? { entries: 0 };
  const copy = await restore(t, archive);
  assert.deepEqual(await copy.known([ids.cleo, ids.mara]), [undefined, undefined], 'without keys it reads nobody');
  await copyKeys(service.database.owner, copy.owner);
  assert.deepEqual(await copy.known([ids.cleo, ids.mara]), [CLEO.name, MARA.name], 'with the keys that are there it reads them');

  assert.equal((await ask(visitors.cleo, 'DELETE', '/api/v1/me')).status, 200);
  await sealed(service);
  await copyKeys(service.database.owner, copy.owner);
  assert.deepEqual(await copy.known([ids.cleo, ids.mara]), [undefined, MARA.name]);
  const [trail] = await copy.verify('');
  assert.deepEqual([trail?.tenantId, trail?.problems, trail?.entries], ['acme', [], before]);
});

async function verifyOf({ database, config }: TestService) {
  const keys = await openServiceKeys({ db: database.db, provider: await createKeyProvider(config.privacy.provider), log, now: new Date() });
  return verifyTrail(database.db, { keys: keys.audit.map(deriveAuditKey), outside: [] });
}

test('a whole backup from before an erasure knows the person again until the erasures that were kept outside are done again', options, async (t) => {
  const { service, directory, visitors, ids } = await prepare(t);
  const [file, outside] = [path.join(directory, 'whole'), path.join(directory, 'log')];
  await backUp(service, file);
  const recoveryPoint = new Date();
  assert.equal((await ask(visitors.cleo, 'DELETE', '/api/v1/me')).status, 200);
  await sealed(service);
  const kept = service.logLines.join('');
  assert.ok(!kept.split('\n').some((line) => line.includes('"erasure"') && line.includes(CLEO.name)), 'what leaves the database has no name in it');
  await writeFile(outside, kept);

  const copy = await restore(t, file);
  assert.deepEqual(await copy.known([ids.cleo, ids.mara]), [CLEO.name, MARA.name]);
  const done = await command('restored', ['--checkpoints', outside], copy.url);
  assert.deepEqual([done.ended, done.stderr], [0, '']);
  assert.match(done.stdout, /^erasures: 1 listed in .*, 1 done again\nsessions ended: 1\nlive events go on after position 1000000000\d{3}\nnow: npm run audit:verify -- --checkpoints \S+ --lost \S+Z\/\S+Z\n$/);
  assert.deepEqual(await copy.known([ids.cleo, ids.mara]), [undefined, MARA.name]);
  const left = await copy.owner((db) => sql`select id::text from person where id = ${ids.cleo} union all select id::text from session union all select key from idempotency_key where body like ${`%${CLEO.name}%`} union all select data::text from outbox_event where data::text like ${`%${CLEO.name}%`}`.execute(db));
  assert.deepEqual(left.rows, []);
  const again = await command('restored', ['--checkpoints', outside], copy.url);
  assert.match(again.stdout, /^erasures: 1 listed in .*, 0 done again\nsessions ended: 0\n/);
  const actions = await copy.owner((db) => sql<{ what: string }>`select action || ' ' || resource || ' ' || details as what from audit_entry where position is null order by sequence`.execute(db));
  assert.deepEqual(actions.rows.map(({ what }) => what), [`people:erase /people/${ids.cleo} {"by":"restore"}`, 'service:restore / {"erased":1,"sessionsEnded":1,"lost":true}', 'service:restore / {"erased":0,"sessionsEnded":0,"lost":true}']);
  const surviving = kept.split('\n').filter((line) => (readCheckpoint(line)?.signedAt.getTime() ?? Infinity) <= recoveryPoint.getTime()).join('\n');
  assert.deepEqual((await copy.verify(surviving)).map(({ problems }) => problems), [[]]);
  assert.match((await copy.verify(kept)).flatMap(({ problems }) => problems).join('\n'), /^the tail is cut off/);
});

test('an erasure that no key of the database signed is not done, and said; where nothing was lost sessions stay', options, async (t) => {
  const { service, directory, ids } = await prepare(t);
  const outside = path.join(directory, 'log');
  await writeFile(outside, `${JSON.stringify({ erasure: { tenant: 'acme', person: ids.cleo, at: new Date().toISOString(), keyId: 'a'.repeat(64), signature: 'b'.repeat(128) } })}\nno line of ours\n`);
  const { ended, stdout, stderr } = await command('restored', ['--checkpoints', outside, '--nothing-lost'], service.database.url);
  assert.equal(ended, 1);
  assert.match(stdout, /^erasures: 1 listed in .*, 0 done again\nnothing was lost: .*\nnow: npm run audit:verify -- --checkpoints \S+\n$/);
  assert.match(stderr, /^1 listed erasures are not signed by a key of this database/);
  assert.ok(await service.people.find(service.database.owner, 'acme', CLEO.subject));
  assert.equal((await sql`select id from session`.execute(service.database.owner)).rows.length, 2);
});

test('no backup is written over another, and none is left of one that failed; the password stands in no message', options, async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-backup-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = path.join(directory, 'whole');
  await writeFile(file, 'another');
  const over = await command('backup', ['--file', file], serverUrl);
  assert.deepEqual([over.ended, await readFile(file, 'utf8')], [2, 'another']);
  assert.match(over.stderr, /can't be created/);
  const nowhere = await command('backup', ['--file', `${file}-2`], 'postgres://owner:canary@127.0.0.1:1/stock');
  assert.equal(nowhere.ended, 2);
  assert.match(nowhere.stderr, /pg_dump ended with 1: there is no backup\.\n$/);
  assert.ok(!nowhere.stderr.includes('canary'));
  await assert.rejects(stat(`${file}-2`), { code: 'ENOENT' });
  assert.match((await command('backup', [], serverUrl)).stderr, /^Usage: npm run backup/);
  assert.match((await command('restored', [], serverUrl)).stderr, /^Usage: npm run restored/);
  assert.match((await command('restored', ['--checkpoints', `${file}-3`], serverUrl)).stderr, /can't be read/);
});
