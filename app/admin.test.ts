import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createAdmin, type AdminParts } from '#app/admin.ts';
import { createMetrics } from '#app/telemetry/metrics.ts';

async function start(t: TestContext, parts: Partial<AdminParts>): Promise<string> {
  const server = createAdmin({ checks: [], isReady: () => true, metrics: createMetrics(), ...parts });
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const up = { name: 'database', required: true, check: () => Promise.resolve() };
const down = { name: 'provider', required: true, check: () => Promise.reject(new Error('connect ECONNREFUSED db.internal')) };

test('/livez answers while every part is down', async (t) => {
  const response = await fetch(`${await start(t, { checks: [down] })}/livez`);
  assert.equal(response.status, 200);
});

test('/readyz says which part is down, and not why', async (t) => {
  const response = await fetch(`${await start(t, { checks: [up, down] })}/readyz`);
  assert.equal(response.status, 503);
  const text = await response.text();
  assert.deepEqual(JSON.parse(text), {
    status: 'not ready',
    parts: [
      { name: 'database', required: true, status: 'up' },
      { name: 'provider', required: true, status: 'down' },
    ],
  });
  assert.ok(!text.includes('db.internal'));
});

test('/readyz stays 200 when only a part is down that the process can serve without', async (t) => {
  const response = await fetch(`${await start(t, { checks: [up, { ...down, required: false }] })}/readyz`);
  assert.equal(response.status, 200);
  assert.match(await response.text(), /"provider","required":false,"status":"down"/);
});

test('/readyz is 503 from the moment the process was told to stop', async (t) => {
  let ready = true;
  const url = await start(t, { checks: [up], isReady: () => ready });
  assert.equal((await fetch(`${url}/readyz`)).status, 200);
  ready = false;
  assert.equal((await fetch(`${url}/readyz`)).status, 503);
});

test('/metrics answers in the Prometheus text format, and in OpenMetrics to who takes it', async (t) => {
  const url = `${await start(t, {})}/metrics`;
  const response = await fetch(url);
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  assert.equal(response.headers.get('vary'), 'accept');
  assert.match(await response.text(), /^# HELP stockade_build_info /m);
  const open = await fetch(url, { headers: { accept: 'application/openmetrics-text;version=1.0.0' } });
  assert.match(open.headers.get('content-type') ?? '', /^application\/openmetrics-text; version=1\.0\.0/);
  assert.match(await open.text(), /\n# EOF\n$/);
});

test('another path is 404, another method 405 with Allow', async (t) => {
  const url = await start(t, {});
  assert.equal((await fetch(`${url}/`)).status, 404);
  const response = await fetch(`${url}/livez`, { method: 'POST' });
  assert.equal(response.status, 405);
  assert.equal(response.headers.get('allow'), 'GET, HEAD');
});
