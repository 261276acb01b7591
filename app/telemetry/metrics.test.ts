import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter, Histogram, Registry } from 'prom-client';
import { createMetrics, expose } from '#app/telemetry/metrics.ts';

const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0';

test('the registry says what runs, and two registries do not share a metric', async () => {
  const [one, two] = [createMetrics({ revision: 'f30c648' }), createMetrics()];
  assert.match(await one.metrics(), new RegExp(`^stockade_build_info\\{version="\\d+\\.\\d+\\.\\d+",revision="f30c648",node_version="${process.versions.node}"\\} 1$`, 'm'));
  assert.match(await two.metrics(), /revision="unknown"/);
});

test('who takes OpenMetrics gets it, as the Prometheus of today and tomorrow ask for it; everybody else gets the older text', async () => {
  const accepted = async (accept?: string) => (await expose(new Registry(), accept)).type.split(';')[0];
  assert.equal(await accepted('application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'), 'application/openmetrics-text', 'Prometheus 2.42');
  assert.equal(await accepted('application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,*/*;q=0.2'), 'application/openmetrics-text', 'Prometheus 3');
  assert.equal(await accepted(), 'text/plain');
  assert.equal(await accepted('*/*'), 'text/plain', 'curl');
  assert.equal(await accepted('text/plain;version=0.0.4, application/openmetrics-text;q=0.5'), 'text/plain');
  assert.equal(await accepted('application/openmetrics-text;q=0'), 'text/plain');
});

test('both forms name a counter as they must, whichever was asked for before', async () => {
  const metrics = new Registry();
  new Counter({ name: 'stockade_things_total', help: 'Things.', registers: [metrics] }).inc(3);
  const text = await expose(metrics);
  const open = await expose(metrics, OPEN_METRICS);
  assert.match(open.text, /^# TYPE stockade_things counter\nstockade_things_total 3\n# EOF\n$/m);
  assert.deepEqual(await expose(metrics), text);
  assert.match(text.text, /^stockade_things_total 3$/m);
  new Counter({ name: 'stockade_late_total', help: 'Registered after a scrape.', registers: [metrics] });
  assert.match((await expose(metrics, OPEN_METRICS)).text, /^stockade_late_total 0$/m);
});

test('OpenMetrics tells the units, whole bounds with their point, and exemplars', async () => {
  const metrics = new Registry();
  const durations = new Histogram({ name: 'stockade_thing_duration_seconds', help: 'How long.', buckets: [0.5, 1, 10], enableExemplars: true, registers: [] });
  metrics.registerMetric(durations);
  durations.observe({ labels: {}, value: 0.7, exemplarLabels: { trace_id: 'a1' } });
  const { text } = await expose(metrics, OPEN_METRICS);
  assert.match(text, /^# UNIT stockade_thing_duration_seconds seconds$/m);
  assert.match(text, /^stockade_thing_duration_seconds_bucket\{le="0\.5"\} 0$/m);
  assert.match(text, /^stockade_thing_duration_seconds_bucket\{le="1\.0"\} 1 # \{trace_id="a1"\} 0\.7 \d+\.\d+$/m);
  assert.match(text, /le="10\.0"\} 1$/m);
  assert.match(text, /le="\+Inf"\} 1$/m);
  assert.doesNotMatch((await expose(metrics)).text, /# UNIT|trace_id/, 'the older text has neither');
});
