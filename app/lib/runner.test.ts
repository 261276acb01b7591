import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { currentSpan, runInSpan, type Span } from '#app/lib/span.ts';
import { backoffMs, createRunner } from '#app/lib/runner.ts';

const log = pino({ level: 'silent' });

test('one run is in flight, and any number of requests meanwhile make one more', async () => {
  let inFlight = 0;
  let most = 0;
  let runs = 0;
  const gates: (() => void)[] = [];
  const runner = createRunner('test', async () => {
    runs += 1;
    inFlight += 1;
    most = Math.max(most, inFlight);
    await new Promise<void>((resolve) => gates.push(resolve));
    inFlight -= 1;
  }, log);
  for (let index = 0; index < 10; index += 1) runner.request();
  assert.equal(runs, 1);
  gates[0]?.();
  await new Promise(setImmediate);
  assert.equal(runs, 2);
  gates[1]?.();
  await runner.settled();
  assert.equal(runs, 2);
  assert.equal(most, 1);
});

test('a run is nobody’s: not a part of the request that happened to ask for it first', async () => {
  const nothing = () => undefined;
  const span: Span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true, start: () => assert.fail('it is not theirs'), setName: nothing, set: nothing, end: nothing };
  const seen: unknown[] = [];
  const runner = createRunner('test', async () => {
    await Promise.resolve();
    seen.push(currentSpan());
  }, log);
  runInSpan(span, runner.request);
  await runner.settled();
  assert.deepEqual(seen, [undefined]);
});

test('a request is followed by a run that starts after it, in whatever turn of the run before it comes', async () => {
  for (let turns = 0; turns < 12; turns += 1) {
    let runs = 0;
    const runner = createRunner('test', () => {
      runs += 1;
      return Promise.resolve();
    }, log);
    runner.request();
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    const before = runs;
    runner.request();
    await runner.settled();
    assert.ok(runs > before, `no run after ${turns} turns`);
  }
});

test('work that fails, or throws at once, is run again until it succeeds', async () => {
  let runs = 0;
  const runner = createRunner('test', () => {
    runs += 1;
    if (runs === 1) throw new Error('at once');
    return runs === 2 ? Promise.reject(new Error('later')) : Promise.resolve();
  }, log);
  runner.request();
  await runner.settled();
  assert.equal(runs, 3);
});

test('stop ends the waiting for a retry, and nothing runs afterwards', async () => {
  let runs = 0;
  const runner = createRunner('test', () => {
    runs += 1;
    return Promise.reject(new Error('always'));
  }, log);
  runner.request();
  await runner.stop();
  const before = runs;
  runner.request();
  await runner.settled();
  assert.equal(runs, before);
});

test('retries come later each time, up to a limit', () => {
  assert.deepEqual([1, 2, 3, 7, 8, 1_000].map(backoffMs), [50, 100, 200, 3_200, 5_000, 5_000]);
});
