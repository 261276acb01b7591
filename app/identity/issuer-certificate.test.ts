import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import tls from 'node:tls';
import { Registry } from 'prom-client';
import { watchIssuerCertificate } from '#app/identity/issuer-certificate.ts';
import { measureCertificates } from '#app/lib/certificate-end.ts';
import { makeCertificate } from '#app/testing/certificate.ts';

const HOUR_MS = 3_600_000;

test('the end of the issuer’s certificate is read off a connection that fetch makes; nobody else’s is, and none after the stop', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-issuer-'));
  t.after(() => rm(directory, { recursive: true }));
  const certificate = await makeCertificate(directory);
  const authorities = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...authorities, certificate.cert.toString()]);
  t.after(() => { tls.setDefaultCACertificates(authorities); });
  const start = async () => {
    const server = https.createServer(certificate, (_request, response) => response.setHeader('connection', 'close').end()).listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const [issuer, other] = [await start(), await start()];
  const { endMs, stop } = watchIssuerCertificate(`${issuer}/realms/acme`);
  const metrics = new Registry();
  measureCertificates(metrics, { issuer: endMs });
  const told = async () => /^stockade_certificate_expiry_timestamp_seconds\{peer="issuer"\} (\S+)$/m.exec(await metrics.metrics())?.[1];

  await (await fetch(other)).text();
  assert.equal(endMs(), undefined);
  assert.equal(await told(), undefined, 'absent before the first connection');
  await (await fetch(`${issuer}/.well-known/openid-configuration`)).text();
  const leftMs = (endMs() ?? 0) - Date.now();
  // It is of a day.
  assert.ok(leftMs > 23 * HOUR_MS && leftMs <= 24 * HOUR_MS, `${leftMs} ms`);
  assert.equal(await told(), String((endMs() ?? 0) / 1_000));

  stop();
  const later = watchIssuerCertificate(other);
  later.stop();
  await (await fetch(other)).text();
  assert.equal(later.endMs(), undefined);
});
