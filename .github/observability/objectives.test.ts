import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { filesOf } from './objective-files.ts';
import { writeRules } from './objective-rules.ts';
import { burnCases, writeTests } from './objective-tests.ts';
import { alertOf, budgetOf, detectionSeconds, parseObjectives, secondsOf, thresholdOf } from './objectives.ts';

const root = path.resolve(import.meta.dirname, '../..');
const text = readFileSync(path.join(root, 'observability/objectives.yaml'), 'utf8');
const objectives = parseObjectives(text);
const availability = { objective: 0.999 };
const fast = { rate: 14.4, long: '1h' };

const Rules = z.object({ groups: z.tuple([z.object({ rules: z.array(z.looseObject({ record: z.string().optional(), alert: z.string().optional(), expr: z.string() })) })]) });
const Tests = z.object({ evaluation_interval: z.string(), tests: z.array(z.object({ input_series: z.array(z.object({ series: z.string(), values: z.string() })), promql_expr_test: z.array(z.object({ expr: z.string(), eval_time: z.string(), exp_samples: z.array(z.unknown()) })) })) });
const rulesOf = (given: string): string => [...writeRules(parseObjectives(given)).values()].join('\n');

test('the rules and their tests are those that the objectives give; `npm run objectives` writes them', () => {
  const files = filesOf(text);
  const folder = path.join(root, 'observability/prometheus');
  const written = readdirSync(folder).filter((name) => /^objectives-.*\.yaml$/.test(name) && readFileSync(path.join(folder, name), 'utf8').startsWith('# Written by'));
  assert.deepEqual(written.map((name) => `observability/prometheus/${name}`).toSorted(), [...files.keys()].toSorted());
  for (const [file, now] of files) assert.equal(readFileSync(path.join(root, file), 'utf8'), now, file);
});

test('availability, latency and freshness burn at the rates of the SRE workbook: 14.4 and 6 page, 1 is a ticket', () => {
  assert.deepEqual(objectives.objectives.map(({ name, objective }) => [name, objective]), [['availability', 0.999], ['latency', 0.99], ['freshness', 0.99]]);
  assert.deepEqual(objectives.burnRates.map(({ rate, long, short, severity }) => [rate, long, short, severity]), [[14.4, '1h', '5m', 'page'], [6, '6h', '30m', 'page'], [1, '3d', '6h', 'ticket']]);
});

test('thresholds and times of detection are those of the SRE workbook', () => {
  assert.equal(budgetOf(availability), 0.001);
  assert.equal(thresholdOf(availability, fast), 0.0144);
  // Its table: https://sre.google/workbook/alerting-on-slos/#4-alert-on-burn-rate
  assert.equal(Math.round((detectionSeconds(availability, { rate: 36, long: '1h' }, 1) ?? 0) / 60 * 10) / 10, 2.2);
  assert.equal(detectionSeconds(availability, fast, 1)?.toFixed(2), '51.84');
  assert.equal(detectionSeconds(availability, fast, 0.0144)?.toFixed(2), '3600.00');
  assert.equal(detectionSeconds(availability, fast, 0.0143), undefined);
});

test('each window and each objective is recorded once, and each alert asks for a long window, a short one, and enough bad events', () => {
  const rules = [...writeRules(objectives).values()].flatMap((file) => Rules.parse(parse(file)).groups[0].rules);
  const ratios = rules.flatMap(({ record, labels }) => (record?.startsWith('slo:sli_error:ratio_rate') === true ? [`${record} ${JSON.stringify(labels)}`] : []));
  assert.equal(ratios.length, 3 * 6);
  assert.equal(new Set(ratios).size, ratios.length);
  for (const objective of objectives.objectives) {
    for (const burn of objectives.burnRates) {
      const { expr = '' } = rules.find(({ alert }) => alert === alertOf(objective, burn)) ?? {};
      for (const part of [`ratio_rate${burn.long}{objective="${objective.name}"} > ${burn.rate} * ${budgetOf(objective)}`, `ratio_rate${burn.short}{objective="${objective.name}"} > ${burn.rate} * ${budgetOf(objective)}`, `slo:sli_bad:increase${burn.long}{objective="${objective.name}"} >= 10`]) assert.ok(expr.includes(part), `${objective.name} ${burn.name}: ${part}`);
    }
  }
});

