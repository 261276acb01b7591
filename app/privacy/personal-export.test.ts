// A long export: whole, of one moment, and a page at a time.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { sql } from 'kysely';
import { parseConfig } from '#app/config.ts';
import { inSnapshot } from '#app/data/transaction.ts';
import { writeExport } from '#app/privacy/personal-export.ts';
import { exportTables, type ExportedTable } from '#app/privacy/personal-rows.ts';
import { exportSchema } from '#app/privacy/privacy-feature.ts';
import { collectRegister } from '#app/privacy/register.ts';
import { testDatabases } from '#app/testing/database.ts';
import { createTestPrivacy } from '#app/testing/privacy.ts';

const [ROWS, PAGE_ROWS] = [50_000, 500];
const register = collectRegister([], parseConfig({}));

for (const engine of testDatabases()) {
  test(`${engine.name}: of ${ROWS} rows a page is in memory at once, all are in it once, and none that came later`, async (t) => {
    const database = await engine.open();
    t.after(() => database.close());
    const { people } = createTestPrivacy();
    const subjectId = 'clerk';
    const personId = await people.of(database.forTenant('acme'), 'acme').idOf({ id: subjectId, name: 'Cleo' });
    const write = (from: number, to: number) => sql`insert into audit_entry (tenant_id, id, occurred_at, actor, action, resource, request_id, details, mac)
      select 'acme', gen_random_uuid(), now(), ${personId}::uuid, 'things:write', '/things/' || n, '', '{}', decode(repeat('00', 32), 'hex') from generate_series(${from}::integer, ${to}::integer) as n`.execute(database.owner);
    await write(1, ROWS);
    const sizes: number[] = [];
    async function* measure(pages: ExportedTable['pages']): ExportedTable['pages'] {
      for await (const page of pages) {
        sizes.push(page.length);
        yield page;
      }
    }
    function* measured(tables: Iterable<ExportedTable>): Generator<ExportedTable> {
      for (const table of tables) yield { ...table, pages: measure(table.pages) };
    }
    const exported = inSnapshot(database.forTenant('acme', { readOnly: true }), (db) => writeExport({ subject: subjectId, person: personId, exportedAt: new Date().toISOString() }, measured(exportTables(db, register, { tenantId: 'acme', subjectId, personId }, people.of(db, 'acme')))));
    let [json, longest] = ['', 0];
    for await (const chunk of exported) {
      // On the embedded database nobody else has a connection meanwhile.
      if (engine.name !== 'PGlite' && sizes.length === 3) await write(ROWS + 1, ROWS + 10);
      json += chunk;
      longest = Math.max(longest, chunk.length);
    }
    const { tables } = exportSchema.parse(JSON.parse(json));
    const entries = tables.find(({ table }) => table === 'audit_entry')?.rows ?? [];
    assert.equal(entries.length, ROWS);
    assert.equal(new Set(entries.map(({ resource }) => resource)).size, ROWS);
    assert.ok(entries.every(({ resource }) => Number(String(resource).slice('/things/'.length)) <= ROWS));
    assert.equal(Math.max(...sizes), PAGE_ROWS);
    assert.ok(sizes.length >= ROWS / PAGE_ROWS);
    assert.ok(longest < json.length / 50, `${longest} characters of ${json.length} in one piece`);
    assert.deepEqual(tables.map(({ table }) => table), register.map(({ table }) => table), 'also where nothing is kept');
  });
}

test('an empty table, one row and many read back as they were, whatever is in them', async () => {
  const table = (rows: readonly (readonly Readonly<Record<string, unknown>>[])[]): ExportedTable => ({ table: 't', purpose: '"quoted"', basis: 'contract', kept: 'x', columns: {}, withheld: {}, pages: pagesOf(rows) });
  async function* pagesOf(rows: readonly (readonly Readonly<Record<string, unknown>>[])[]): AsyncGenerator<readonly Readonly<Record<string, unknown>>[]> {
    for (const page of rows) yield await Promise.resolve(page);
  }
  const given = [[], [[{ a: 'x"\n,]}' }]], [[{ a: 1 }, { a: 2 }], [{ a: 3 }]]];
  const person = randomUUID();
  const json = (await Array.fromAsync(writeExport({ subject: 's', person, exportedAt: '2026-11-24T12:00:00.000Z' }, given.map(table)))).join('');
  const read = exportSchema.parse(JSON.parse(json));
  assert.deepEqual([read.subject, read.person, read.tables.map(({ rows }) => rows)], ['s', person, given.map((rows) => rows.flat())]);
  assert.equal(read.tables[0]?.purpose, '"quoted"');
  assert.deepEqual(JSON.parse((await Array.fromAsync(writeExport({ subject: 's', exportedAt: 'x' }, []))).join('')), { subject: 's', exportedAt: 'x', tables: [] });
});
