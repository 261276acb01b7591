import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseQuery } from './promql.ts';

test('a query is read as its series, their matchers and ranges, and what is around them', () => {
  const { errors, selectors } = parseQuery('histogram_quantile(0.99, sum by (le) (rate(a_seconds_bucket{job=~"$job", path!="\\"x\\""}[$__rate_interval]))) > 2 * b:c offset 5m');
  assert.deepEqual(errors, []);
  assert.deepEqual(selectors, [
    { metric: 'a_seconds_bucket', matchers: [{ label: 'job', operator: '=~', value: '$job' }, { label: 'path', operator: '!=', value: '"x"' }], range: '$__rate_interval', within: ['rate', 'sum', 'histogram_quantile'] },
    { metric: 'b:c', matchers: [], range: undefined, within: [] },
  ]);
  assert.equal(parseQuery('{__name__="up"}').selectors[0]?.metric, 'up');
});

const broken = ['', 'sum(a', 'rate(a[5m)', 'a{b=c}', 'sum by (a (b)', 'a b', 'rate(a[$interval])'];

for (const text of broken) {
  test(`the grammar does not follow ${JSON.stringify(text)}`, () => {
    assert.notDeepEqual(parseQuery(text).errors, []);
  });
}

const impossible = [
  'sum by (b) (sum by (a) (x))',
  'sum by (le) (histogram_quantile(0.9, x_bucket))',
  'max by (instance) (sum without (instance) (x))',
  'sum by (a) (x) / sum by (b) (x)',
  'sum(x) / y',
  'x unless sum(x)',
  'x / sum without (instance) (x)',
  'x and on (job) sum by (a) (y)',
  'x / on (job, instance) sum by (job) (y)',
  'x * vector(2)',
  'histogram_quantile(0.9, sum by (path) (rate(x_bucket[5m])))',
  'histogram_quantile(0.9, sum without (le) (rate(x_bucket[5m])))',
  '(sum(x)) / -rate(y[5m])',
];

for (const text of impossible) {
  test(`${text} can never give anything`, () => {
    const { errors, impossible: found } = parseQuery(text);
    assert.deepEqual(errors, []);
    assert.equal(found.length, 1, found.join('\n'));
  });
}

const possible = [
  'sum by (a) (x) / sum by (a) (y)',
  'x / ignoring (le, quantile) y',
  'x / on (job) group_left () sum by (job) (y)',
  'sum by (job, instance) (x) / y',
  'slo:a:ratio{objective="b"} / on (objective) group_left () (1 - slo:c:ratio)',
  'sum(x) / sum(y) or vector(0)',
  '(sum(x) or vector(0)) / sum(y)',
  '100 * x > bool 5',
  'time() - max(x)',
  'min by (a) (x) - time() < 14 * 86400',
  'sum(x) * scalar(sum by (a) (y))',
  'sum by (name) (label_replace(sum(x), "name", "a", "", ""))',
  'histogram_quantile(0.9, rate(x_bucket[5m]))',
  'histogram_quantile(0.9, sum without (path) (rate(x_bucket[5m])))',
  'topk(3, sum by (a) (x)) / sum by (a) (x)',
  'slo:a / slo:b',
  'sum by (job, instance) (x) and ignoring (instance) sum by (job) (y)',
];

for (const text of possible) {
  test(`${text} can give something`, () => {
    const { errors, impossible: found } = parseQuery(text);
    assert.deepEqual([...errors, ...found], []);
  });
}
