import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { migrate } from '#app/data/migrate.ts';
import { testDatabases } from '#app/testing/database.ts';

const log = pino({ level: 'silent' });
const TABLE = 'create table note (text text); insert into note values (1);';

async function makeSource(t: TestContext, files: Readonly<Record<string, string>>, name = 'notes') {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-migrate-'));
  t.after(() => rm(directory, { recursive: true }));
  const write = (file: string, text: string) => writeFile(path.join(directory, file), text);
  for (const [file, text] of Object.entries(files)) await write(file, text);
  return { name, directory, write, remove: (file: string) => rm(path.join(directory, file)) };
}

for (const engine of testDatabases()) {
  const open = async (t: TestContext) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    return database;
  };

  test(`${engine.name}: migrations apply once, later ones when they come`, async (t) => {
    const database = await open(t);
    const source = await makeSource(t, { '0001_note.sql': TABLE });
    assert.deepEqual(await migrate(database, [source], { log }), ['notes/0001_note.sql']);
    assert.deepEqual(await migrate(database, [source], { log }), []);
    await source.write('0002_author.sql', 'alter table note add column author text;');
    assert.deepEqual(await migrate(database, [source], { log }), ['notes/0002_author.sql']);
    assert.deepEqual((await sql`select source, name from schema_migrations order by name`.execute(database.db)).rows, [{ source: 'notes', name: '0001_note.sql' }, { source: 'notes', name: '0002_author.sql' }]);
  });

  test(`${engine.name}: a migration that fails leaves nothing behind, and is named`, async (t) => {
    const database = await open(t);
    const source = await makeSource(t, { '0001_note.sql': TABLE, '0002_broken.sql': 'create table half (text text); select no_such_column;' });
    await assert.rejects(migrate(database, [source], { log }), /0002_broken\.sql failed: .*no_such_column/);
    assert.deepEqual((await sql`select to_regclass('note') is not null as note, to_regclass('half') is not null as half`.execute(database.db)).rows, [{ note: true, half: false }]);
    await source.write('0002_broken.sql', 'create table whole (text text);');
    assert.deepEqual(await migrate(database, [source], { log }), ['notes/0002_broken.sql']);
  });

  test(`${engine.name}: a migration that was edited after it was applied stops the start, before anything else is applied`, async (t) => {
    const database = await open(t);
    const source = await makeSource(t, { '0002_note.sql': TABLE });
    await migrate(database, [source], { log });
    await source.write('0001_before.sql', 'create table early (text text);');
    await source.write('0002_note.sql', `${TABLE} -- edited`);
    await assert.rejects(migrate(database, [source], { log }), /0002_note\.sql was edited after it had been applied/);
    assert.deepEqual((await sql`select to_regclass('early') as early`.execute(database.db)).rows, [{ early: null }]);
  });

  test(`${engine.name}: migrations of a newer release, or of a deleted feature, are left alone`, async (t) => {
    const database = await open(t);
    const source = await makeSource(t, { '0001_note.sql': TABLE, '0002_newer.sql': 'alter table note add column author text;' });
    await migrate(database, [source], { log });
    await source.remove('0002_newer.sql');
    assert.deepEqual(await migrate(database, [source], { log }), []);
    assert.deepEqual(await migrate(database, [], { log }), []);
  });
}

for (const engine of testDatabases().filter(({ name }) => name === 'PostgreSQL')) {
  test('PostgreSQL: several processes that start at once migrate once', { timeout: 60_000 }, async (t) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    await sql`drop table schema_migrations`.execute(database.db);
    const { name, directory } = await makeSource(t, { '0001_note.sql': `${TABLE} select pg_sleep(0.3);`, '0002_more.sql': 'insert into note values (2);' });
    const url = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
    const code = `
      const { openServerDatabase } = await import(${url('./server-database.ts')});
      const { migrate } = await import(${url('./migrate.ts')});
      const log = (await import('pino')).pino({ level: 'silent' });
      const database = await openServerDatabase({ url: ${JSON.stringify(database.url)}, poolSize: 2, migrationUrl: ${JSON.stringify(database.url)}, role: 'none' }, { log });
      process.stdout.write(JSON.stringify(await migrate(database, [${JSON.stringify({ name, directory })}], { log })));
      await database.close();`;
    const applied = await Promise.all(Array.from({ length: 4 }, async () => {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: ['ignore', 'pipe', 'inherit'], cwd: path.resolve(import.meta.dirname, '../..') });
      const exit = once(child, 'exit');
      const output = (await child.stdout.toArray()).join('');
      assert.equal((await exit)[0], 0);
      return JSON.parse(output) as string[];
    }));
    assert.deepEqual(applied.flat().sort(), ['notes/0001_note.sql', 'notes/0002_more.sql']);
    assert.deepEqual((await sql`select text from note order by text`.execute(database.db)).rows, [{ text: '1' }, { text: '2' }]);
  });

  test('PostgreSQL: a migration waits in short turns for a table in use, and gives up after a bounded number', async (t) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    const source = await makeSource(t, { '0001_note.sql': TABLE });
    await migrate(database, [source], { log });
    await source.write('0002_author.sql', 'alter table note add column author text;');
    const held = Promise.withResolvers<undefined>();
    const release = Promise.withResolvers<undefined>();
    const holder = database.db.transaction().execute(async (tx) => {
      await sql`select * from note`.execute(tx);
      held.resolve(undefined);
      await release.promise;
    });
    await held.promise;
    const waits: string[] = [];
    const observed = pino({ level: 'warn' }, { write: (line: string) => { waits.push(line); if (waits.length === 3) release.resolve(undefined); } });
    await assert.rejects(migrate(database, [source], { log: observed, lockTimeoutMs: 20, attempts: 2 }), /0002_author\.sql failed: .*lock timeout/);
    assert.deepEqual(waits.map((line) => (JSON.parse(line) as { attempt: number }).attempt), [1]);
    assert.deepEqual(await migrate(database, [source], { log: observed, lockTimeoutMs: 20, attempts: 20 }), ['notes/0002_author.sql']);
    await holder;
  });
}
