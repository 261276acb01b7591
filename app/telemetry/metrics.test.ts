import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '#app/telemetry/metrics.ts';

test('the registry shows the runtime, and two registries do not share a metric', async () => {
  const [one, two] = [createMetrics(), createMetrics()];
  assert.match(await one.metrics(), /^process_resident_memory_bytes \d+/m);
  assert.notEqual(one.getSingleMetric('process_cpu_user_seconds_total'), two.getSingleMetric('process_cpu_user_seconds_total'));
});
