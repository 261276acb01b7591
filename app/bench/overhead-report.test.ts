import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OverheadFigures } from './overhead.ts';
import { formatOverhead, judgeOverhead, reportOverhead } from './overhead-report.ts';

const variant = (name: string, cpuUs: readonly number[]): OverheadFigures => ({ variant: name, rounds: cpuUs.map((each) => ({ cpuUs: each, perSecond: 1_000, busy: 0.9, spansPerRequest: 0 })) });
const judged = (usual: readonly number[], tenth: readonly number[]) => judgeOverhead(reportOverhead([variant('nothing', [100, 200]), variant('metrics and logs', usual), variant('and traces, 10 %', tenth)])).map(({ met }) => met);

test('what is watched is compared with what is not of the same round, so that a slow round of the machine counts for neither', () => {
  const [, usual] = reportOverhead([variant('nothing', [100, 200, 1_000]), variant('metrics and logs', [110, 220, 1_100])]);
  assert.deepEqual([usual?.toNothing.lowest, usual?.toNothing.highest], [1.1, 1.1]);
  assert.equal(usual?.aboveNothingUs.median, 20);
});

test('metrics and logs for 15 %, and a tenth of the traces for 10 % more, meet the targets', () => {
  assert.deepEqual(judged([115, 230], [126, 252]), [true, true]);
});

test('what is dearer falls short', () => {
  assert.deepEqual(judged([117, 234], [117, 234]), [false, true]);
  assert.deepEqual(judged([110, 220], [123, 246]), [true, false]);
});

test('what was not measured meets no target, and is compared with nothing', () => {
  assert.deepEqual(judgeOverhead([]).map(({ met }) => met), [false, false]);
  assert.throws(() => reportOverhead([variant('nothing', [100])]), RangeError);
});

test('each variant has its line', () => {
  const lines = formatOverhead(reportOverhead([variant('nothing', [100, 200]), variant('metrics and logs', [110, 220])])).split('\n');
  assert.equal(lines.length, 3);
  assert.match(lines[2] ?? '', /^metrics and logs +165 .* 1\.10 \(1\.10 to 1\.10\) /);
});
