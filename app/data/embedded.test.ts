import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { openEmbeddedDatabase } from '#app/data/embedded.ts';

const log = pino({ level: 'silent' });

test('PGlite: after kill -9 every acknowledged row is there, and meanwhile no second process gets in', { timeout: 120_000 }, async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-embedded-'));
  t.after(() => rm(directory, { recursive: true }));
  const code = `
    const { openEmbeddedDatabase } = await import(${JSON.stringify(new URL('./embedded.ts', import.meta.url).href)});
    const { pino } = await import('pino');
    const { sql } = await import('kysely');
    const { db } = await openEmbeddedDatabase({ directory: ${JSON.stringify(directory)}, role: 'none' }, { log: pino({ level: 'silent' }) });
    await sql\`create table note (number int primary key)\`.execute(db);
    for (let number = 1; ; number += 1) { await sql\`insert into note values (\${number})\`.execute(db); console.log(number); }`;
  const writer = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: ['ignore', 'pipe', 'inherit'], cwd: path.resolve(import.meta.dirname, '../..') });
  t.after(() => writer.kill('SIGKILL'));
  const acknowledged = { last: 0 };
  const closed = new Promise<void>((resolve) => {
    const lines = createInterface({ input: writer.stdout });
    lines.on('line', (line) => {
      acknowledged.last = Number(line);
      if (acknowledged.last !== 100) return;
      openEmbeddedDatabase({ directory, role: 'none' }, { log }).then(
        () => { assert.fail('a second process opened the folder'); },
        (error: unknown) => {
          assert.match(String(error), new RegExp(`process ${writer.pid ?? 0} `));
          writer.kill('SIGKILL');
        },
      );
    });
    lines.on('close', resolve);
  });
  await once(writer, 'exit');
  await closed;
  assert.ok(acknowledged.last >= 100);

  const database = await openEmbeddedDatabase({ directory, role: 'none' }, { log });
  const { rows } = await sql<{ count: number; highest: number }>`select count(*) as count, max(number) as highest from note`.execute(database.db);
  await database.close();
  assert.ok(rows[0] && rows[0].highest >= acknowledged.last && rows[0].count === rows[0].highest, JSON.stringify({ rows, acknowledged }));
  // Closing releases the folder.
  await (await openEmbeddedDatabase({ directory, role: 'none' }, { log })).close();
});
