import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFigure, formatPercent, formatTable } from './table.ts';

test('names stand to the left and figures to the right, under their heads', () => {
  assert.equal(formatTable([['stack', 'p50', ''], ['koa', '1', 'x'], ['fastify', '12']]), 'stack    p50\nkoa        1  x\nfastify   12');
  assert.equal(formatTable([]), '');
});

test('a figure has three significant digits', () => {
  assert.deepEqual([0, 0.1234, 1.234, 12.34, 123.4, 1234.5, -12.34].map(formatFigure), ['0', '0.123', '1.23', '12.3', '123', '1235', '-12.3']);
});

test('a share is shown in whole percent', () => {
  assert.equal(formatPercent(0.123), '12 %');
});