test('an objective that is changed changes its alerts and no other', () => {
  const changed = rulesOf(text.replace('objective: 0.999', 'objective: 0.9995'));
  assert.match(changed, /ratio_rate1h\{objective="availability"\} > 14\.4 \* 0\.0005\n/);
  assert.match(changed, /ratio_rate1h\{objective="latency"\} > 14\.4 \* 0\.01\n/);
});

test('each alert is tested at each share of bad events: it fires within one evaluation of the formula, and never just below its threshold', () => {
  for (const burn of objectives.burnRates) {
    const every = secondsOf(burn.evaluate);
    for (const objective of objectives.objectives) {
      const threshold = thresholdOf(objective, burn);
      const cases = burnCases(objective, burn, every).map(({ each }) => each);
      for (const wanted of [1, 0.1, 0.0144, 0.006, 0.001]) assert.ok(cases.some(({ share }) => Math.abs(share / wanted - 1) <= 0.011), `${objective.name} ${burn.name} at ${wanted}`);
      assert.ok(cases.some(({ share, expected }) => share < threshold && share >= threshold * 0.99 && ![...expected.values()].includes(true)), `${objective.name} ${burn.name} just below`);
      for (const { share, title, expected } of cases) {
        const fires = [...expected].find(([, is]) => is)?.[0];
        const formula = (secondsOf(burn.long) * burn.rate * budgetOf(objective)) / share;
        if (share < threshold) assert.equal(fires, undefined, title);
        else assert.ok(fires !== undefined && fires > formula && fires <= formula + every, `${title}: ${fires ?? 'never'} for ${formula}`);
      }
    }
  }
});

test('every case is in a file of tests, with the series that drive it and more than one look; each objective has its guard tested both ways', () => {
  for (const burn of objectives.burnRates) {
    const files = [...writeTests(burn, objectives).values()].map((file) => Tests.parse(parse(file)));
    const [series, asked] = [files.flatMap(({ tests }) => tests.flatMap((each) => each.input_series)), files.flatMap(({ tests }) => tests.flatMap((each) => each.promql_expr_test))];
    const jobs = new Set(asked.map(({ expr }) => /job="([^"]+)"/.exec(expr)?.[1] ?? ''));
    assert.equal(jobs.size, objectives.objectives.reduce((sum, objective) => sum + burnCases(objective, burn, 30).length + 2, 0));
    for (const job of jobs) {
      assert.ok(series.some(({ series: name }) => name.includes(`job="${job}"`)), job);
      const looks = asked.filter(({ expr }) => expr.includes(`job="${job}"`)).map(({ exp_samples: samples }) => samples.length);
      assert.ok(looks.length > 1 && looks.includes(0) && looks.includes(1) !== job.endsWith(' never fires'), job);
    }
    for (const { name } of objectives.objectives) assert.ok([`${name}: only 9 events and all of them bad never fires`, `${name}: only 10 events and all of them bad fires`].every((job) => jobs.has(job)));
  }
});

test('what can not be an objective is refused', () => {
  for (const [from, to] of [
    ['objective: 0.999', 'objective: 1'],
    ['minimum_bad: 10', 'minimum_bad: 0'],
    ['short: 5m', 'short: 5 minutes'],
    ['short: 30m', 'short: 7h'],
    ['evaluate: 5m', 'evaluate: 1m'],
    ['    bad: http_server', '    good: a\n    bad: http_server'],
    ['    bad: http_server', '    unknown: http_server'],
    ['severity: ticket', 'severity: warning'],
  ] as const) {
    assert.ok(text.includes(from), from);
    assert.throws(() => parseObjectives(text.replace(from, to)), z.ZodError, to);
  }
});
