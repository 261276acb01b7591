// CWE-532, ASVS 16.2.5: the whole process, with every secret marked, through good and bad days; it says none of them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { SECRETS } from '#app/config.ts';
import { CookieJar } from '#app/lib/cookie-jar.ts';
import { until } from '#app/testing/condition.ts';
import { testDatabases } from '#app/testing/database.ts';
import { freePorts } from '#app/testing/ports.ts';
import { startMain, startProgram, type StartedProcess, UNLIMITED } from '#app/testing/process.ts';
import { type Canaries, createCanaries } from '#app/testing/secret-canaries.ts';

const READY = /Stop with Ctrl\+C/;
/** OAuth's descriptions take no other signs. */
const SAFE = /[^A-Za-z0-9]/g;

interface Marked {
  readonly canaries: Canaries;
  /** A value for each secret that there is. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** `database` and `store` are addresses without a password. */
function markAll(database: string, store: string): Marked {
  const canaries = createCanaries();
  const login = (name: string, address: string) => Object.assign(new URL(address), { password: canaries.text(name) }).href;
  const secrets: Readonly<Record<string, string>> = {
    DATABASE_URL: login('DATABASE_URL', database),
    DATABASE_MIGRATION_URL: database,
    DATABASE_MIGRATION_PASSWORD: canaries.text('DATABASE_MIGRATION_PASSWORD'),
    VALKEY_URL: login('VALKEY_URL', store),
    OIDC_CLIENT_SECRET: canaries.text('OIDC_CLIENT_SECRET'),
    PRIVACY_KEYS: `young:${canaries.key('PRIVACY_KEYS')},old:${canaries.key('PRIVACY_KEYS, the older')}`,
  };
  assert.deepEqual(Object.keys(secrets).toSorted(), [...SECRETS].toSorted(), 'every secret is marked');
  return { canaries, secrets };
}

const saidBy = ({ stdout, stderr }: StartedProcess): string => stdout() + stderr();

/** A provider that lets nobody in, and shows the credentials that it was sent in its answer. */
async function startHostileProvider(t: TestContext): Promise<{ readonly issuer: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { authorization = '' } = request.headers;
    if (request.url === '/token') {
      asked.push(authorization);
      response.writeHead(401, { 'content-type': 'application/json', 'www-authenticate': `Basic realm="${authorization}"` }).end(JSON.stringify({ error: 'invalid_client', error_description: authorization.replace(SAFE, '') }));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ issuer, token_endpoint: `${issuer}/token`, authorization_endpoint: `${issuer}/auth`, jwks_uri: `${issuer}/jwks`, response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'] }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function folder(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-canaries-'));
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}

async function portsOf(): Promise<Readonly<Record<string, string>>> {
  const [port, adminPort] = await freePorts(2);
  return { PORT: String(port), ADMIN_PORT: String(adminPort) };
}

