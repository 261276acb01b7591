import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absentMetrics, rawMaterial, readExposition, unusedMetrics } from './live-metrics.ts';

const TEXT = '# HELP a_total How many.\n# TYPE a_total counter\na_total 1\n# HELP b_seconds How long.\n# TYPE b_seconds histogram\nb_seconds_bucket{le="1"} 1\n# TYPE c gauge\nc 0\n';

test('the families of the text are read, a histogram with its three series', () => {
  assert.deepEqual([...readExposition(TEXT)], [['a_total', ['a_total']], ['b_seconds', ['b_seconds_bucket', 'b_seconds_sum', 'b_seconds_count']], ['c', ['c']]]);
});

test('a metric is used by any of its series, or is said to be raw material; any other is found', () => {
  const unused = (queries: readonly string[], pages: readonly string[] = []) => unusedMetrics(readExposition(TEXT), queries, rawMaterial(pages));
  assert.deepEqual(unused(['rate(a_total[5m])', 'sum(rate(b_seconds_count[5m]))']), ['c']);
  assert.deepEqual(unused(['a_total + on () b_seconds_sum'], ['| `c` | gauge |  |  | How. | raw material |\n']), []);
  assert.deepEqual(unused([], ['| `c` | gauge |  |  | raw. |  |\n']), ['a_total', 'b_seconds', 'c']);
  assert.deepEqual(unused(['c_other + b_seconds + a']), ['a_total', 'b_seconds', 'c'], 'a name that begins alike is another');
});

test('a query of what is not there is found, wherever it stands in the query', () => {
  assert.deepEqual(absentMetrics(new Set(['a_total']), ['rate(a_total[5m])', 'sum(a_total) / on () group_left () max(gone{x="a_total"})']), ['gone']);
});
