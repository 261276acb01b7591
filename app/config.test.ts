import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConfigError, parseConfig, parseMigrationConfig, SECRETS, settings } from '#app/config.ts';

const productionReady = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://app@db.internal/stockade',
  OIDC_ISSUER: 'https://login.example.com',
  OIDC_CLIENT_ID: 'stockade',
  OIDC_CLIENT_SECRET: 'a-secret-that-was-issued',
  OIDC_AUDIENCE: 'https://stock.example.com/api',
  PUBLIC_URL: 'https://stock.example.com',
  SECURITY_CONTACT: 'mailto:security@stock.example.com',
  PRIVACY_KEYS: `a:${'A'.repeat(43)}`,
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
  test(`${name === 'OIDC_ISSUER' ? 'ASVS 6.3.2: ' : ''}production refuses to run without ${name}`, () => {
    const environment: Record<string, string> = { ...productionReady };
    Reflect.deleteProperty(environment, name);
    const problems = problemsOf(environment);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', new RegExp(`^${name}(?: or [A-Z_]+)? is required in production: `), problems.join('\n'));
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

test('personal data is wrapped by keys of one provider: those of the environment or of KMS, and in development by one that everybody knows', () => {
  const [arn, alias] = ['arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab', 'alias/stockade'];
  const provider = (environment: Record<string, string>) => parseConfig(environment).privacy.provider;
  const [development, own] = [provider({}), provider({ PRIVACY_KEYS: `b:${'B'.repeat(43)},a:${'A'.repeat(43)}` })];
  assert.deepEqual(development.kind === 'local' && development.keys.map(({ id }) => id), ['development']);
  assert.deepEqual(own.kind === 'local' && own.keys.map(({ id }) => id), ['b', 'a']);
  assert.deepEqual(provider({ PRIVACY_KMS_KEY: `${arn}, ${arn}9` }), { kind: 'kms', keyIds: [arn, `${arn}9`], region: 'eu-central-1' });
  assert.deepEqual(provider({ PRIVACY_KMS_KEY: alias, AWS_REGION: 'eu-west-1' }), { kind: 'kms', keyIds: [alias], region: 'eu-west-1' });
  const { PRIVACY_KEYS, ...others } = productionReady;
  assert.deepEqual(problemsOf({ ...others, PRIVACY_KMS_KEY: arn }), []);
  for (const [environment, problem] of [
    [{ PRIVACY_KEYS, PRIVACY_KMS_KEY: arn }, 'PRIVACY_KEYS and PRIVACY_KMS_KEY exclude each other'],
    [{ PRIVACY_KMS_KEY: alias }, 'AWS_REGION is required'],
    [{ PRIVACY_KMS_KEY: `${arn},${alias}`, AWS_REGION: 'eu-west-1' }, 'PRIVACY_KMS_KEY must name keys of one region'],
    [{ PRIVACY_KMS_KEY: `${arn}${'9'.repeat(255)}` }, 'PRIVACY_KMS_KEY must'],
    [{ PRIVACY_KMS_KEY: 'stockade' }, 'PRIVACY_KMS_KEY must'],
    [{ PRIVACY_KEYS: 'a:short' }, 'PRIVACY_KEYS must'],
  ] as const) {
    assert.deepEqual(problemsOf({ ...others, ...environment }).map((line) => line.slice(0, problem.length)), [problem]);
  }
});

test('CWE-319: production counts over TLS, or within the machine', () => {
  for (const url of ['rediss://cache.example:6379', 'valkeys://cache.example:6379', 'redis://127.0.0.1:6379', 'valkey://localhost', 'redis://[::1]:6379']) assert.deepEqual(problemsOf({ ...productionReady, VALKEY_URL: url }), [], url);
  for (const url of ['redis://cache.example:6379', 'valkey://:6f1ed002ab91@cache.example', 'redis://127.0.0.1.example']) assert.deepEqual(problemsOf({ ...productionReady, VALKEY_URL: url }).map((problem) => problem.slice(0, 21)), ['VALKEY_URL must start'], url);
  assert.equal(parseConfig({ VALKEY_URL: 'redis://cache.example:6379' }).limits.valkeyUrl, 'redis://cache.example:6379');
});

test('every secret may come from a file, which is read again; what is wrong is said once, under its own name', (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'stockade-config-'));
  t.after(() => { rmSync(directory, { recursive: true }); });
  const { DATABASE_URL, OIDC_CLIENT_SECRET, PRIVACY_KEYS, ...others } = productionReady;
  const secrets = { DATABASE_URL, OIDC_CLIENT_SECRET, PRIVACY_KEYS, VALKEY_URL: 'valkeys://cache:6379', DATABASE_MIGRATION_URL: 'postgres://owner@db/stockade', DATABASE_MIGRATION_PASSWORD: 'of the@owner' };
  const fileOf = (name: string) => path.join(directory, name);
  const write = (values: Readonly<Record<string, string>>) => {
    for (const [name, value] of Object.entries(values)) writeFileSync(fileOf(name), `${value}\n`, { mode: 0o600 });
  };
  write(secrets);
  const byFiles = { ...others, ...Object.fromEntries(Object.keys(secrets).map((name) => [`${name}_FILE`, fileOf(name)])) };
  const { database, identity, limits, privacy, others: rest } = parseConfig(byFiles);
  assert.ok(database.kind === 'server' && privacy.provider.kind === 'local');
  assert.deepEqual([database.url, database.migrationUrl, identity.clientSecret, limits.valkeyUrl, privacy.provider.keys[0]?.id], [DATABASE_URL, 'postgres://owner:of%20the%40owner@db/stockade', OIDC_CLIENT_SECRET, 'rediss://cache:6379', 'a']);
  assert.deepEqual(rest, {});

  const told: string[] = [];
  const now = () => [database.currentUrl, identity.currentClientSecret, limits.currentValkeyUrl].map((current) => current?.((problem) => { told.push(problem); }));
  const young = { DATABASE_URL: 'postgres://other@db.internal/stockade', OIDC_CLIENT_SECRET: 'another-that-was-issued', VALKEY_URL: 'valkeys://:pass@cache:6379', PRIVACY_KEYS: `b:${'B'.repeat(43)}` };
  write(young);
  assert.deepEqual(now(), [young.DATABASE_URL, young.OIDC_CLIENT_SECRET, 'rediss://:pass@cache:6379']);
  assert.deepEqual(privacy.provider.currentKeys?.(() => undefined).map(({ id }) => id), ['b']);
  write({ DATABASE_URL: `${DATABASE_URL}?sslmode=require`, OIDC_CLIENT_SECRET: 'short', VALKEY_URL: 'valkey://:pass@cache:6379' });
  assert.deepEqual(now(), [young.DATABASE_URL, young.OIDC_CLIENT_SECRET, 'rediss://:pass@cache:6379']);
  assert.deepEqual(told, ['DATABASE_URL', 'OIDC_CLIENT_SECRET', 'VALKEY_URL'].map((name) => `${name}_FILE holds no value of the right form`));

  write(secrets);
  const both = problemsOf({ ...byFiles, PRIVACY_KEYS_FILE: fileOf('none'), OIDC_CLIENT_SECRET: 'canary-of-the-environment' });
  assert.deepEqual(both.toSorted(), ['OIDC_CLIENT_SECRET and OIDC_CLIENT_SECRET_FILE exclude each other: remove one', "PRIVACY_KEYS_FILE can't be read (ENOENT)"]);
  assert.deepEqual(parseMigrationConfig({ DATABASE_MIGRATION_URL_FILE: fileOf('DATABASE_MIGRATION_URL') }), { url: secrets.DATABASE_MIGRATION_URL, tls: false });
  assert.throws(() => parseMigrationConfig({ DATABASE_MIGRATION_URL_FILE: fileOf('none'), DATABASE_URL }), ConfigError);
});

