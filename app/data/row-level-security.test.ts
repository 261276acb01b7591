// What the database itself refuses, on its own role and under production's login.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { purgeIdempotencyKeys } from '#app/data/idempotency.ts';
import { prepareSchema } from '#app/data/migrate.ts';
import { openServerDatabase } from '#app/data/server-database.ts';
import { sqlState } from '#app/data/transaction.ts';
import type { Database } from '#app/feature.ts';
import { findMigrationSources, type TestDatabase, testDatabases } from '#app/testing/database.ts';
import { createServiceLogin } from '#app/testing/service-login.ts';

const log = pino({ level: 'silent' });
const INSUFFICIENT_PRIVILEGE = '42501';
const READ_ONLY_TRANSACTION = '25006';

const insertEvent = (tenantId: string) => sql`insert into outbox_event (tenant_id, id, type, subject, actor, occurred_at, data) values (${tenantId}, ${randomUUID()}, 't', 's', 'a', now(), '{}')`;
const tenantsOf = async (db: Database) => (await sql<{ tenant: string }>`select distinct tenant_id as tenant from outbox_event order by 1`.execute(db)).rows.map(({ tenant }) => tenant);
const whoAmI = async (db: Database) => (await sql<{ role: string; tenant: string }>`select current_user as role, coalesce(current_setting('app.tenant_id', true), '') as tenant`.execute(db)).rows[0];
const serverUrl = process.env['DATABASE_URL'] ?? '';
const refusedAs = (state: string) => (error: unknown) => sqlState(error) === state;

async function open(t: TestContext, engine: TestDatabase) {
  const database = await engine.open();
  t.after(() => database.close());
  for (const tenantId of ['acme', 'globex']) await insertEvent(tenantId).execute(database.owner);
  // Reading the outbox is no right of theirs: with it, what is looked at is the policy.
  await sql`grant select on outbox_event to app_tenant`.execute(database.owner);
  return database;
}

for (const engine of testDatabases()) {
  test(`${engine.name}: ASVS 8.3.3, 8.4.1: a statement that forgets its tenant finds that tenant's rows alone, alone and in a transaction`, async (t) => {
    const database = await open(t, engine);
    assert.deepEqual(await tenantsOf(database.owner), ['acme', 'globex']);
    for (const tenantId of ['acme', 'globex']) {
      assert.deepEqual(await tenantsOf(database.forTenant(tenantId)), [tenantId]);
      assert.deepEqual(await tenantsOf(database.forTenant(tenantId, { readOnly: true })), [tenantId]);
      assert.deepEqual(await database.forTenant(tenantId).transaction().execute(tenantsOf), [tenantId]);
      assert.deepEqual(await database.forTenant(tenantId).transaction().setIsolationLevel('repeatable read').execute(tenantsOf), [tenantId]);
    }
    for (const strange of ['', 'initech', "' or true --", 'ACME']) assert.deepEqual(await tenantsOf(database.forTenant(strange)), []);
  });

  test(`ASVS 3.5.3: ${engine.name}: nothing is written for another tenant, and nothing at all where only reading is meant`, async (t) => {
    const database = await open(t, engine);
    const acme = database.forTenant('acme');
    await insertEvent('acme').execute(acme);
    await assert.rejects(insertEvent('globex').execute(acme), refusedAs(INSUFFICIENT_PRIVILEGE));
    await assert.rejects(acme.transaction().execute((tx) => insertEvent('globex').execute(tx)), refusedAs(INSUFFICIENT_PRIVILEGE));
    const readOnly = database.forTenant('acme', { readOnly: true });
    await assert.rejects(insertEvent('acme').execute(readOnly), refusedAs(READ_ONLY_TRANSACTION));
    await assert.rejects(readOnly.transaction().execute((tx) => insertEvent('acme').execute(tx)), refusedAs(READ_ONLY_TRANSACTION));
  });

  test(`${engine.name}: ASVS 13.3.2: a tenant's work reaches no secret of a session and nothing of the platform's`, async (t) => {
    const acme = (await open(t, engine)).forTenant('acme');
    for (const statement of [sql`select token_hash from session`, sql`select provider_tokens from session`, sql`insert into session select * from session`, sql`update session set roles = '{manager}'`, sql`select key from sign_in_limit`, sql`select sequence_outbox(1, 1, 1, now())`, sql`delete from outbox_event`, sql`update outbox_event set type = 'other'`, sql`create table mine (x int)`, sql`alter table session disable row level security`]) {
      await assert.rejects(statement.execute(acme), refusedAs(INSUFFICIENT_PRIVILEGE), statement.compile(acme).sql);
    }
    assert.deepEqual((await sql`select id, subject_id from session`.execute(acme)).rows, []);
  });

  test(`${engine.name}: role and tenant end with the statement, the transaction and their failures`, async (t) => {
    const database = await open(t, engine);
    const platform = await whoAmI(database.db);
    assert.deepEqual(platform, { role: 'app_platform', tenant: '' });
    const acme = database.forTenant('acme');
    assert.deepEqual(await whoAmI(acme), { role: 'app_tenant', tenant: 'acme' });
    await assert.rejects(sql`select 1 / 0`.execute(acme), { code: '22012' }, 'the statement’s own error, not what followed from it');
    await assert.rejects(acme.transaction().execute(async (tx) => { await sql`select 1`.execute(tx); throw new Error('ours'); }), /ours/);
    await assert.rejects(acme.transaction().execute((tx) => sql`select no_such_column`.execute(tx)), { code: '42703' });
    // As many as the pool has connections, and more.
    const each = await Promise.all(Array.from({ length: 12 }, () => whoAmI(database.db)));
    assert.deepEqual(new Set(each.map((one) => JSON.stringify(one))), new Set([JSON.stringify(platform)]));
  });

  test(`${engine.name}: tenants that work at the same time stay apart, and what fails at the commit is said`, async (t) => {
    const database = await open(t, engine);
    const seen = await Promise.all(Array.from({ length: 60 }, async (_, index) => {
      const tenantId = index % 2 === 0 ? 'acme' : 'globex';
      const db = database.forTenant(tenantId);
      const tenants = index % 3 === 0 ? await db.transaction().execute(tenantsOf) : await tenantsOf(db);
      return tenants.join() === tenantId;
    }));
    assert.ok(seen.every(Boolean));
    await sql.raw(`create table pair (tenant_id text not null, id int, other int, primary key (tenant_id, id), foreign key (tenant_id, other) references pair (tenant_id, id) deferrable initially deferred); grant insert, select on pair to app_tenant`).execute(database.owner);
    await assert.rejects(sql`insert into pair values ('acme', 1, 2)`.execute(database.forTenant('acme')), { code: '23503' });
    assert.deepEqual((await sql`select * from pair`.execute(database.owner)).rows, []);
  });

  test(`${engine.name}: the platform's own work does what it has to, and no feature's`, async (t) => {
    const database = await open(t, engine);
    await sql`insert into idempotency_key values ('acme', 'clerk', 'o', 'k', 'f', 200, '{}', '', ${new Date(0)})`.execute(database.owner);
    assert.equal(await purgeIdempotencyKeys(database.db, new Date()), 1);
    await assert.rejects(sql`select body from idempotency_key`.execute(database.db), refusedAs(INSUFFICIENT_PRIVILEGE));
    await assert.rejects(insertEvent('acme').execute(database.db), refusedAs(INSUFFICIENT_PRIVILEGE));
    assert.deepEqual(await tenantsOf(database.db), ['acme', 'globex']);
  });
}

