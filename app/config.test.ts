import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConfigError, parseConfig, parseMigrationConfig, settings } from '#app/config.ts';

const productionReady = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://app@db.internal/stockade',
  OIDC_ISSUER: 'https://login.example.com',
  OIDC_CLIENT_ID: 'stockade',
  OIDC_CLIENT_SECRET: 'a-secret-that-was-issued',
  OIDC_AUDIENCE: 'https://stock.example.com/api',
  PUBLIC_URL: 'https://stock.example.com',
  SECURITY_CONTACT: 'mailto:security@stock.example.com',
};

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    parseConfig(environment);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  return [];
}

test('an empty environment runs on embedded parts, the provider on the next port', () => {
  const config = parseConfig({ PORT: '4100' });
  assert.deepEqual(config.database, { kind: 'embedded', directory: '.data' });
  assert.deepEqual(config.identity.provider, { kind: 'embedded', port: 4101, directory: '.data' });
  assert.equal(config.identity.issuer, 'http://127.0.0.1:4101');
  assert.equal(config.publicUrl, 'http://127.0.0.1:4100');
  assert.equal(config.identity.audience, 'http://127.0.0.1:4100/api');
  assert.equal(config.production, false);
});

test('setting a URL swaps an embedded part for the real server', () => {
  const config = parseConfig({ DATABASE_URL: 'postgresql://app@db/stockade', OIDC_ISSUER: 'https://login.example.com', OIDC_CLIENT_ID: 'me' });
  assert.deepEqual(config.database, { kind: 'server', url: 'postgresql://app@db/stockade', poolSize: 10, migrationUrl: 'postgresql://app@db/stockade', tls: false, leastPrivilege: false });
  assert.deepEqual(config.identity.provider, { kind: 'server' });
  assert.equal(config.identity.clientId, 'me');
});

test('production with everything set is accepted, and the config is frozen through and through', () => {
  const config = parseConfig(productionReady);
  assert.equal(config.production, true);
  assert.equal(config.logLevel, 'info');
  assert.throws(() => {
    (config.identity as { issuer: string }).issuer = 'https://other.example.com';
  }, TypeError);
});

for (const name of Object.keys(productionReady).filter((key) => key !== 'NODE_ENV')) {
  test(`production refuses to run without ${name}`, () => {
    const environment: Record<string, string> = { ...productionReady };
    Reflect.deleteProperty(environment, name);
    const problems = problemsOf(environment);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.ok(problems[0]?.startsWith(`${name} is required in production: `), problems.join('\n'));
  });
}

test('production lists every problem at once', () => {
  const problems = problemsOf({ NODE_ENV: 'production', PORT: 'eighty', PUBLIC_URL: 'http://stock.example.com', OIDC_ISSUER: 'http://login.example.com', PROVIDER_PORT: '3001' });
  for (const name of ['PORT', 'PUBLIC_URL', 'OIDC_ISSUER', 'PROVIDER_PORT', 'DATABASE_URL', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET', 'OIDC_AUDIENCE']) {
    assert.ok(problems.some((problem) => problem.startsWith(`${name} `)), `${name} is missing in:\n${problems.join('\n')}`);
  }
});

test('production verifies the database, migrates under another login or not at all, and says so where TLS is weakened', () => {
  const { DATABASE_URL: url } = productionReady;
  const { database } = parseConfig(productionReady);
  assert.deepEqual(database, { kind: 'server', url, poolSize: 10, migrationUrl: undefined, tls: true, leastPrivilege: true });
  const migrated = parseConfig({ ...productionReady, DATABASE_MIGRATION_URL: 'postgres://owner@db/stockade' }).database;
  assert.equal(migrated.kind === 'server' && migrated.migrationUrl, 'postgres://owner@db/stockade');
  for (const parameters of ['?sslmode=verify-full', '?sslmode=disable']) assert.deepEqual(problemsOf({ ...productionReady, DATABASE_URL: url + parameters }), []);
  for (const parameters of ['?sslmode=require', '?sslmode=prefer', '?sslmode=no-verify', '?sslmode=', '?ssl=0', '?ssl=true', '?sslmode=verify-full&sslmode=disable', '?sslmode=verify-full&uselibpqcompat=true']) {
    for (const name of ['DATABASE_URL', 'DATABASE_MIGRATION_URL']) {
      assert.deepEqual(problemsOf({ ...productionReady, [name]: `postgres://app@db/stockade${parameters}` }).map((problem) => problem.slice(0, name.length + 16)), [`${name} must not weaken`], parameters);
    }
  }
});

test('migrations ask for a login, and for the same TLS, and for nothing else', () => {
  const [owner, service] = ['postgres://owner@db/stockade', 'postgres://app@db/stockade'];
  assert.deepEqual(parseMigrationConfig({ NODE_ENV: 'production', DATABASE_MIGRATION_URL: owner, DATABASE_URL: service }), { url: owner, tls: true });
  assert.deepEqual(parseMigrationConfig({ DATABASE_URL: service }), { url: service, tls: false });
  for (const environment of [{}, { DATABASE_URL: '' }, { DATABASE_MIGRATION_URL: 'canary' }, { NODE_ENV: 'production', DATABASE_URL: `${service}?sslmode=require` }]) {
    assert.throws(() => parseMigrationConfig(environment), (error) => error instanceof ConfigError && error.problems.length === 1 && !error.message.includes('canary'));
  }
});

test('a problem never shows the value', () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(settings)), fc.stringMatching(/^canary-[a-z]{8,12}!$/), (name, canary) => {
      try {
        parseConfig({ ...productionReady, [name]: canary });
      } catch (error) {
        assert.ok(error instanceof ConfigError);
        assert.ok(!error.message.includes(canary), error.message);
      }
    }),
  );
});

