// Writes the tests of the objectives' alerts in virtual time. When an alert has to fire is computed from the objective, by the formula of
// the SRE workbook, and never taken from what promtool says. Tested by objectives.test.ts; the gate prometheus_rules_are_valid runs them.
import { stringify } from 'yaml';
import { alertOf, type BurnRate, detectionSeconds, type Objective, type Objectives, secondsOf, thresholdOf } from './objectives.ts';

const HEADER = '# Written by `npm run objectives` from observability/objectives.yaml; do not edit it.\n';
/** Total outage, and for an objective of 99.9 % the shares at which each alert begins to fire. */
const SHARES = [1, 0.1, 0.0144, 0.006, 0.001];
/** A share on the threshold itself would test the rounding of a float. */
const [JUST_ABOVE, JUST_BELOW] = [1.002, 0.99];
const SCRAPE_SECONDS = 15;
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
  /** Whether there also is what must not be counted: as good it would hide the fault, as bad it would make one. */
  readonly isDisturbed: boolean;
  /** Seconds from the fault → whether the alert fires then. */
  readonly expected: ReadonlyMap<number, boolean>;
}

/** All of them at once, each as a job of its own: that is some thirty times quicker than one after the other. */
export function writeTests(burn: BurnRate, { objectives, minimumBad, burnRates }: Objectives): string {
    const cases = objectives.flatMap((objective) => casesOf(objective, burn, minimumBad).map((each) => ({ objective, ...each })));
  const test = {
    interval: `${stepOf(burn)}s`,
    input_series: cases.flatMap((each) => seriesOf(each, burn)),
    promql_expr_test: cases.flatMap((each) => expectationsOf(each, burn)),
  };
  const groups = groupsOf(burn, burnRates);
  return HEADER + stringify({ rule_files: groups.map((group) => `${group}.rules.yaml`), evaluation_interval: burn.evaluate, group_eval_order: groups, tests: [test] }, { lineWidth: 0 });
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
  const common = { share, eventsPerSecond: EVENTS_PER_SECOND, isDisturbed: share === 1 || share === thresholdOf(objective, burn) * JUST_BELOW };
  if (after === undefined) {
    const lasts = long + 2 * every;
    return { ...common, title: `${name} never fires`, lasts, expected: new Map([[Math.ceil(long / 2), false], [long, false], [lasts, false]]) };
  }
  const [notYet, by] = [Math.floor(after - every), Math.ceil(after + every)];
  // Lifted, it is over when the short window is: not only when the long one has forgotten.
  const over = by + stepOf(burn) + short + every;
  const expected = new Map([...(notYet > 0 ? [[notYet, false] as const] : []), [by, true], [over, false]]);
  return { ...common, title: `${name} fires after ${Number(after.toPrecision(4))} s`, lasts: by, expected };
}

/** The guard: so little traffic that all of it may fail, and one event more than that. */
function quietCases(burn: BurnRate, minimumBad: number): readonly Case[] {
  const [long, every] = [secondsOf(burn.long), secondsOf(burn.evaluate)];
  const quiet = (count: number): number => count / long;
  const after = Math.ceil(minimumBad / quiet(2 * minimumBad));
  return [
    { title: `all of ${minimumBad - 1} events in ${burn.long} bad never fires`, share: 1, eventsPerSecond: quiet(minimumBad - 1), isDisturbed: false, lasts: long + 2 * every, expected: new Map([[long, false], [long + 2 * every, false]]) },
    {
      title: `all of ${2 * minimumBad} events in ${burn.long} bad fires when ${minimumBad} are`,
      share: 1,
      eventsPerSecond: quiet(2 * minimumBad),
      isDisturbed: false,
      lasts: after + 2 * every,
      expected: new Map([[after - 2 * every, false], [after + 2 * every, true]]),
    },
  ];
}

/** Its own, and those that record what it reads; the others would be evaluated in vain. */
function groupsOf(burn: BurnRate, burnRates: readonly BurnRate[]): readonly string[] {
  const recorders = [burn.short, burn.long].map((window) => burnRates.find(({ short, long }) => short === window || long === window) ?? burn);
  return [...new Set([...recorders, burn])].map(({ name }) => `objectives-${name}`);
}

type CaseOfObjective = Case & { readonly objective: Objective };

const jobOf = ({ objective, title }: CaseOfObjective): string => `${objective.name}: ${title}`;

function seriesOf(given: CaseOfObjective, burn: BurnRate): readonly { readonly series: string; readonly values: string }[] {
  const { objective, share, eventsPerSecond, lasts, expected } = given;
  const { good, bad } = objective.tested_with;
  const uncounted = given.isDisturbed ? objective.tested_with.uncounted : [];
  const step = stepOf(burn);
  const ratesOf = (name: string): readonly [number, number] => {
    const always = uncounted.includes(name) ? UNCOUNTED_PER_SECOND : 0;
    const before = always + (good.includes(name) ? eventsPerSecond : 0);
    const during = always + (good.includes(name) ? eventsPerSecond * (1 - share) : 0) + (bad.includes(name) ? eventsPerSecond * share : 0);
    return [before * step, during * step];
  };
  // Before the fault a whole long window in which all was well; after it as long as something is expected.
  const [well, faulty, after] = [secondsOf(burn.long), lasts, Math.max(...expected.keys()) - lasts].map((seconds) => Math.ceil(seconds / step)) as [number, number, number];
  return [...new Set([...good, ...bad, ...uncounted])].map((name) => ({ series: withJob(name, jobOf(given)), values: valuesOf(ratesOf(name), { well, faulty, after, isScraped: step === SCRAPE_SECONDS }) }));
}

function expectationsOf(given: CaseOfObjective, burn: BurnRate): readonly object[] {
  return [...given.expected].map(([at, fires]) => ({
    expr: `count(ALERTS{alertname="${alertOf(given.objective, burn)}",alertstate="firing",job="${jobOf(given)}"})`,
    eval_time: `${secondsOf(burn.long) + at}s`,
    exp_samples: fires ? [{ labels: '{}', value: 1 }] : [],
  }));
}

/** As often as is scraped; over hours and days less often, or it would take minutes. */
function stepOf({ evaluate, short }: BurnRate): number {
  if (secondsOf(evaluate) <= 2 * SCRAPE_SECONDS) return SCRAPE_SECONDS;
  return secondsOf(short) >= secondsOf('1h') ? secondsOf(evaluate) / 2 : secondsOf(evaluate);
}

function withJob(name: string, job: string): string {
  return name.includes('{') ? name.replace('{', `{job="${job}",`) : `${name}{job="${job}"}`;
}

interface Steps {
  readonly well: number;
  readonly faulty: number;
  readonly after: number;
  /** Whether a step is a scrape. */
  readonly isScraped: boolean;
}

/** Counts up by one rate, from the fault on by the other, and by the first again. */
function valuesOf(rates: readonly [number, number], { well: steps, faulty, after, isScraped }: Steps): string {
  // Sums of these are exact: a rounding down would be a counter that was reset.
  const round = (value: number): number => Math.round(value * 65_536) / 65_536;
  const [before, during] = [round(rates[0]), round(rates[1])];
  // What only a fault counts is not there before it, as with the service itself, and its first sample is lost on increase().
  const start = before === 0 && isScraped ? `_x${steps + 1}` : `0+${before}x${steps}`;
  const atFault = before * steps;
  const parts = [start, `${atFault + during}+${during}x${faulty - 1}`];
  return [...parts, ...(after > 0 ? [`${atFault + during * faulty + before}+${before}x${after - 1}`] : [])].join(' ');
}
