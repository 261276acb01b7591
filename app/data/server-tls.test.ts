// CWE-295: production speaks to a PostgreSQL that proves who it is, and to no other.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import tls from 'node:tls';
import { sql } from 'kysely';
import { pino } from 'pino';
import { openServerDatabase } from '#app/data/server-database.ts';
import { makeCertificate } from '#app/testing/certificate.ts';
import { freePorts } from '#app/testing/ports.ts';
import { createPostgres, findPostgresPrograms, type PostgresOptions } from '#app/testing/private-postgres.ts';

const log = pino({ level: 'silent' });
const programs = findPostgresPrograms();

test('PostgreSQL over TLS: ASVS 12.3.2, 12.3.4: a certificate of nobody known, another name and no TLS at all are refused', { skip: programs === undefined && process.env['CI'] !== 'true' && 'not run: no PostgreSQL server programs found' }, async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-tls-'));
  t.after(() => rm(directory, { recursive: true }));
  const certificate = await makeCertificate(directory);
  const start = async (options: PostgresOptions) => {
    const [port = 0] = await freePorts(1);
    const postgres = await createPostgres(programs ?? '', port, { ...options, settings: { fsync: 'off' } });
    t.after(() => postgres.remove());
    await postgres.start();
    return postgres;
  };
  const open = (url: string) => openServerDatabase({ url, poolSize: 1, tls: true, role: 'none', migrationUrl: url }, { log });
  const [secured, plain] = await Promise.all([start({ certificate }), start({})]);

  await assert.rejects(open(secured.url), /self-signed certificate/);
  await assert.rejects(open(plain.url), /does not support SSL/);
  const authorities = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...authorities, certificate.cert.toString()]);
  t.after(() => { tls.setDefaultCACertificates(authorities); });
  await assert.rejects(open(secured.url.replace('127.0.0.1', 'localhost')), /does not match certificate's altnames/);

  const database = await open(secured.url);
  t.after(() => database.close());
  const isEncrypted = sql<{ ssl: boolean }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`;
  assert.deepEqual((await isEncrypted.execute(database.db)).rows, [{ ssl: true }]);
  // The certificate is of a day.
  const endsInMs = (database.pool.certificateEndMs ?? 0) - Date.now();
  assert.ok(endsInMs > 23 * 3_600_000 && endsInMs <= 24 * 3_600_000, `the pool knows when the server's certificate ends: in ${endsInMs} ms`);
  assert.deepEqual(await database.maintain?.(async (db) => (await isEncrypted.execute(db)).rows), [{ ssl: true }]);
});
