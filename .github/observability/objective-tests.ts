// Writes the tests of the objectives' alerts in virtual time. When an alert has to fire is computed from the objective, by the formula of
// the SRE workbook, and never taken from what promtool says. Tested by objectives.test.ts; the gate prometheus_rules_are_valid runs them.
import { stringify } from 'yaml';
import { alertOf, type BurnRate, detectionSeconds, type Objective, type Objectives, secondsOf, thresholdOf } from './objectives.ts';

const HEADER = '# Written by `npm run objectives` from observability/objectives.yaml; do not edit it.\n';
/** Total outage, and for an objective of 99.9 % the shares at which each alert begins to fire. */
const SHARES = [1, 0.1, 0.0144, 0.006, 0.001];
/** A share on the threshold itself would test the rounding of a float. */
const [JUST_ABOVE, JUST_BELOW] = [1.002, 0.99];
const EVENTS_PER_SECOND = 10;
/** Not counted, and so many that counting them would change every outcome. */
const UNCOUNTED_PER_SECOND = 100;

interface Case {
  readonly title: string;
  /** Of events, bad ones, from the fault on. */
  readonly share: number;
  readonly eventsPerSecond: number;
  /** Seconds from the fault until it is lifted again. */
  readonly lasts: number;
  /** Seconds from the fault → whether the alert fires then. */
  readonly expected: ReadonlyMap<number, boolean>;
}

export function writeTests(burn: BurnRate, { objectives, minimumBad }: Objectives): string {
  const tests = objectives.flatMap((objective) => casesOf(objective, burn, minimumBad).map((each) => testOf(objective, burn, each)));
  return HEADER + stringify({ rule_files: ['objectives.rules.yaml'], evaluation_interval: burn.evaluate, tests }, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** Exported for its test. */
export function casesOf(objective: Objective, burn: BurnRate, minimumBad: number): readonly Case[] {
  const thresholds = [thresholdOf(objective, burn) * JUST_ABOVE, thresholdOf(objective, burn) * JUST_BELOW];
  // Both would be the same test.
  const shares = SHARES.filter((share) => Math.abs(share / thresholdOf(objective, burn) - 1) > 0.01);
  return [...[...shares, ...thresholds].toSorted((a, b) => b - a).map((share) => burnCase(objective, burn, share)), ...quietCases(burn, minimumBad)];
}

function burnCase(objective: Objective, burn: BurnRate, share: number): Case {
  const [long, short, every] = [burn.long, burn.short, burn.evaluate].map(secondsOf) as [number, number, number];
  const after = detectionSeconds(objective, burn, share);
  const name = `${Number((share * 100).toPrecision(5))} % bad`;
  const common = { share, eventsPerSecond: EVENTS_PER_SECOND };
  if (after === undefined) {
    const lasts = long + 2 * every;
    return { ...common, title: `${name} never fires`, lasts, expected: new Map([[Math.ceil(long / 2), false], [long, false], [lasts, false]]) };
  }
  const [notYet, by] = [Math.floor(after - every), Math.ceil(after + every)];
  // Lifted, it is over when the short window is: not only when the long one has forgotten.
  const over = by + short + every;
  const expected = new Map([...(notYet > 0 ? [[notYet, false] as const] : []), [by, true], [over, false]]);
  return { ...common, title: `${name} fires after ${Number(after.toPrecision(4))} s`, lasts: by, expected };
}

/** The guard: so little traffic that all of it may fail, and one event more than that. */
function quietCases(burn: BurnRate, minimumBad: number): readonly Case[] {
  const [long, every] = [secondsOf(burn.long), secondsOf(burn.evaluate)];
  const quiet = (count: number): number => count / long;
  const after = Math.ceil(minimumBad / quiet(2 * minimumBad));
  return [
    { title: `all of ${minimumBad - 1} events in ${burn.long} bad never fires`, share: 1, eventsPerSecond: quiet(minimumBad - 1), lasts: long + 2 * every, expected: new Map([[long, false], [long + 2 * every, false]]) },
    {
      title: `all of ${2 * minimumBad} events in ${burn.long} bad fires when ${minimumBad} are`,
      share: 1,
      eventsPerSecond: quiet(2 * minimumBad),
      lasts: after + 2 * every,
      expected: new Map([[after - 2 * every, false], [after + 2 * every, true]]),
    },
  ];
}

function testOf(objective: Objective, burn: BurnRate, { title, share, eventsPerSecond, lasts, expected }: Case): object {
  const step = stepOf(burn);
  // A whole long window in which all was well.
  const fault = secondsOf(burn.long);
  const end = Math.max(...expected.keys());
  const { good, bad, uncounted } = objective.tested_with;
  const rates = (name: string): readonly [number, number] => {
    const before = (good.includes(name) ? eventsPerSecond : 0) + (uncounted.includes(name) ? UNCOUNTED_PER_SECOND : 0);
    const during = (good.includes(name) ? eventsPerSecond * (1 - share) : 0) + (bad.includes(name) ? eventsPerSecond * share : 0) + (uncounted.includes(name) ? UNCOUNTED_PER_SECOND : 0);
    return [before * step, during * step];
  };
  return {
    name: `${alertOf(objective, burn)}: ${title}`,
    interval: `${step}s`,
    input_series: [...new Set([...good, ...bad, ...uncounted])].map((name) => ({ series: withJob(name), values: valuesOf(rates(name), fault / step, Math.ceil(lasts / step), Math.ceil((end - lasts) / step)) })),
    promql_expr_test: [...expected].map(([at, fires]) => ({
      expr: `count(ALERTS{alertname="${alertOf(objective, burn)}",alertstate="firing"})`,
      eval_time: `${fault + at}s`,
      ...(fires ? { exp_samples: [{ labels: '{}', value: 1 }] } : { exp_samples: [] }),
    })),
  };
}

/** As often as is scraped, or, over days, as a rate over five minutes still needs. */
function stepOf({ evaluate }: BurnRate): number {
  return Math.min(60, Math.max(15, secondsOf(evaluate) / 2));
}

function withJob(name: string): string {
  return name.includes('{') ? name.replace('{', '{job="stockade",') : `${name}{job="stockade"}`;
}

/** Counts up by one rate, from the fault on by the other, and by the first again. */
function valuesOf([before, during]: readonly [number, number], steps: number, faulty: number, after: number): string {
  const round = (value: number): number => Number(value.toPrecision(12));
  // What only a fault counts is not there before it, as with the service itself.
  const start = before === 0 ? `_x${steps + 1}` : `0+${round(before)}x${steps}`;
  const [from, to] = [before * steps + during, before * steps + during * faulty];
  const parts = [start, `${round(from)}+${round(during)}x${faulty - 1}`];
  return [...parts, ...(after > 0 ? [`${round(to + before)}+${round(before)}x${after - 1}`] : [])].join(' ');
}
