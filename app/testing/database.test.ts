import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { Client } from 'pg';
import { openTestDatabase, testDatabases } from '#app/testing/database.ts';

for (const engine of testDatabases()) {
  test(`${engine.name}: two test databases are migrated, empty and apart`, async (t) => {
    const [one, other] = await Promise.all([engine.open(), engine.open()]);
    t.after(() => Promise.all([one.close(), other.close()]));
    await sql`create table note (text text)`.execute(one.owner);
    const state = sql<{ note: string | null; keys: number }>`select to_regclass('note')::text as note, (select count(*) from idempotency_key) as keys`;
    assert.deepEqual([(await state.execute(one.owner)).rows, (await state.execute(other.db)).rows], [[{ note: 'note', keys: 0 }], [{ note: null, keys: 0 }]]);
  });
}

for (const engine of testDatabases().filter(({ name }) => name === 'PostgreSQL')) {
  test('PostgreSQL: closing drops the database, though others are connected to it', async () => {
    const database = await engine.open();
    const guest = new Client({ connectionString: database.url ?? '' });
    const dropped = new Promise((resolve) => { guest.on('error', resolve); });
    await guest.connect();
    await database.close();
    await dropped;
    const late = new Client({ connectionString: database.url ?? '' });
    await assert.rejects(late.connect(), { code: '3D000' });
    await late.end();
  });
}

test('the one database for a test is PostgreSQL where there is one', async () => {
  const database = await openTestDatabase();
  assert.equal(database.kind, testDatabases().length > 1 ? 'server' : 'embedded');
  await database.close();
});

test('in CI an unset DATABASE_URL is an error, not fewer engines', (t) => {
  const { CI, DATABASE_URL } = process.env;
  t.after(() => { restore({ CI, DATABASE_URL }); });
  restore({ CI: 'true', DATABASE_URL: undefined });
  assert.throws(() => testDatabases(), /set DATABASE_URL/);
  restore({ CI: undefined, DATABASE_URL: undefined });
  assert.deepEqual(testDatabases().map(({ name }) => name), ['PGlite']);
});

function restore(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
}
