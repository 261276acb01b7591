import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { readTree } from '../rules/tree.ts';
import { type DashboardFile, drawnPanels, parseDashboard, readDashboards } from './dashboard.ts';
import { formatDashboard } from './dashboard-format.ts';
import { type Dashboards, dashboardRules } from './dashboard-rules.ts';

const tree = readTree(resolve(import.meta.dirname, '../..'));
const provided = z.object({ datasources: z.array(z.object({ uid: z.string(), type: z.string() })) }).parse(parse(tree.get('observability/grafana/provisioning/datasources/stores.yaml') ?? ''));
const sources = new Map(provided.datasources.map(({ type, uid }) => [type, uid]));
const dashboards = readDashboards(tree);

/** The traces are there for the seeds to link to. */
const traces = dashboards.filter(({ name }) => name === 'stockade-traces');
const links = ['Traces', 'Logs'].map((title) => ({ title, url: '/d/stockade-traces?${__url_time_range}&var-search=a' }));
const good = JSON.stringify({
  uid: 'good',
  title: 'Good',
  description: 'Shows how deep the queues are.',
  tags: ['stockade'],
  schemaVersion: 41,
  editable: false,
  timezone: 'utc',
  time: { from: 'now-1h', to: 'now' },
  links: [{ title: 'Stockade', type: 'dashboards', tags: ['stockade'] }],
  templating: {
    list: [
      { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
      ...['job', 'instance'].map((name) => ({ name, label: name, type: 'query', datasource: { type: 'prometheus', uid: '${datasource}' }, query: `label_values(depth, ${name})`, refresh: 2, multi: true, includeAll: true, ...(name === 'job' ? {} : { allValue: '.+' }) })),
    ],
  },
  panels: [
    { id: 1, type: 'row', title: 'Queues', gridPos: { h: 1, w: 24, x: 0, y: 0 } },
    {
      id: 2,
      type: 'timeseries',
      title: 'Depth',
      description: 'Messages that wait, by queue: a line that rises is a consumer too slow.',
      gridPos: { h: 8, w: 12, x: 0, y: 1 },
      datasource: { type: 'prometheus', uid: '${datasource}' },
      targets: [{ refId: 'A', expr: 'depth{job=~"$job", instance=~"$instance"}', legendFormat: '{{queue}}' }],
      fieldConfig: { defaults: { unit: 'short' } },
      links,
    },
  ],
});

function seed(change?: (dashboard: DashboardFile['dashboard']) => void): readonly [DashboardFile, Dashboards] {
  const dashboard = parseDashboard(good);
  change?.(dashboard);
  const file = { file: 'observability/grafana/dashboards/good.json', name: 'good', text: formatDashboard(dashboard), dashboard };
  return [file, { all: [file, ...traces], sources }];
}

test('the dashboards that an operator looks for are there, with their panels', () => {
  assert.deepEqual(dashboards.map(({ name }) => name).sort(), ['access', 'build', 'live', 'objectives', 'service', 'traces'].map((name) => `stockade-${name}`));
  assert.ok(dashboards.flatMap(({ dashboard }) => drawnPanels(dashboard)).length >= 50);
});

for (const { claim, problems, defects } of dashboardRules) {
  test(claim, () => {
    const found = dashboards.flatMap((file) => problems(file, { all: dashboards, sources }).map((problem) => `${file.file} ${problem}`));
    assert.ok(found.length === 0, `\n${found.join('\n')}`);
    assert.deepEqual(problems(...seed()), []);
  });

  for (const [defect, change] of Object.entries(defects)) {
    test(`${claim}: ${defect} is noticed`, () => {
      assert.notDeepEqual(problems(...seed(change)), []);
    });
  }
}

/** What the service writes: its source without tests. */
const written = [...tree].filter(([path]) => /^app\/(?!testing\/|bench\/|probes\/).*(?<!\.test|\.proof)\.ts$/.test(path)).map(([, text]) => text).join('\n');

/** Attributes of spans, fields of the log and words of its messages that a link asks for and the service never writes. */
function neverWritten(url: string, source: string): readonly string[] {
  const query = new URLSearchParams(url.split('?')[1] ?? '');
  const [spans, search] = [query.get('var-spans') ?? '', query.get('var-search') ?? ''];
  const attributes = [...spans.matchAll(/\bspan\.([\w.]+)/g)].map(([, name = '']) => name).filter((name) => !source.includes(`'${name}'`));
  // The log's own are its level and its message.
  const fields = [...search.matchAll(/"(\w+)"(?=:|$)/g)].map(([, name = '']) => name).filter((name) => !['level', 'msg'].includes(name) && !new RegExp(`\\b${name}\\b\\s*[:,}]`).test(source));
  const words = search === '' || search.includes('"') || new RegExp(`\\blog\\.\\w+\\([^\\n]*['\`][^\\n]*${search}`, 'i').test(source) ? [] : [search];
  return [...attributes, ...fields, ...words];
}

test('what a link looks for is what the service writes: attributes of spans, fields and words of the log', () => {
  const found = dashboards.flatMap(({ dashboard }) => drawnPanels(dashboard).flatMap(({ links: own = [] }) => own.flatMap(({ url = '' }) => url)));
  assert.ok(found.length >= 100);
  assert.deepEqual([...new Set(found.flatMap((url) => neverWritten(url, written)))], []);
});

test('a link that looks for what is never written is noticed', () => {
  const source = "span.set('http.route', route); log.info({ signIn: { outcome } }, 'a sign-in failed');";
  const link = (spans: string, search: string): string => `/d/a?\${__url_time_range}&var-spans=${encodeURIComponent(spans)}&var-search=${encodeURIComponent(search)}`;
  assert.deepEqual(neverWritten(link('span.http.route = "/a" && kind = server', '"signIn"'), source), []);
  assert.deepEqual(neverWritten(link('true', 'sign-in failed'), source), []);
  assert.deepEqual(neverWritten(link('span.http.target = "/a"', '"signOut":true'), source), ['http.target', 'signOut']);
  assert.deepEqual(neverWritten(link('true', 'signed in'), source), ['signed in']);
});

test('a dashboard that was saved in another form, as by an export, is noticed, and the command brings it back', () => {
  const [file, among] = seed();
  const [asWritten] = dashboardRules;
  const exported = { id: 12, version: 7, iteration: 1, ...file.dashboard };
  assert.notDeepEqual(asWritten?.problems({ ...file, text: JSON.stringify(exported, null, 4) }, among), []);
  assert.equal(formatDashboard(exported), file.text);
});

test('a dashboard is written on as few lines as stay readable', () => {
  assert.equal(
    formatDashboard({ uid: 'a', list: [1, 'two', null, { deep: true }], empty: {}, none: [], long: ['x'.repeat(90), 'y'.repeat(60)] }),
    `{\n  "uid": "a",\n  "list": [1, "two", null, { "deep": true }],\n  "empty": {},\n  "none": [],\n  "long": [\n    "${'x'.repeat(90)}",\n    "${'y'.repeat(60)}"\n  ]\n}\n`,
  );
});