test('with tokens of AWS IAM an address names a user and no password, and TLS stays on', () => {
  const iam = { DATABASE_AUTH: 'aws-iam', AWS_REGION: 'eu-central-1', DATABASE_URL: 'postgres://app@db/stockade' };
  const { database } = parseConfig(iam);
  assert.ok(database.kind === 'server' && database.iamRegion === 'eu-central-1' && database.tls);
  assert.deepEqual(parseMigrationConfig(iam), { url: iam.DATABASE_URL, tls: true, iamRegion: 'eu-central-1' });
  const { AWS_REGION, ...without } = iam;
  assert.deepEqual(problemsOf(without), ['AWS_REGION is required with DATABASE_AUTH=aws-iam']);
  for (const url of ['postgres://db/stockade', 'postgres://app:canary@db/stockade', 'postgres://app@db/stockade?sslmode=disable']) {
    assert.deepEqual(problemsOf({ ...iam, AWS_REGION, DATABASE_MIGRATION_URL: url }), ['DATABASE_MIGRATION_URL must name a user, no password and no parameters with DATABASE_AUTH=aws-iam'], url);
    assert.throws(() => parseMigrationConfig({ ...iam, DATABASE_MIGRATION_URL: url }), ConfigError);
  }
  assert.ok(problemsOf({ DATABASE_AUTH: 'kerberos' }).some((problem) => problem.startsWith('DATABASE_AUTH must')));
});

