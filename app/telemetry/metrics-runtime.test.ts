import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Registry } from 'prom-client';
import { measureRuntime } from '#app/telemetry/metrics-runtime.ts';
import { until } from '#app/testing/condition.ts';

async function valueOf(metrics: Registry, name: string): Promise<number> {
  const found = new RegExp(`^${name} (\\S+)$`, 'm').exec(await metrics.metrics());
  assert.ok(found, `${name} is there`);
  return Number(found[1]);
}

function holdLoop(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

test('a loop that was held is seen as late by as much, and as busy; one that was not is not', async (t) => {
  const metrics = new Registry();
  t.after(measureRuntime(metrics));
  // A look begins a window. One within half a second is of the same scrape.
  const look = async () => {
    const at = performance.now();
    await until('the next window', () => performance.now() - at > 600);
    return metrics.metrics();
  };
  await look();
  const idle = await look();
  assert.ok(Number(/^nodejs_eventloop_delay_p50_seconds (\S+)$/m.exec(idle)?.[1]) < 0.05, 'the time between two looks is no delay');
  holdLoop(400);
  const late = await look();
  const [max, busy] = ['nodejs_eventloop_delay_max_seconds', 'nodejs_eventloop_utilization_ratio'].map((name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(late)?.[1]));
  assert.ok(Number(max) > 0.3 && Number(max) < 5, `late by ${max} s`);
  assert.ok(Number(busy) > 0.2 && Number(busy) <= 1, `busy ${busy}`);
});

test('collections are counted by kind', async (t) => {
  const metrics = new Registry();
  t.after(measureRuntime(metrics));
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const majors = () => valueOf(metrics, 'v8js_gc_duration_seconds_count\\{v8js_gc_type="major"\\}');
  assert.equal(await majors(), 0, 'there before the first, so that an increase is seen');
  collect();
  await until('the collection to be told of', async () => (await majors()) > 0);
});

test('memory, processor and start are told under the permissions of npm start, where /proc is shut', () => {
  const program = `
    const { Registry } = await import('prom-client');
    const { measureRuntime } = await import('#app/telemetry/metrics-runtime.ts');
    const metrics = new Registry();
    measureRuntime(metrics);
    process.stdout.write(await metrics.metrics());`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', '--permission', '--allow-fs-read=.', `--allow-fs-read=${realpathSync('node_modules')}`, '--input-type=module', '--eval', program], { encoding: 'utf8' });
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(stdout)?.[1]);
  assert.ok(value('process_resident_memory_bytes') > 10_000_000, stderr);
  assert.ok(value('v8js_memory_heap_used_bytes') > 1_000_000);
  assert.ok(value('v8js_memory_heap_limit_bytes') > value('v8js_memory_heap_used_bytes'));
  assert.ok(value('process_cpu_seconds_total') > 0);
  assert.ok(Math.abs(Date.now() / 1_000 - value('process_start_time_seconds')) < 60);
});