test('an empty variable counts as unset', () => {
  assert.equal(parseConfig({ DATABASE_URL: '', PORT: '' }).database.kind, 'embedded');
});

for (const [name, bad] of [
  ['PORT', '0'],
  ['PORT', '65536'],
  ['PORT', '3e3'],
  ['ADMIN_PORT', '-1'],
  ['DATABASE_URL', 'mysql://db/stockade'],
  ['OIDC_ISSUER', 'login.example.com'],
  ['PUBLIC_URL', 'https://stock.example.com/path'],
  ['PUBLIC_URL', 'javascript:alert(1)'],
  ['SECURITY_CONTACT', 'security@stock.example.com'],
  ['SECURITY_CONTACT', 'http://stock.example.com/security'],
  ['SECURITY_CONTACT', 'mailto:a@b.example\nContact: mailto:c@d.example'],
  ['OIDC_CLIENT_SECRET', 'short'],
  ['NODE_ENV', 'prod'],
  ['LOG_LEVEL', 'loud'],
] as const) {
  test(`${name}=${bad} is refused`, () => {
    const problems = problemsOf({ [name]: bad });
    assert.ok(problems.some((problem) => problem.startsWith(`${name} must`)), problems.join('\n'));
  });
}

test('.env.example names every setting, and nothing else', () => {
  const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  const named = [...text.matchAll(/^# ?([A-Z][A-Z_]+)=/gm)].map((match) => match[1] ?? '');
  assert.deepEqual(named.toSorted(), Object.keys(settings).toSorted());
});

test('the values in .env.example are the defaults, where there is one, and all are accepted', () => {
  const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  const example = Object.fromEntries([...text.matchAll(/^# ?([A-Z][A-Z_]+)=(.*)$/gm)].map((match) => [match[1] ?? '', match[2] ?? '']));
  const { ACCESS_GRANTS_FILE, DATABASE_URL, DATABASE_MIGRATION_URL, OIDC_ISSUER, PROVIDER_PORT, VALKEY_URL, ...defaults } = example;
  assert.equal(parseConfig({ ACCESS_GRANTS_FILE }).access.grantsFile, ACCESS_GRANTS_FILE);
  assert.deepEqual(parseConfig({ ...defaults, PROVIDER_PORT }), parseConfig({}));
  assert.equal(parseConfig({ ...defaults, DATABASE_URL, DATABASE_MIGRATION_URL, OIDC_ISSUER }).database.kind, 'server');
  assert.equal(parseConfig({ VALKEY_URL }).limits.valkeyUrl, VALKEY_URL);
  assert.equal(parseConfig({ VALKEY_URL: 'valkeys://cache.example:6379' }).limits.valkeyUrl, 'rediss://cache.example:6379');
});

test('idle connections outlive the load balancer’s, and the live heartbeat is at most half of that', () => {
  assert.equal(parseConfig({}).connections.idleMs, 65_000);
  assert.equal(parseConfig({ LOAD_BALANCER_IDLE_SECONDS: '350', LIVE_HEARTBEAT_SECONDS: '175' }).connections.idleMs, 355_000);
  for (const environment of [{ LIVE_HEARTBEAT_SECONDS: '31' }, { LOAD_BALANCER_IDLE_SECONDS: '39' }]) {
    assert.deepEqual(problemsOf(environment).map((problem) => problem.split(' ')[0]), ['LIVE_HEARTBEAT_SECONDS']);
  }
});

test('pages of other origins are named one by one, and nothing else is an origin', () => {
  assert.deepEqual(parseConfig({}).corsOrigins, []);
  assert.deepEqual(parseConfig({ CORS_ORIGINS: 'https://a.example, https://b.example:8443' }).corsOrigins, ['https://a.example', 'https://b.example:8443']);
  for (const text of ['*', 'null', 'a.example', 'https://a.example/path', 'https://a.example,', 'https://*.example']) {
    assert.equal(problemsOf({ CORS_ORIGINS: text }).length, 1, text);
  }
});

test('connections are limited by address only where no proxy stands between', () => {
  assert.equal(parseConfig({ MAX_CONNECTIONS_OF_ADDRESS: '20' }).connections.mostOfAddress, 20);
  assert.equal(parseConfig({ MAX_CONNECTIONS_OF_ADDRESS: '20', TRUSTED_PROXIES: '1' }).connections.mostOfAddress, undefined);
});

test('ASVS 4.4.1: in production pages, and with them their WebSockets, come over TLS alone', () => {
  assert.deepEqual(problemsOf({ ...productionReady, PUBLIC_URL: 'http://stock.example.com' }), ['PUBLIC_URL must start with https:// in production']);
});

test('ASVS 3.5.4: the service has an origin of its own: none below a path of another application', () => {
  for (const shared of ['https://example.com/stock', 'https://example.com/?app=stock', 'https://user@example.com', 'https://*.example.com']) {
    assert.match(problemsOf({ ...productionReady, PUBLIC_URL: shared }).join(), /^PUBLIC_URL must be an origin/, shared);
  }
});
