import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { openDatabase } from '#app/data/database.ts';
import { testDatabases } from '#app/testing/database.ts';

for (const engine of testDatabases()) {
  test(`${engine.name}: a notification reaches those who listen to its channel, and nobody else`, async (t) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    const heard: string[] = [];
    let end = Promise.withResolvers<undefined>();
    await database.listen('Mixed "case"', (payload) => heard.push(`first ${payload}`));
    const stop = await database.listen('Mixed "case"', (payload) => heard.push(`second ${payload}`));
    await database.listen('other', (payload) => { if (payload === 'end') end.resolve(undefined); });
    await database.notify('Mixed "case"', "it's 1");
    await database.notify('Mixed "case"', '');
    await database.notify('other', 'end');
    await end.promise;
    await stop();
    end = Promise.withResolvers<undefined>();
    await database.notify('Mixed "case"', '2');
    await database.notify('unheard', '3');
    await database.notify('other', 'end');
    await end.promise;
    assert.deepEqual(heard.sort(), ["first it's 1", 'first ', 'first 2', "second it's 1", 'second '].sort());
  });

  test(`${engine.name}: a listener may query at once`, async (t) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    const rows = new Promise((resolve, reject) => {
      database.listen('wake', () => { sql`select 'awake' as state`.execute(database.db).then((result) => { resolve(result.rows); }, reject); }).then(() => database.notify('wake', ''), reject);
    });
    assert.deepEqual(await rows, [{ state: 'awake' }]);
  });

  test(`${engine.name}: the check passes, and fails in time when no connection answers`, async (t) => {
    const database = await engine.open([]);
    t.after(() => database.close());
    await database.check(5_000);
    const release = Promise.withResolvers<undefined>();
    const connections = database.kind === 'embedded' ? 1 : 4;
    const held: Promise<undefined>[] = [];
    for (let i = 0; i < connections; i += 1) {
      await new Promise<void>((resolve) => { held.push(database.db.connection().execute(() => { resolve(); return release.promise; })); });
    }
    try {
      await assert.rejects(database.check(50), /did not answer within 50 ms/);
    } finally {
      release.resolve(undefined);
      await Promise.all(held);
    }
    await database.check(5_000);
  });
}

test('an embedded database is opened where the configuration says', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-database-'));
  t.after(() => rm(directory, { recursive: true }));
  const database = await openDatabase({ kind: 'embedded', directory }, { log: pino({ level: 'silent' }) });
  assert.equal(database.kind, 'embedded');
  assert.ok((await stat(path.join(directory, 'postgres', 'PG_VERSION'))).isFile());
  await database.close();
});
