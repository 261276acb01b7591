import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { parseQuery } from './promql.ts';
import { selectorText, silentRules } from './rule-answers.ts';

const asked: string[] = [];
let there: readonly string[] = [];
const prometheus = http.createServer((request, response) => {
  void text(request).then((body) => {
    const query = new URLSearchParams(body).get('query') ?? '';
    asked.push(query);
    const value = there.includes(query) ? '1' : query.startsWith('nan') ? 'NaN' : undefined;
    response.end(JSON.stringify({ status: 'success', data: { result: value === undefined ? [] : [{ metric: {}, value: [1, value] }] } }));
  });
});
let origin = '';
before(async () => {
  await once(prometheus.listen(0, '127.0.0.1'), 'listening');
  origin = `http://127.0.0.1:${(prometheus.address() as AddressInfo).port}`;
});
after(() => prometheus.close());

const rule = (name: string, expr: string, records = false) => ({ file: 'a.rules.yaml', name, expr, records });

test('a selector is asked for as it stands in the rule', () => {
  assert.deepEqual(parseQuery('sum(rate(a_total{b=~"5..", c!="\\"x\\""}[5m])) > up').selectors.map(selectorText), ['a_total{b=~"5..", c!="\\"x\\""}', 'up{}']);
});

test('an alert is silent when one of the series that it reads is gone, and only for that', async () => {
  there = ['last_over_time(up{}[60s])'];
  const silent = await silentRules([rule('Gone', 'up == 0 and gone{a="b"} > 1'), rule('There', 'up == 0')], { origin, from: 0, to: 60 });
  assert.deepEqual(silent, [{ file: 'a.rules.yaml', name: 'Gone', reads: ['last_over_time(gone{a="b"}[60s])'] }]);
});

test('a recording has to give a number, and what is asked twice is asked once', async () => {
  there = ['1 - a:b'];
  asked.length = 0;
  const silent = await silentRules([rule('a:c', '1 - a:b', true), rule('a:c', '1 - a:b', true), rule('a:d', 'nan / nan', true)], { origin, from: 0, to: 60 });
  assert.deepEqual(silent, [{ file: 'a.rules.yaml', name: 'a:d', reads: ['nan / nan'] }]);
  assert.deepEqual(asked, ['1 - a:b', 'nan / nan']);
});

test('what an alert reads because it may be absent is not asked for', async () => {
  there = ['last_over_time(up{}[60s])'];
  assert.deepEqual(await silentRules([rule('Absent', 'absent(info) unless on () up == 0')], { origin, from: 0, to: 60 }), []);
});
