// CWE-295: production believes Amazon's authorities about its database, those of its region, and nobody else.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import tls from 'node:tls';
import { sql } from 'kysely';
import { pino } from 'pino';
import { readRdsAuthorities } from '#app/data/rds-authorities.ts';
import { openServerDatabase } from '#app/data/server-database.ts';
import { makeCertificate } from '#app/testing/certificate.ts';
import { freePorts } from '#app/testing/ports.ts';
import { createPostgres, findPostgresPrograms, type PostgresOptions } from '#app/testing/private-postgres.ts';

const REGION = 'eu-central-1';
/** Those that the package knows; AWS has more since, which it says itself (see decision 25). */
const REGIONS = ['af-south-1', 'ap-east-1', 'ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-south-1', 'ap-south-2', 'ap-southeast-1', 'ap-southeast-2', 'ap-southeast-3', 'ap-southeast-4', 'ca-central-1', 'eu-central-1', 'eu-central-2', 'eu-north-1', 'eu-south-1', 'eu-south-2', 'eu-west-1', 'eu-west-2', 'eu-west-3', 'me-central-1', 'me-south-1', 'sa-east-1', 'us-east-1', 'us-east-2', 'us-west-1', 'us-west-2'];
const YEAR_MS = 365 * 24 * 60 * 60_000;
const programs = findPostgresPrograms();

test('each region has its three authorities, which sign themselves, are good for a year at least, and are no other region’s', async () => {
  const seen = new Set<string>();
  for (const region of REGIONS) {
    const certificates = (await readRdsAuthorities(region)).instances.map((pem) => new X509Certificate(pem));
    assert.deepEqual(certificates.map(({ publicKey }) => `${publicKey.asymmetricKeyType ?? ''} ${publicKey.asymmetricKeyDetails?.modulusLength ?? publicKey.asymmetricKeyDetails?.namedCurve ?? ''}`).toSorted(), ['ec secp384r1', 'rsa 2048', 'rsa 4096'], region);
    for (const certificate of certificates) {
      assert.ok(certificate.ca && certificate.verify(certificate.publicKey), region);
      assert.ok(certificate.subject.includes(`Amazon RDS ${region} Root CA`) && certificate.subject.includes('O=Amazon Web Services'), region);
      assert.ok(Date.parse(certificate.validFrom) < Date.now() && Date.parse(certificate.validTo) > Date.now() + YEAR_MS, `${region} until ${certificate.validTo}`);
      seen.add(certificate.fingerprint256);
    }
  }
  assert.equal(seen.size, REGIONS.length * 3);
});

// What `aws rds describe-certificates` answers in that region, as somebody published it: https://github.com/hortonworks/cloudbreak/pull/14821
test('what the package calls Amazon’s is what AWS calls so, where its answer is on record', async () => {
  const { instances } = await readRdsAuthorities('me-central-1');
  assert.ok(instances.map((pem) => new X509Certificate(pem).fingerprint.replaceAll(':', '').toLowerCase()).includes('6cb23d56510932d28946d0858ce48c90c9824b26'));
});

test('RDS Proxy’s are Amazon’s public ones, good for a year at least; a region that nobody knew has no other', async () => {
  const { instances, proxies } = await readRdsAuthorities('xx-nowhere-1');
  assert.deepEqual(instances, []);
  assert.equal(proxies.length, 5);
  for (const certificate of proxies.map((pem) => new X509Certificate(pem))) {
    assert.match(certificate.subject, /CN=(?:Amazon Root CA [1-4]|Starfield Services Root Certificate Authority - G2)/);
    assert.ok(Date.parse(certificate.validTo) > Date.now() + YEAR_MS, certificate.validTo);
  }
});

test('PostgreSQL as RDS: ASVS 12.3.2, 12.3.4: an authority of the region is believed; one that only Node believes, another name and TLS 1.2 are refused', { skip: programs === undefined && process.env['CI'] !== 'true' && 'not run: no PostgreSQL server programs found' }, async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-rds-'));
  t.after(() => rm(directory, { recursive: true }));
  const certificate = await makeCertificate(directory);
  const start = async (options: PostgresOptions['settings']) => {
    const [port = 0] = await freePorts(1);
    const postgres = await createPostgres(programs ?? '', port, { certificate, settings: { fsync: 'off', ...options } });
    t.after(() => postgres.remove());
    await postgres.start();
    return postgres.url;
  };
  const [current, old] = await Promise.all([start({}), start({ ssl_max_protocol_version: 'TLSv1.2' })]);
  const warned: unknown[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => { warned.push(JSON.parse(line)); } });
  const open = (url: string, ...instances: readonly string[]) => openServerDatabase({ url, iamRegion: REGION, poolSize: 1, tls: true, role: 'none', migrationUrl: url }, { log, rdsAuthorities: async () => ({ ...(await readRdsAuthorities(REGION)), instances }) });
  const standIn = certificate.cert.toString();

  const known = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...known, standIn]);
  t.after(() => { tls.setDefaultCACertificates(known); });
  const ofAnother = (await readRdsAuthorities(REGION)).instances;
  await assert.rejects(open(current, ...ofAnother), /self-signed certificate/);
  assert.deepEqual(warned, []);
  await assert.rejects(open(current), /self-signed certificate/);
  // Of an operator's own authorities it can't tell what they are for.
  assert.equal(warned.length, tls.getCACertificates('extra').length === 0 ? 1 : 0, 'a region of which nothing is known is said to be one');
  await assert.rejects(open(current.replace('127.0.0.1', 'localhost'), standIn), /does not match certificate's altnames/);
  await assert.rejects(open(old, standIn), /protocol version/);

  const database = await open(current, standIn);
  t.after(() => database.close());
  const protocol = sql<{ version: string }>`select version from pg_stat_ssl where pid = pg_backend_pid()`;
  assert.deepEqual((await protocol.execute(database.db)).rows, [{ version: 'TLSv1.3' }]);
  assert.deepEqual(await database.maintain?.(async (db) => (await protocol.execute(db)).rows), [{ version: 'TLSv1.3' }]);
});