for (const engine of testDatabases().filter(({ name }) => name === 'PostgreSQL')) {
  for (const by of ['the environment', 'files'] as const) {
    test(`secrets from ${by}: nothing is said of them by a start, a sign-in that fails, lost connections and a stop, at the finest level`, async (t) => {
      const [database, provider, directory, ports, [nobody]] = await Promise.all([engine.open(), startHostileProvider(t), folder(t), portsOf(), freePorts(1)]);
      t.after(() => database.close());
      const { canaries, secrets } = markAll(database.url ?? '', `redis://store@127.0.0.1:${String(nobody)}`);
      const files = Object.entries(secrets).map(([name, secret]) => ({ name, secret, file: path.join(directory, name) }));
      for (const { file, secret } of files) await writeFile(file, secret);
      const given = by === 'files' ? Object.fromEntries(files.map(({ name, file }) => [`${name}_FILE`, file])) : secrets;
      const started = startMain({ ...ports, ...UNLIMITED, DATA_DIRECTORY: directory, LOG_LEVEL: 'trace', OIDC_ISSUER: provider.issuer, OIDC_SIGNATURES: 'legacy-rsa', OIDC_CLIENT_ID: 'stockade', ...given });
      t.after(() => started.child.kill('SIGKILL'));
      await started.sees(READY);
      const origin = `http://127.0.0.1:${ports['PORT'] ?? ''}`;

      const jar = new CookieJar();
      const away = await jar.fetch(`${origin}/auth/sign-in`, { redirect: 'manual' });
      const state = new URL(away.headers.get('location') ?? '', origin).searchParams.get('state') ?? '';
      await (await jar.fetch(`${origin}/auth/callback?code=code&state=${state}`, { redirect: 'manual' })).body?.cancel();
      assert.equal(provider.asked.length, 1, 'the provider was sent the secret');
      assert.deepEqual(canaries.findIn(provider.asked.join('')), ['OIDC_CLIENT_SECRET'], 'and the marks are found where they are');

      for (const file of by === 'files' ? files : []) await writeFile(file.file, '');
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`.execute(database.owner).catch(() => undefined);
      await until('the loss to be said', () => started.stdout().includes('the listening database connection was lost'));
      await until('it to serve again', () => fetch(`http://127.0.0.1:${ports['ADMIN_PORT'] ?? ''}/readyz`).then(({ status }) => status === 200, () => false));
      await until('the store to be said to fail', () => started.stdout().includes('the shared store failed'));
      if (by === 'files') await until('files to be said to be of no use', () => started.stdout().includes('its last good value stays in force'));
      started.child.kill('SIGTERM');
      await started.ended();
      assert.deepEqual(canaries.findIn(saidBy(started)), []);
    });
  }
}

test('nothing is said of them by a start that fails: for the database, and for each setting that is of no use', async (t) => {
  const directory = await folder(t);
  const { canaries, secrets } = markAll('postgres://app@127.0.0.1:1/stockade', 'redis://store@127.0.0.1:1');
  const unreachable = startMain({ ...(await portsOf()), DATA_DIRECTORY: directory, LOG_LEVEL: 'trace', ...secrets, OIDC_ISSUER: 'http://127.0.0.1:1', OIDC_CLIENT_ID: 'stockade' });
  assert.equal(await unreachable.ended(), 1);
  assert.match(saidBy(unreachable), /127\.0\.0\.1:1/);
  const spoilt = Object.fromEntries(Object.entries(secrets).map(([name, secret]) => [name, name === 'OIDC_CLIENT_SECRET' ? secret.slice(0, 15) : `!${secret}`]));
  const refused = startMain({ NODE_ENV: 'production', LOG_LEVEL: 'trace', ...spoilt });
  assert.equal(await refused.ended(), 78);
  const file = path.join(directory, 'secret');
  await writeFile(file, Object.values(spoilt).join('\n'));
  await chmod(file, 0o666);
  const given = Object.fromEntries([...SECRETS].flatMap((name) => [[`${name}_FILE`, file], [name, spoilt[name]]]));
  const both = startMain({ NODE_ENV: 'production', DATA_DIRECTORY: directory, LOG_LEVEL: 'trace', ...given });
  assert.equal(await both.ended(), 78);
  const migration = startProgram(path.join(import.meta.dirname, 'migrate.command.ts'), [], { DATABASE_MIGRATION_URL: secrets['DATABASE_MIGRATION_URL'], DATABASE_MIGRATION_PASSWORD: secrets['DATABASE_MIGRATION_PASSWORD'] });
  assert.equal(await migration.ended(), 1);
  for (const said of [unreachable, refused, both, migration].map(saidBy)) {
    assert.notEqual(said, '');
    assert.deepEqual(canaries.findIn(said), []);
  }
  for (const name of SECRETS) {
    // Of a password alone no form is wrong.
    if (name !== 'DATABASE_MIGRATION_PASSWORD') assert.match(saidBy(refused), new RegExp(`^  - ${name} `, 'm'));
    assert.match(saidBy(both), new RegExp(`^  - ${name}(?:_FILE| and ${name}_FILE) `, 'm'));
  }
});
