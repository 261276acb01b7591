// Every shipped file made faster: the times are divided, and all else is the same text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import path from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { readTree } from '../../rules/tree.ts';
import { readRules } from '../catalogue.ts';
import { redirect, scale, SHORTEST_SCRAPE_MS, toMs } from './scale.ts';

const tree = readTree(path.resolve(import.meta.dirname, '../../..'));
const files = [...tree].filter(([file]) => /^observability\/(?:prometheus\/(?:[a-z-]+\.rules|prometheus)|alertmanager\/alertmanager)\.yaml$/.test(file));
const FACTOR = 60;
const DURATION = /\b(?:\d+(?:ms|[smhdwy]))+\b/g;

/** Each value of the document by its path. */
function leaves(value: unknown, at = ''): readonly (readonly [string, unknown])[] {
  if (value === null || typeof value !== 'object') return [[at, value]];
  return Object.entries(value).flatMap(([key, each]) => leaves(each, `${at}/${key}`));
}

/** By the grammar: the durations of an expression, and what is left of it without them. */
function readExpression(text: string): { readonly durations: readonly number[]; readonly rest: string } {
  const durations: number[] = [];
  let rest = '';
  let end = 0;
  parser.parse(text).iterate({
    enter({ name, from, to }) {
      const written = text.slice(from, to);
      if (name !== 'NumberDurationLiteralInDurationContext' && name !== 'NumberDurationLiteral') return;
      if (!/[a-z]/.test(written)) return;
      durations.push(toMs(written));
      rest += `${text.slice(end, from)}…`;
      end = to;
    },
  });
  return { durations, rest: rest + text.slice(end) };
}

test('a factor of one gives each file back, and no smaller one is taken', () => {
  assert.ok(files.length >= 9);
  for (const [file, text] of files) assert.equal(scale(text, 1), text, file);
  assert.throws(() => scale('a: 1', 0.5), /factor must be 1 or more/);
  assert.throws(() => scale('a: 1', Number.NaN), /factor must be 1 or more/);
});

test('outside of expressions, what differs is a time, and is the factor smaller', () => {
  for (const [file, text] of files) {
    const [before, after] = [leaves(parse(text)), leaves(parse(scale(text, FACTOR)))];
    assert.deepEqual(after.map(([at]) => at), before.map(([at]) => at), file);
    for (const [index, [at, value]] of before.entries()) {
      const scaled = after[index]?.[1];
      if (at.endsWith('/expr') || value === scaled) continue;
      assert.match(at, /\/(?:for|interval|evaluation_interval|group_wait|group_interval|repeat_interval|scrape_interval|scrape_timeout)$/, file);
      const expected = at.includes('/scrape_') ? Math.max(SHORTEST_SCRAPE_MS, toMs(String(value)) / FACTOR) : Math.round(toMs(String(value)) / FACTOR);
      assert.equal(toMs(String(scaled)), expected, `${file} ${at}`);
    }
  }
});

test('in expressions the grammar finds the same text with durations that are the factor smaller: no threshold, no count, no name is touched', () => {
  const faster = new Map(files.map(([file, text]) => [file, scale(text, FACTOR)]));
  const [before, after] = [readRules(tree), readRules(faster)];
  assert.equal(after.length, before.length);
  assert.ok(before.length >= 90);
  let divided = 0;
  for (const [index, { name, expr }] of before.entries()) {
    const [one, other] = [readExpression(expr), readExpression(after[index]?.expr ?? '')];
    assert.equal(other.rest, one.rest, name);
    assert.deepEqual(other.durations, one.durations.map((ms) => ms / FACTOR), name);
    divided += one.durations.length;
  }
  assert.ok(divided >= 50);
  for (const threshold of ['stockade_outbox_lag_seconds) > 30', '< 14 * 86400', '(nodejs_eventloop_delay_p99_seconds) > 0.1']) assert.ok([...faster.values()].some((text) => text.includes(threshold)), threshold);
});

test('comments, texts for people, quotes and order stay as they are', () => {
  for (const [file, text] of files) assert.equal(scale(text, FACTOR).replaceAll(DURATION, '…'), text.replaceAll(DURATION, '…'), file);
});

test('subqueries and offsets are times too', () => {
  assert.equal(scale('expr: max_over_time(rate(a_total[10m])[1h:5m] offset 2h) > 5', 60), 'expr: max_over_time(rate(a_total[10000ms])[60000ms:5000ms] offset 120000ms) > 5');
  assert.equal(scale('expr: rate(a_total[1h:])', 60), 'expr: rate(a_total[60000ms:])');
});

test('a window that would hold too few scrapes is refused, with the most that the factor can be', () => {
  const rule = 'groups: [{ rules: [{ alert: A, expr: "rate(a_total[5m]) > 1" }] }]';
  assert.match(scale(rule, 75), /\[4000ms\]/);
  assert.throws(() => scale(rule, 76), (error: Error) => /^the window 5m .* less than 4 scrapes: the factor is at most 75$/.test(error.message) && !error.message.includes('\n'));
  assert.throws(() => scale('for: 10s', 30_000), /less than a millisecond/);
});

test('an address is replaced wherever it stands, and one that stands nowhere is an error', () => {
  assert.equal(redirect('[{ "targets": ["a:1"] }, "a:1"]', { 'a:1': '127.0.0.1:2' }), '[{ "targets": ["127.0.0.1:2"] }, "127.0.0.1:2"]');
  assert.throws(() => redirect('x', { 'a:1': 'b' }), /nothing is sent to a:1/);
});
