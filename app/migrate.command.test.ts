import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { test } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { openServerDatabase } from '#app/data/server-database.ts';
import { sqlState } from '#app/data/transaction.ts';
import { testDatabases } from '#app/testing/database.ts';
import { freePorts } from '#app/testing/ports.ts';
import { createPostgres, findPostgresPrograms } from '#app/testing/private-postgres.ts';
import { startProgram } from '#app/testing/process.ts';

const programs = findPostgresPrograms();
/** What it may at most, in a container: to read itself, and the network. A copy of the repository may have its packages by a link. */
const CONFINED = ['--disable-warning=ExperimentalWarning', '--permission', `--allow-fs-read=${process.cwd()}`, `--allow-fs-read=${realpathSync('node_modules')}`, '--allow-net'];

async function run(environment: Readonly<Record<string, string>>, flags?: readonly string[]): Promise<{ readonly ended: number | string; readonly stdout: string; readonly stderr: string }> {
  const program = startProgram('app/migrate.command.ts', [], environment, flags);
  return { ended: await program.ended(), stdout: program.stdout(), stderr: program.stderr() };
}

for (const engine of testDatabases().filter(({ name }) => name === 'PostgreSQL')) {
  test('PostgreSQL: it migrates, says what it applied, and the second time that there is nothing to do', async (t) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    const environment = { DATABASE_MIGRATION_URL: database.url ?? '', DATABASE_URL: 'postgres://127.0.0.1:1/nobody-asks-it' };
    const first = await run(environment);
    assert.deepEqual([first.ended, first.stderr], [0, '']);
    assert.match(first.stdout, /: applied platform\/0001_sessions\.sql, .*platform\/0008_row_level_security\.sql/);
    assert.match((await run(environment)).stdout, /is up to date\n$/);
    assert.deepEqual((await sql`select count(*)::int as n from session`.execute(database.owner)).rows, [{ n: 0 }]);
  });
}

test('what is missing or does not answer is one line without the password', async () => {
  const missing = await run({});
  assert.deepEqual([missing.ended, missing.stdout], [1, '']);
  assert.match(missing.stderr, /DATABASE_MIGRATION_URL is missing/);
  const silent = await run({ DATABASE_MIGRATION_URL: 'postgres://owner:canary@127.0.0.1:1/stock' });
  assert.equal(silent.ended, 1);
  assert.match(silent.stderr, /^The database at 127\.0\.0\.1:1\/stock can't be used: [^\n]*\n$/);
  assert.ok(!silent.stderr.includes('canary'));
});

test('PostgreSQL of its own: a master who is no superuser migrates two databases at once, and row-level security holds the login that comes of it', { skip: programs === undefined && process.env['CI'] !== 'true' && 'not run: no PostgreSQL server programs found' }, async (t) => {
  const [port = 0] = await freePorts(1);
  const postgres = await createPostgres(programs ?? '', port, { settings: { fsync: 'off' }, asksPasswords: true });
  t.after(() => postgres.remove());
  await postgres.start();
  const password = 'of%40the/master:?#';
  for (const statement of [`create role master login createdb createrole password '${password}'`, 'create role rds_iam nologin', 'create role rds_superuser nologin', 'grant rds_iam to rds_superuser with admin option', 'grant rds_superuser to master', 'create database one owner master', 'create database other owner master']) await postgres.query(statement);
  const address = (database: string, login = 'master') => `postgres://${login}@127.0.0.1:${port}/${database}`;
  const migrate = (database: string) => run({ DATABASE_MIGRATION_URL: address(database), DATABASE_MIGRATION_PASSWORD: password, DATABASE_SERVICE_LOGIN: 'service' }, CONFINED);

  const ended = await Promise.all([migrate('one'), migrate('other')]);
  assert.deepEqual(ended.map(({ ended: status, stderr }) => [status, stderr]), [[0, ''], [0, '']]);
  assert.ok(ended.some(({ stdout }) => stdout.includes('the login service was put right: made, in app_platform, in app_tenant')));
  assert.match((await migrate('one')).stdout, /is up to date\nthe login service is as it should be\n$/);
  const refused = await run({ DATABASE_MIGRATION_URL: address('one'), DATABASE_MIGRATION_PASSWORD: 'canary' }, CONFINED);
  assert.deepEqual([refused.ended, refused.stderr.includes('password authentication failed'), refused.stderr.includes('canary')], [1, true, false]);

  await postgres.query("alter role service password 'of-the-service'");
  const database = await openServerDatabase({ url: address('one', 'service:of-the-service'), poolSize: 2, leastPrivilege: true }, { log: pino({ level: 'silent' }) });
  t.after(() => database.close());
  const insert = (tenantId: string) => sql`insert into outbox_event (tenant_id, id, type, subject, actor, occurred_at, data) values (${tenantId}, gen_random_uuid(), 't', 's', 'a', now(), '{}')`.execute(database.forTenant('acme'));
  await insert('acme');
  for (const forbidden of [() => insert('globex'), () => sql`alter table outbox_event disable row level security`.execute(database.db), () => sql`create role more`.execute(database.db)]) await assert.rejects(forbidden, (error) => sqlState(error) === '42501');
});