test('migrations ask for a login, and for the same TLS, and for nothing else', () => {
  const [owner, service] = ['postgres://owner@db/stockade', 'postgres://app@db/stockade'];
  assert.deepEqual(parseMigrationConfig({ NODE_ENV: 'production', DATABASE_MIGRATION_URL: owner, DATABASE_URL: service }), { url: owner, tls: true });
  assert.deepEqual(parseMigrationConfig({ DATABASE_URL: service }), { url: service, tls: false });
  for (const environment of [{}, { DATABASE_URL: '' }, { DATABASE_MIGRATION_URL: 'canary' }, { NODE_ENV: 'production', DATABASE_URL: `${service}?sslmode=require` }]) {
    assert.throws(() => parseMigrationConfig(environment), (error) => error instanceof ConfigError && error.problems.length === 1 && !error.message.includes('canary'));
  }
});

test('the migration’s password may stand apart from its address, and then counts before a token of AWS IAM', () => {
  const migration = { DATABASE_AUTH: 'aws-iam', AWS_REGION: 'eu-central-1', DATABASE_MIGRATION_URL: 'postgres://master@db/stockade', DATABASE_MIGRATION_PASSWORD: 'p%:/@?#' };
  const { url, tls } = parseMigrationConfig({ NODE_ENV: 'production', ...migration });
  assert.ok(tls);
  assert.deepEqual([new URL(url).username, decodeURIComponent(new URL(url).password)], ['master', 'p%:/@?#']);
  for (const address of ['postgres://db/stockade', 'postgres://master:canary@db/stockade']) {
    const both = { DATABASE_MIGRATION_URL: address, DATABASE_MIGRATION_PASSWORD: 'canary' };
    const problem = 'DATABASE_MIGRATION_URL must name a user and no password with DATABASE_MIGRATION_PASSWORD';
    assert.deepEqual(problemsOf({ DATABASE_URL: 'postgres://app@db/stockade', ...both }), [problem]);
    assert.throws(() => parseMigrationConfig(both), (error) => error instanceof ConfigError && error.problems.includes(problem));
  }
  assert.deepEqual(problemsOf({ DATABASE_MIGRATION_PASSWORD: 'canary' }), ['DATABASE_MIGRATION_PASSWORD is of no use without DATABASE_MIGRATION_URL: set both, or neither']);
  const known = { ...migration, DATABASE_MIGRATION_PASSWORD: 'changeme' };
  assert.throws(() => parseMigrationConfig({ NODE_ENV: 'production', ...known }), /DATABASE_MIGRATION_PASSWORD has a password that everybody knows/);
  assert.ok(problemsOf({ ...productionReady, ...known, DATABASE_URL: 'postgres://app@db/stockade' }).some((problem) => problem.startsWith('DATABASE_MIGRATION_PASSWORD has a password that everybody knows')));
});