for (const engine of testDatabases().filter(({ name }) => name === 'PostgreSQL')) {
  test('PostgreSQL: ASVS 13.2.2: production takes a login of the two roles, and no superuser, no owner, none with BYPASSRLS', async (t) => {
    const database = await open(t, engine);
    const ownerUrl = database.url ?? '';
    const login = await createServiceLogin(serverUrl);
    t.after(() => login.drop());
    const options = { poolSize: 2, leastPrivilege: true };
    await assert.rejects(openServerDatabase({ ...options, url: ownerUrl }, { log }), /logs in as "postgres", whom row-level security does not hold/);

    const url = login.url(ownerUrl);
    const service = await openServerDatabase({ ...options, url }, { log });
    assert.deepEqual(await tenantsOf(service.forTenant('acme')), ['acme']);
    assert.deepEqual(await tenantsOf(service.db), ['acme', 'globex']);
    // Out of its role it may do nothing: it inherits none.
    await service.db.connection().execute(async (connection) => {
      await sql`set role none`.execute(connection);
      await assert.rejects(tenantsOf(connection), refusedAs(INSUFFICIENT_PRIVILEGE));
    });
    await service.close();

    const name = new URL(url).username;
    await sql`alter role ${sql.id(name)} bypassrls`.execute(database.owner);
    await assert.rejects(openServerDatabase({ ...options, url }, { log }), /row-level security does not hold/);
    await sql`alter role ${sql.id(name)} nobypassrls`.execute(database.owner);
    await sql`alter table session owner to ${sql.id(name)}`.execute(database.owner);
    await assert.rejects(openServerDatabase({ ...options, url }, { log }), /owns the tables/);
    await sql`alter table session owner to postgres`.execute(database.owner);
  });

  test('PostgreSQL: a service that may not migrate starts on a schema that has everything, and names what is missing', async (t) => {
    const database = await open(t, engine);
    const login = await createServiceLogin(serverUrl);
    t.after(() => login.drop());
    const service = await openServerDatabase({ url: login.url(database.url ?? ''), poolSize: 1 }, { log });
    t.after(() => service.close());
    await prepareSchema(service, await findMigrationSources(), { log });
    await sql`delete from schema_migrations where name = '0005_sequence_outbox.sql'`.execute(database.owner);
    await assert.rejects(prepareSchema(service, await findMigrationSources(), { log }), /lacks platform\/0005_sequence_outbox\.sql: run "npm run migrate"/);
  });

  test('PostgreSQL: who only reads sees the tenant that they name, and no session', async (t) => {
    const database = await open(t, engine);
    const asReader = <T>(work: (tx: Database) => Promise<T>): Promise<T> => database.owner.transaction().execute(async (tx) => {
      await sql`set local role app_reader`.execute(tx);
      return work(tx);
    });
    assert.deepEqual(await asReader(tenantsOf), []);
    assert.deepEqual(await asReader(async (tx) => { await sql`set local app.tenant_id = 'globex'`.execute(tx); return tenantsOf(tx); }), ['globex']);
    await assert.rejects(asReader((tx) => sql`select id from session`.execute(tx)), refusedAs(INSUFFICIENT_PRIVILEGE));
    await assert.rejects(asReader((tx) => insertEvent('globex').execute(tx)), refusedAs(INSUFFICIENT_PRIVILEGE));
  });
}
