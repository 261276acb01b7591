import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRequests, judgeRead, reportRequests } from './request-report.ts';
import type { RequestFigures } from './requests.ts';

const stack = (name: string, rounds: readonly (readonly [perSecond: number, cpuUs: number])[]): RequestFigures => ({
  stack: name,
  rounds: rounds.map(([perSecond, cpuUs]) => ({ perSecond, cpuUs, p50Ms: 1, p99Ms: 2, busy: 0.9 })),
});
const rivals = [stack('koa', [[1000, 100], [500, 200]]), stack('fastify', [[600, 150], [300, 300]])];

test('a service as fast as the Fastify stack and 60 µs above bare Koa meets the targets, round by round', () => {
  const reports = reportRequests([...rivals, stack('this service', [[600, 160], [300, 260]])]);
  assert.deepEqual(judgeRead(reports).map(({ met }) => met), [true, true]);
});

test('a service that is slower, or costs more, falls short', () => {
  const slower = reportRequests([...rivals, stack('this service', [[599, 160], [299, 260]])]);
  assert.deepEqual(judgeRead(slower).map(({ met }) => met), [false, true]);
  const dearer = reportRequests([...rivals, stack('this service', [[600, 162], [300, 260]])]);
  assert.deepEqual(judgeRead(dearer).map(({ met }) => met), [true, false]);
});

test('every stack has its line', () => {
  const lines = formatRequests(reportRequests(rivals)).split('\n');
  assert.deepEqual(lines.map((line) => line.split(' ')[0]), ['', 'koa', 'fastify']);
});