test('the service’s login has a name that is nobody else’s', () => {
  const migration = { DATABASE_MIGRATION_URL: 'postgres://master@db/stockade' };
  for (const name of ['service', 'stock_2', '_a']) assert.equal(parseMigrationConfig({ ...migration, DATABASE_SERVICE_LOGIN: name }).serviceLogin, name);
  assert.equal(parseMigrationConfig({ ...migration, DATABASE_SERVICE_LOGIN: '' }).serviceLogin, undefined);
  for (const name of ['Service', 'a b', 'a"b', 'a;drop', '1a', 'pg_monitor', 'rdsadmin', 'rds_iam', 'app_tenant', 'postgres', 'public', 'none', 'a'.repeat(64)]) {
    assert.throws(() => parseMigrationConfig({ ...migration, DATABASE_SERVICE_LOGIN: name }), (error) => error instanceof ConfigError && error.problems.length === 1 && error.message.includes('DATABASE_SERVICE_LOGIN must be'), name);
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
  ['LISTEN_TLS', 'on'],
  ['DATABASE_URL', 'mysql://db/stockade'],
  ['OIDC_ISSUER', 'login.example.com'],
  ['OIDC_ISSUER', 'https://user:canary@login.example.com'],
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

test('who listens by TLS is at https, unless it is said where people find it', () => {
  const { listenTls, publicUrl } = parseConfig({ LISTEN_TLS: 'self-signed' });
  assert.deepEqual([listenTls, publicUrl], [true, 'https://127.0.0.1:3000']);
  assert.equal(parseConfig({ LISTEN_TLS: 'self-signed', PUBLIC_URL: 'https://stock.example.com' }).publicUrl, 'https://stock.example.com');
  assert.equal(parseConfig({}).listenTls, false);
});

test('ASVS 6.3.3: production asks people for two factors unless it is told that one is enough', () => {
  const factorsOf = (environment: Readonly<Record<string, string>>) => parseConfig(environment).identity.signInFactors;
  assert.equal(factorsOf(productionReady), 2);
  assert.equal(factorsOf({ ...productionReady, SIGN_IN_FACTORS: '1' }), 1);
  assert.deepEqual([factorsOf({}), factorsOf({ SIGN_IN_FACTORS: '2' })], [1, 2]);
});

test('traces are off until a collector is named, and then of every request, with strangers as callers', () => {
  assert.equal(parseConfig({}).tracing, undefined);
  assert.equal(parseConfig({ OTEL_TRACES_SAMPLER: 'always_on' }).tracing, undefined);
  assert.deepEqual(parseConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }).tracing, { endpoint: 'http://collector:4318', sampler: 'parentbased_always_on', ratio: 1, callers: 'strangers' });
  const some = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1', TRACE_CALLERS: 'trusted' };
  assert.deepEqual(parseConfig(some).tracing, { endpoint: 'http://collector:4318', sampler: 'parentbased_traceidratio', ratio: 0.1, callers: 'trusted' });
  for (const wrong of [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'grpc://collector:4317' }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://me@collector' }, { OTEL_TRACES_SAMPLER: 'sometimes' }, { OTEL_TRACES_SAMPLER_ARG: '1.1' }, { OTEL_TRACES_SAMPLER_ARG: '-0' }, { OTEL_TRACES_SAMPLER_ARG: '1e-1' }, { TRACE_CALLERS: 'all' }]) {
    assert.equal(problemsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector', ...wrong }).length, 1, JSON.stringify(wrong));
  }
});

test('ASVS 12.3.1: in production spans leave the machine over TLS alone', () => {
  const problems = (endpoint: string) => problemsOf({ ...productionReady, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
  for (const good of ['https://collector.internal:4318', 'http://127.0.0.1:4318', 'http://localhost:4318', 'http://[::1]:4318']) assert.deepEqual(problems(good), []);
  for (const bad of ['http://collector.internal:4318', 'http://127.0.0.1.example.com:4318']) assert.match(problems(bad).join(), /^OTEL_EXPORTER_OTLP_ENDPOINT must start with https/);
});

test('.env.example names every setting, and nothing else', () => {
  const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  const named = [...text.matchAll(/^# ?([A-Z][A-Z_]+)=/gm)].map((match) => match[1] ?? '');
  assert.deepEqual(named.toSorted(), Object.keys(settings).toSorted());
});

test('the values in .env.example are the defaults, where there is one, and all are accepted', () => {
  const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  const example = Object.fromEntries([...text.matchAll(/^# ?([A-Z][A-Z_]+)=(.*)$/gm)].map((match) => [match[1] ?? '', match[2] ?? '']));
  const { ACCESS_GRANTS_FILE, DATABASE_URL, DATABASE_MIGRATION_URL, DATABASE_SERVICE_LOGIN, OIDC_ISSUER, PROVIDER_PORT, VALKEY_URL, PRIVACY_KMS_KEY, AWS_REGION, OTEL_EXPORTER_OTLP_ENDPOINT, ...defaults } = example;
  assert.equal(parseConfig({ ACCESS_GRANTS_FILE }).access.grantsFile, ACCESS_GRANTS_FILE);
  assert.deepEqual(parseConfig({ ...defaults, PROVIDER_PORT }), parseConfig({}));
  assert.equal(parseConfig({ ...defaults, DATABASE_URL, DATABASE_MIGRATION_URL, OIDC_ISSUER }).database.kind, 'server');
  assert.deepEqual(parseMigrationConfig({ DATABASE_MIGRATION_URL, DATABASE_SERVICE_LOGIN }), { url: DATABASE_MIGRATION_URL, tls: false, serviceLogin: DATABASE_SERVICE_LOGIN });
  assert.deepEqual(parseConfig({ PRIVACY_KMS_KEY, AWS_REGION }).privacy.provider, { kind: 'kms', keyIds: [PRIVACY_KMS_KEY], region: AWS_REGION });
  assert.equal(parseConfig({ VALKEY_URL }).limits.valkeyUrl, VALKEY_URL);
  assert.equal(parseConfig({ OTEL_EXPORTER_OTLP_ENDPOINT }).tracing?.endpoint, OTEL_EXPORTER_OTLP_ENDPOINT);
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

test('ASVS 13.2.3: production takes no credential that everybody knows, and says which it means without showing it', () => {
  for (const name of ['DATABASE_URL', 'DATABASE_MIGRATION_URL', 'VALKEY_URL']) {
    const scheme = name === 'VALKEY_URL' ? 'rediss' : 'postgres';
    for (const login of ['postgres:postgres', 'app:app', 'admin:admin', 'root:root', 'app:password', 'app:changeme', 'app:Secret', ':redis', 'app:p%61ssword']) {
      const problems = problemsOf({ ...productionReady, [name]: `${scheme}://${login}@host.example/0` });
      assert.deepEqual(problems, [`${name} has a password that everybody knows: make one of its own`], login);
    }
    for (const login of ['app', 'app:', 'app:Zk3v9mQ2hB7xL5tR', 'postgres:postgres-9f2c']) assert.deepEqual(problemsOf({ ...productionReady, [name]: `${scheme}://${login}@host.example/0` }), [], login);
    assert.deepEqual(problemsOf({ [name]: `${scheme}://postgres:postgres@127.0.0.1/0`, DATABASE_URL: 'postgres://postgres:postgres@127.0.0.1/stockade' }), [], 'on a developer’s machine');
  }
});

test('ASVS 13.2.4: the provider may be asked at its issuer’s origin and at those that are named, in production over TLS alone', () => {
  assert.deepEqual(parseConfig({}).identity.origins, []);
  assert.deepEqual(parseConfig({ ...productionReady, OIDC_ORIGINS: 'https://a.example, https://b.example:8443' }).identity.origins, ['https://a.example', 'https://b.example:8443']);
  for (const text of ['http://a.example', 'https://a.example,http://b.example']) assert.deepEqual(problemsOf({ ...productionReady, OIDC_ORIGINS: text }), ['OIDC_ORIGINS must start with https://, each of them, in production']);
  for (const text of ['*', 'a.example', 'https://*.example', 'https://a.example/path']) assert.equal(problemsOf({ OIDC_ORIGINS: text }).length, 1, text);
});

test('ASVS 11.2.3, 11.6.1: a provider of one’s own is held to approved signatures, unless the setting says otherwise; the embedded one signs as most do', () => {
  const own = { OIDC_ISSUER: 'https://login.example.com', OIDC_CLIENT_ID: 'me' };
  assert.deepEqual([parseConfig(productionReady), parseConfig(own), parseConfig({ ...own, OIDC_SIGNATURES: 'legacy-rsa' }), parseConfig({})].map(({ identity }) => identity.signatures), ['approved', 'approved', 'legacy-rsa', 'legacy-rsa']);
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

test('what is a secret by its name is one, and so is every address that may hold a login', () => {
  const logins = ['postgres://user:canary@host/name', 'redis://user:canary@host', 'https://user:canary@host/path', 'https://user:canary@host'];
  const takesLogin = (name: keyof typeof settings) => logins.some((login) => settings[name].safeParse(login).success) && !settings[name].safeParse('anything').success;
  const found = (Object.keys(settings) as (keyof typeof settings)[])
    .filter((name) => /SECRET|PASSWORD|TOKEN$|_KEYS$/.test(name) || takesLogin(name))
    // Is published.
    .filter((name) => name !== 'SECURITY_CONTACT');
  assert.deepEqual(found.toSorted(), [...SECRETS].toSorted());
});
