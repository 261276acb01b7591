// Where libpq's programs are found, and that they are told an address without a word on their command line.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { connectionEnvironment, findProgram } from '#app/backup/postgres-programs.ts';

test('a program is found on the PATH first, and one that is nowhere is undefined', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-programs-'));
  t.after(() => rm(directory, { recursive: true }));
  const program = path.join(directory, 'pg_dump');
  await writeFile(program, '');
  await chmod(program, 0o755);
  assert.equal(findProgram('pg_dump', { PATH: `/nowhere:${directory}` }), program);
  assert.equal(findProgram('pg_no_such_program', { PATH: directory }), undefined);
  assert.equal(findProgram('pg_no_such_program', {}), undefined);
});

test('an address becomes libpq\'s variables, decoded; a password file and the rest of them are kept', () => {
  const given = { PATH: '/bin', PGPASSFILE: '/run/pgpass', PGHOST: 'other', SECRET: 'x' };
  assert.deepEqual(connectionEnvironment({ url: 'postgres://own%40er:p%2Fw@db.example:6543/st%20ock', tls: false }, given), { PATH: '/bin', PGPASSFILE: '/run/pgpass', PGHOST: 'db.example', PGPORT: '6543', PGDATABASE: 'st ock', PGUSER: 'own@er', PGPASSWORD: 'p/w' });
  assert.equal(connectionEnvironment({ url: 'postgres://owner:old@db.example/stock', tls: true, token: 'token' }, {})['PGPASSWORD'], 'token');
  assert.deepEqual(connectionEnvironment({ url: 'postgres://[::1]/stock', tls: false }, {}), { PGHOST: '::1', PGPORT: '5432', PGDATABASE: 'stock' });
});

test('in production the server\'s certificate is verified, by the authority that Node was given too', () => {
  const url = 'postgres://db.example/stock';
  const withTls = connectionEnvironment({ url, tls: true }, { PGSSLMODE: 'prefer', NODE_EXTRA_CA_CERTS: '/etc/rds.pem' });
  assert.deepEqual([withTls['PGSSLMODE'], withTls['PGSSLROOTCERT']], ['verify-full', '/etc/rds.pem']);
  assert.equal(connectionEnvironment({ url, tls: true }, { NODE_EXTRA_CA_CERTS: '/etc/rds.pem', PGSSLROOTCERT: 'system' })['PGSSLROOTCERT'], 'system');
  assert.equal(connectionEnvironment({ url: `${url}?sslmode=disable`, tls: true }, {})['PGSSLMODE'], 'disable');
});
