import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FanoutFigures } from './fanout.ts';
import { formatFanout, judgeFanout, reportFanout } from './fanout-report.ts';

const stack = (name: string, p99s: readonly number[]): FanoutFigures => ({
  stack: name,
  sessions: 1000,
  events: p99s.map((p99Ms) => ({ p50Ms: 1, p99Ms, firstMs: 1, spreadP50Ms: 1, spreadP99Ms: p99Ms - 1 })),
  heapKibPerSession: 1,
  rssKibPerSession: 2,
  sessionsPerSecond: 3,
});
const rivals = [stack('bare ws', [10, 20, 40]), stack('bare ws that stores the change', [12, 24, 48])];

test('the p99 is held against the same event of the bare broadcast', () => {
  assert.deepEqual(judgeFanout(reportFanout([...rivals, stack('this service, WebSocket', [12.5, 25, 50])])).map(({ met }) => met), [true]);
  assert.deepEqual(judgeFanout(reportFanout([...rivals, stack('this service, WebSocket', [12.6, 25.1, 20])])).map(({ met }) => met), [false]);
});

test('every stack has its line', () => {
  assert.equal(formatFanout(reportFanout(rivals)).split('\n').length, 3);
});
