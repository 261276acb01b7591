import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { measureLoopLag } from '#app/http/load-shedding.ts';
import { until } from '#app/testing/condition.ts';
import { expectProblem } from '#app/testing/problem.ts';
import { SAMPLE_CONFIG, startSampleService } from '#app/testing/sample-service.ts';

/** Holds the event loop, as a handler that computes too long would. */
function block(durationMs: number): void {
  const end = performance.now() + durationMs;
  while (performance.now() < end);
}

test('a blocked event loop is seen, and forgotten after a while', async (t) => {
  const lag = measureLoopLag();
  t.after(() => { lag.stop(); });
  block(400);
  await until('the lag to be seen', () => lag.lagMs() > 200);
  await until('the lag to be forgotten', () => lag.lagMs() < 50);
});

test('ASVS 15.2.2: while the loop is late (CWE-400) requests are refused with 503 and Retry-After, and then served again', async (t) => {
  const metrics = new Registry();
  const service = await startSampleService({ metrics, config: { ...SAMPLE_CONFIG, overload: { maxLagMs: 300 } } });
  t.after(() => service.close());
  await until('the start to be forgotten', async () => (await service.send('/openapi.json')).status === 200);
  block(1_000);
  const refused = await service.send('/openapi.json');
  assert.equal(refused.headers.get('retry-after'), '2');
  await expectProblem(refused, 503, 'overloaded');
  assert.match(await metrics.metrics(), /^stockade_requests_shed_total [1-9]/m);
  assert.ok(!service.logLines.some((line) => line.includes('"level":"error"')), 'an expected refusal is no error');
  await until('the service to answer again', async () => (await service.send('/openapi.json')).status === 200);
});
