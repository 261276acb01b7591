import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { type Dashboard, parseDashboard } from './dashboard.ts';
import { answersOf, expand, nameOf, type Window } from './panel-answers.ts';

interface Question {
  readonly path: string;
  readonly form: URLSearchParams;
}

const asked: Question[] = [];
let reply: object = {};
let exemplars: object = {};
const prometheus = http.createServer((request, response) => {
  void text(request).then((body) => {
    asked.push({ path: request.url ?? '', form: new URLSearchParams(body) });
    response.end(JSON.stringify(request.url === '/api/v1/query_exemplars' ? exemplars : reply));
  });
});
let origin = '';
before(async () => {
  await once(prometheus.listen(0, '127.0.0.1'), 'listening');
  origin = `http://127.0.0.1:${(prometheus.address() as AddressInfo).port}`;
});
after(() => prometheus.close());

const windowOf = (): Window => ({ origin, from: 100, to: 130, step: 10, scrape: 15 });

function dashboardOf(panel: object): Dashboard {
  return parseDashboard(JSON.stringify({
    uid: 'a', title: 'A', tags: [], schemaVersion: 41, editable: false, timezone: 'utc', time: { from: 'now-1h', to: 'now' }, links: [],
    templating: { list: [{ name: 'job', type: 'query', query: '', allValue: '.+' }, { name: 'search', type: 'textbox', query: '' }] },
    panels: [
      { id: 1, type: 'row', gridPos: { h: 1, w: 24, x: 0, y: 0 } },
      { id: 2, type: 'timeseries', gridPos: { h: 1, w: 24, x: 0, y: 1 }, datasource: { type: 'prometheus', uid: 'p' }, ...panel },
      { id: 3, type: 'logs', gridPos: { h: 1, w: 24, x: 0, y: 2 }, datasource: { type: 'loki', uid: 'l' }, targets: [{ refId: 'A', expr: '{a="b"}' }] },
    ],
  }));
}

const success = (...result: readonly object[]) => ({ status: 'success', data: { resultType: 'matrix', result } });

test('a query is asked as Grafana would: every choice at “all”, the interval of four scrapes or of a step and one', () => {
  const choices = new Map([['job', '.+'], ['search', '.*']]);
  assert.equal(expand('rate(a{job=~"$job", b=~"$search"}[$__rate_interval]) / $other', choices, { step: 10, scrape: 15 }), 'rate(a{job=~".+", b=~".*"}[60s]) / $other');
  assert.equal(expand('[$__rate_interval]', choices, { step: 600, scrape: 15 }), '[615s]');
});

test('“all” of a choice without a pattern is every value that there was, as plain text', async () => {
  asked.length = 0;
  const dashboard = dashboardOf({ targets: [{ refId: 'A', expr: 'depth{job=~"$job"}' }] });
  for (const variable of dashboard.templating.list) if (variable.type === 'query') Object.assign(variable, { query: 'label_values(info{a="b"}, job)', allValue: undefined });
  reply = success({ metric: { job: 'a.b' }, value: [130, '1'], values: [[130, '1']] }, { metric: { job: 'c' }, value: [130, '1'] });
  await answersOf(dashboard, windowOf());
  assert.deepEqual(asked.map(({ form }) => form.get('query')), ['group by (job) (last_over_time(info{a="b"}[30s]))', 'depth{job=~"a\\\\.b|c"}']);
});

test('a line is named by the labels that its legend names', () => {
  assert.equal(nameOf('{{ way }}: {{outcome}}', { way: 'password', outcome: 'passed' }), 'password: passed');
  assert.equal(nameOf('{{http_route}}', { http_route: '' }), '(none)');
  assert.equal(nameOf(undefined, { __name__: 'a', b: 'c', d: 'e' }), 'b=c d=e');
});

test('the answer of a range has a value or a gap for each time, and no number is a gap', async () => {
  asked.length = 0;
  reply = success({ metric: { queue: 'q' }, values: [[100, '1'], [110, 'NaN'], [130, '+Inf']] }, { metric: { queue: 'r' }, values: [[120, '2.5']] });
  const [answer, ...more] = await answersOf(dashboardOf({ targets: [{ refId: 'A', expr: 'depth{job=~"$job"}', legendFormat: '{{queue}}' }] }), windowOf());
  assert.deepEqual(more, []);
  assert.deepEqual(answer?.times, [100, 110, 120, 130]);
  assert.deepEqual(answer.lines, [{ name: 'q', values: [1, null, null, null] }, { name: 'r', values: [null, null, 2.5, null] }]);
  assert.deepEqual(answer.silent, []);
  assert.deepEqual(asked.map(({ path, form }) => [path, Object.fromEntries(form)]), [['/api/v1/query_range', { query: 'depth{job=~".+"}', start: '100', end: '130', step: '10' }]]);
});

test('a query that gives nothing, or nothing that is a number, is named', async () => {
  const dashboard = dashboardOf({ targets: [{ refId: 'A', expr: 'absent_one' }] });
  for (const result of [[], [{ metric: {}, values: [[100, 'NaN'], [110, '+Inf']] }], [{ metric: {}, values: [] }]]) {
    reply = success(...result);
    const [answer] = await answersOf(dashboard, windowOf());
    assert.deepEqual(answer?.silent, ['absent_one']);
  }
  // Of two queries the one that speaks does not cover for the other.
  reply = success();
  const [both] = await answersOf(dashboardOf({ targets: [{ refId: 'A', expr: 'a' }, { refId: 'B', expr: 'b' }] }), windowOf());
  assert.deepEqual(both?.silent, ['a', 'b']);
});

test('a table is asked for now, and leaves out the columns that the panel hides', async () => {
  asked.length = 0;
  reply = success({ metric: { __name__: 'info', version: '1', instance: 'i' }, value: [130, '1'] });
  const [answer] = await answersOf(dashboardOf({ type: 'table', targets: [{ refId: 'A', expr: 'info', instant: true }], transformations: [{ id: 'organize', options: { excludeByName: { __name__: true, Value: true } } }] }), windowOf());
  assert.deepEqual(answer?.rows, [{ version: '1', instance: 'i' }]);
  assert.deepEqual(answer.lines, []);
  assert.equal(asked[0]?.path, '/api/v1/query');
  assert.equal(asked[0].form.get('time'), '130');
});

test('the traces of a query are asked for where the panel shows them', async () => {
  asked.length = 0;
  reply = success({ metric: {}, values: [[100, '1']] });
  const dashboard = dashboardOf({ targets: [{ refId: 'A', expr: 'a', exemplar: true }, { refId: 'B', expr: 'b' }] });
  exemplars = { status: 'success', data: [{ seriesLabels: {}, exemplars: [{ labels: { trace_id: 'abc' }, value: '0.5', timestamp: 112.5 }, { labels: { other: 'x' }, value: '1', timestamp: 113 }] }] };
  const [answer] = await answersOf(dashboard, windowOf());
  assert.deepEqual(answer?.exemplars, [{ time: 112.5, value: 0.5, traceId: 'abc' }]);
  assert.deepEqual(asked.filter(({ path }) => path === '/api/v1/query_exemplars').map(({ form }) => Object.fromEntries(form)), [{ query: 'a', start: '100', end: '130' }]);
});

test('a query that Prometheus refuses ends it, by name', async () => {
  reply = { status: 'error', errorType: 'bad_data', error: 'parse error' };
  await assert.rejects(answersOf(dashboardOf({ targets: [{ refId: 'A', expr: 'sum(' }] }), windowOf()), /refuses sum\(: parse error/);
});
