import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { testDatabases } from '#app/testing/database.ts';
import { startProgram } from '#app/testing/process.ts';

async function run(environment: Readonly<Record<string, string>>): Promise<{ readonly ended: number | string; readonly stdout: string; readonly stderr: string }> {
  const program = startProgram('app/migrate.command.ts', [], environment);
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
