// Every table of the register and of every feature is judged by what an erasure does to it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listArchivedTables } from '#app/backup/archive.ts';
import { parseConfig } from '#app/config.ts';
import type { PersonalTable } from '#app/feature.ts';
import { findFeatures } from '#app/features.ts';
import { describePlatformData } from '#app/privacy/register.ts';

const tableOf = (table: string, erasure: PersonalTable['erasure']): PersonalTable => ({ table, erasure, purpose: '', basis: 'contract', kept: '', rows: { column: 'actor', holds: 'person' }, columns: {}, otherColumns: [] });

test('of a feature an archive has what stays at an erasure and what is about nobody', () => {
  const own = { personalData: { personal: [tableOf('letter', 'delete'), tableOf('booking', 'unlink'), tableOf('hint', 'blank'), tableOf('attempt', 'expires')], impersonal: { price: 'of things' } } };
  assert.deepEqual(listArchivedTables([own, {}]).filter((table) => !listArchivedTables([]).includes(table)), ['booking', 'price']);
});

test('the keys of people are in no archive, nor anything that an erasure removes but the sealed names', async () => {
  const owners = (await findFeatures()).map(({ module }) => module);
  const archived = listArchivedTables(owners);
  for (const table of ['person_key', 'session', 'idempotency_key', 'outbox_event']) assert.ok(!archived.includes(table), table);
  for (const table of ['person', 'audit_entry', 'audit_checkpoint', 'service_key', 'schema_migrations']) assert.ok(archived.includes(table), table);
  const removed = [describePlatformData(parseConfig({})), ...owners.flatMap(({ personalData }) => personalData ?? [])].flatMap(({ personal }) => personal.filter(({ erasure }) => erasure !== 'unlink'));
  assert.deepEqual(removed.filter(({ table }) => archived.includes(table)).map(({ table }) => table), ['person']);
});
