import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { readTree, treeOf } from '../rules/tree.ts';
import { readCatalogue, readRules } from './catalogue.ts';
import { queriesOf, readDashboards } from './dashboard.ts';
import { problemsOf, queryRules, SEED_CATALOGUE } from './query-rules.ts';

const tree = readTree(resolve(import.meta.dirname, '../..'));
const catalogue = readCatalogue(tree);
const asked = [...readDashboards(tree).flatMap(queriesOf), ...readRules(tree).map(({ file, name, expr }) => ({ where: `${file} ${name}`, text: expr, by: 'rule' as const }))];

test('the queries of panels and rules were found, and the series that there are', () => {
  assert.ok(asked.filter(({ by }) => by !== 'rule').length >= 50, `${asked.length} queries`);
  assert.ok(asked.filter(({ by }) => by === 'rule').length >= 20, `${asked.length} queries`);
  for (const name of ['http_server_request_duration_seconds_bucket', 'stockade_build_info', 'process_cpu_seconds_total', 'slo:error_budget_remaining:ratio', 'up']) assert.ok(catalogue.has(name), name);
});

for (const rule of queryRules) {
  test(rule.claim, () => {
    const found = asked.flatMap((query) => problemsOf(query, catalogue, rule).map((problem) => `${query.where}: ${problem}`));
    assert.ok(found.length === 0, `${rule.link}\n${found.join('\n')}`);
  });

  test(`${rule.claim} (every seeded defect is found, and its neighbours pass)`, () => {
    for (const seed of rule.refuses) assert.notDeepEqual(problemsOf(seed, SEED_CATALOGUE, rule), [], `let pass: ${seed.text}`);
    for (const seed of rule.allows) assert.deepEqual(problemsOf(seed, SEED_CATALOGUE, rule), []);
  });
}

test('every time series of the service that a person can ask for is on a panel, in a rule, or said to be raw material', () => {
  const used = new Set(asked.flatMap(({ text }) => text.match(/[a-z_:][a-z0-9_:]*/gi) ?? []));
  const raw = new Set([...(tree.get('observability/METRICS.md') ?? '').matchAll(/^\| `?(\w+)`? \|.*raw material/gm)].map(([, name]) => name));
  const unused = [...catalogue].filter(([name, { origin, kind }]) => origin === 'service' && name.startsWith('stockade_') && kind !== 'bucket' && !used.has(name)).map(([name]) => name);
  const families = new Map(unused.map((name) => [name.replace(/_(?:sum|count)$/, ''), name]));
  assert.deepEqual([...families.keys()].filter((family) => !raw.has(family) && !used.has(`${family}_bucket`) && !used.has(`${family}_count`) && !used.has(`${family}_sum`)), []);
});

test('the table of metrics is read as series: buckets with their bound, counters, what is recorded', () => {
  const seen = readCatalogue(
    treeOf({
      'observability/METRICS.md': '| name | type | unit | labels | help |\n| --- | --- | --- | --- | --- |\n| `a_seconds` | histogram | seconds | `x` `y` | How long. |\n| `b_total` | counter | | | How many. |\n',
      'observability/prometheus/c.yaml': 'groups:\n  - name: c\n    rules:\n      - record: c:d\n        expr: 1\n      - alert: E\n        expr: c:d > 1\n',
      'observability/prometheus/prometheus.yaml': 'scrape_configs: []\n',
    }),
  );
  assert.deepEqual(seen.get('a_seconds_bucket')?.kind, 'bucket');
  assert.ok(seen.get('a_seconds_bucket')?.labels?.has('le'));
  assert.deepEqual([...(seen.get('a_seconds_count')?.labels ?? [])], ['x', 'y']);
  assert.equal(seen.get('b_total')?.kind, 'counter');
  assert.equal(seen.get('c:d')?.kind, 'recorded');
  assert.equal(seen.has('E'), false);
});
