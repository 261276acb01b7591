import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { prepareServiceLogin } from '#app/data/service-login.ts';
import { AppError } from '#app/errors.ts';
import type { Database } from '#app/feature.ts';
import { type TestedDatabase, testDatabases } from '#app/testing/database.ts';

const NAME = 'service';
const OPTIONS = { name: NAME, withTokens: true };

/** As RDS has it: its master is no superuser, and a member of one role that may hand on `rds_iam`. What made the roles may hand them on (PostgreSQL 16). */
async function openAsMaster(t: TestContext): Promise<TestedDatabase> {
  const [pglite] = testDatabases();
  assert.ok(pglite);
  const database = await pglite.open();
  t.after(() => database.close());
  for (const statement of [
    sql`create role master login createdb createrole`,
    sql`create role rds_iam nologin`,
    sql`create role rds_superuser nologin`,
    sql`grant rds_iam to rds_superuser with admin option`,
    sql`grant rds_superuser to master`,
    sql`grant app_platform, app_tenant to master with admin option`,
  ]) await statement.execute(database.owner);
  await become(database.owner, 'master');
  return database;
}

async function become(db: Database, name: 'master' | 'postgres'): Promise<void> {
  await sql`set role ${sql.id(name)}`.execute(db);
}

async function asSuperuser(db: Database, ...statements: readonly ReturnType<typeof sql>[]): Promise<void> {
  await become(db, 'postgres');
  for (const statement of statements) await statement.execute(db);
  await become(db, 'master');
}

async function look(db: Database): Promise<unknown> {
  const { rows } = await sql`select rolcanlogin as login, rolinherit or rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as more,
    (select string_agg(g.rolname || case when m.admin_option then ' admin' else '' end, ', ' order by g.rolname) from pg_auth_members m join pg_roles g on g.oid = m.roleid where m.member = r.oid) as roles
    from pg_roles r where rolname = ${NAME}`.execute(db);
  return rows[0];
}

const passwordOf = async (db: Database) => (await sql<{ secret: string | null }>`select rolpassword as secret from pg_authid where rolname = ${NAME}`.execute(db)).rows[0]?.secret;
const refusedFor = (what: RegExp) => (error: unknown) => error instanceof AppError && what.test(error.message);
const AS_IT_SHOULD_BE = { login: true, more: false, roles: 'app_platform, app_tenant, rds_iam' };

test('ASVS 13.2.2: a master who is no superuser makes the login of three memberships and no other right, and the second time nothing', async (t) => {
  const database = await openAsMaster(t);
  assert.deepEqual(await prepareServiceLogin(database, OPTIONS), ['made', 'in app_platform', 'in app_tenant', 'in rds_iam']);
  assert.deepEqual(await look(database.owner), AS_IT_SHOULD_BE);
  assert.deepEqual(await prepareServiceLogin(database, OPTIONS), []);
  await become(database.owner, 'postgres');
  assert.equal(await passwordOf(database.owner), null);
});

test('where tokens are not used, or the server knows none, it is no member of the role for them', async (t) => {
  const database = await openAsMaster(t);
  await prepareServiceLogin(database, OPTIONS);
  assert.deepEqual(await prepareServiceLogin(database, { ...OPTIONS, withTokens: false }), ['not in rds_iam']);
  await asSuperuser(database.owner, sql`drop role rds_iam`);
  assert.deepEqual(await prepareServiceLogin(database, OPTIONS), []);
  assert.deepEqual(await look(database.owner), { ...AS_IT_SHOULD_BE, roles: 'app_platform, app_tenant' });
});

const SPOILED = [
  ['can’t log in', [sql`alter role service nologin`], ['login']],
  ['inherits', [sql`alter role service inherit`], ['noinherit']],
  ['makes databases', [sql`alter role service createdb`], ['nocreatedb']],
  ['makes roles', [sql`alter role service createrole`], ['nocreaterole']],
  ['is in one role more', [sql`grant app_reader to service granted by master`], ['not in app_reader']],
  ['is in one less', [sql`revoke app_tenant from service granted by master`], ['in app_tenant']],
  ['may hand one on', [sql`grant app_platform to service with admin option granted by master`], ['not in app_platform as it was', 'in app_platform']],
  ['has a role’s rights without acting as it', [sql`grant app_tenant to service with inherit true granted by master`], ['not in app_tenant as it was', 'in app_tenant']],
  ['can’t act as a role', [sql`grant app_tenant to service with set false granted by master`], ['not in app_tenant as it was', 'in app_tenant']],
] as const;

test('ASVS 13.2.2: what was changed about the login is put right, and its password stays', async (t) => {
  const database = await openAsMaster(t);
  await asSuperuser(database.owner, sql`grant app_reader to master with admin option`);
  await prepareServiceLogin(database, OPTIONS);
  await asSuperuser(database.owner, sql`alter role service password 'of-somebody-else'`);
  for (const [what, statements, changes] of SPOILED) {
    await asSuperuser(database.owner, ...statements);
    assert.deepEqual(await prepareServiceLogin(database, OPTIONS), changes, what);
    assert.deepEqual(await look(database.owner), AS_IT_SHOULD_BE, what);
  }
  await become(database.owner, 'postgres');
  assert.match((await passwordOf(database.owner)) ?? '', /^(?:SCRAM|md5)/);
});

test('a superuser takes away what only one may', async (t) => {
  const database = await openAsMaster(t);
  await become(database.owner, 'postgres');
  await sql`create role service login inherit createdb bypassrls replication`.execute(database.owner);
  assert.deepEqual(await prepareServiceLogin(database, OPTIONS), ['noinherit', 'nocreatedb', 'noreplication', 'nobypassrls', 'in app_platform', 'in app_tenant', 'in rds_iam']);
  assert.deepEqual(await look(database.owner), AS_IT_SHOULD_BE);
});

const REFUSED = [
  ['bypasses row-level security', [sql`create role service login bypassrls`, sql`grant service to master with admin option`], /can't be made what the service needs: .*CREATEROLE/],
  ['is not the master’s to change', [sql`create role service login createdb`], /can't be made what the service needs: permission denied/],
  ['is a superuser', [sql`create role service login superuser`], /"service", a superuser/],
  ['is in a role by another’s grant', [sql`create role service login noinherit`, sql`grant service to master with admin option`, sql`grant pg_read_all_data to service`], /it is a member of pg_read_all_data, by somebody else's grant|permission denied/],
] as const;
for (const [what, statements, message] of REFUSED) {
  test(`a login that ${what} is left as it is, and the message says what it takes`, async (t) => {
    const database = await openAsMaster(t);
    await asSuperuser(database.owner, ...statements);
    const before = await look(database.owner);
    await assert.rejects(prepareServiceLogin(database, OPTIONS), refusedFor(message));
    assert.deepEqual(await look(database.owner), before);
  });
}

test('who migrates is not made the service’s login, and one without CREATEROLE makes none', async (t) => {
  const database = await openAsMaster(t);
  await assert.rejects(prepareServiceLogin(database, { ...OPTIONS, name: 'master' }), refusedFor(/needs a login of its own/));
  await asSuperuser(database.owner, sql`alter role master nocreaterole`);
  await assert.rejects(prepareServiceLogin(database, OPTIONS), refusedFor(/permission denied to create role.*needs CREATEROLE/));
});
