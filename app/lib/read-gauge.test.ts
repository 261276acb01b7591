import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { addGauge } from '#app/lib/read-gauge.ts';

test('a gauge that can not be read, or not in time, is absent, and back once it can', async () => {
  const metrics = new Registry();
  let answer: () => number | undefined | Promise<number> = () => Promise.reject(new Error('the database is away'));
  addGauge(metrics, { name: 'stockade_lag_seconds', help: 'Lag.', timeoutMs: 1 }, () => answer());
  const value = async () => /^stockade_lag_seconds (\S+)$/m.exec(await metrics.metrics())?.[1];
  assert.equal(await value(), undefined);
  answer = () => new Promise<number>(() => undefined);
  assert.equal(await value(), undefined);
  answer = () => undefined;
  assert.equal(await value(), undefined);
  answer = () => 0;
  assert.equal(await value(), '0');
});
