// Writes the tests of the objectives' alerts in virtual time. When an alert has to fire is computed from the objective, by the formula of
// the SRE workbook, and never taken from what promtool says. Tested by objectives.test.ts; the gate prometheus_rules_are_valid runs them.
import { stringify } from 'yaml';
import { alertOf, type BurnRate, detectionSeconds, isComposed, type Objective, type Objectives, secondsOf, thresholdOf } from './objectives.ts';

const HEADER = '# Written by `npm run objectives` from observability/objectives.yaml; do not edit it.\n';
/** Total outage, and for an objective of 99.9 % the shares at which each alert begins to fire. */
const SHARES = [1, 0.1, 0.0144, 0.006, 0.001];
/** A share on the threshold itself would test the rounding of a float. */
const [JUST_ABOVE, JUST_BELOW] = [1.005, 0.99];
const EVENTS_PER_SECOND = 10;
/** Not counted, and so many that counting them would change every outcome. */
const UNCOUNTED_PER_SECOND = 100;
const SCRAPE_SECONDS = 15;
/** What takes this many evaluations, or never comes, is looked at every sixth: the rest would be minutes for the same answer. */
const [LATE, LATE_FACTOR] = [60, 6];
/** Evaluations until so little traffic has brought the fewest bad events that count. */
const QUIET = 30;

/** One job of a test: all is well for a long window, then there is a fault, and it is lifted. Times are seconds from the fault. */
export interface Case {
  readonly objective: Objective;
  readonly title: string;
  /** Of events, bad ones, while the fault lasts. */
  readonly share: number;
  readonly eventsPerSecond: number;
  /** Without traffic before the fault, and after it. */
  readonly isQuiet: boolean;
  /** With events that must not be counted: as good they would hide the fault, as bad they would make one. */
  readonly isDisturbed: boolean;
  readonly lasts: number;
  readonly expected: ReadonlyMap<number, boolean>;
}

/** Name → text. Cases run at once, each as a job of its own: that is some thirty times quicker than one after the other. */
export function writeTests(burn: BurnRate, { objectives, minimumBad, burnRates }: Objectives): ReadonlyMap<string, string> {
  const every = secondsOf(burn.evaluate);
  const burning = (seconds: number, late: boolean): readonly Case[] => objectives.flatMap((objective) => burnCases(objective, burn, seconds).filter(({ after }) => isLate(after, every) === late).map(({ each }) => each));
  const quiet = objectives.flatMap((objective) => quietCases(objective, burn, minimumBad));
  return new Map([
    [`objectives-${burn.name}`, testFile([burning(every, false), quiet], burn, burnRates, every)],
    [`objectives-${burn.name}-late`, testFile([burning(every * LATE_FACTOR, true)], burn, burnRates, every * LATE_FACTOR)],
  ]);
}

function testFile(tests: readonly (readonly Case[])[], burn: BurnRate, burnRates: readonly BurnRate[], every: number): string {
  const groups = groupsOf(burn, burnRates);
  const file = {
    rule_files: groups.map((group) => `${group}.rules.yaml`),
    evaluation_interval: `${every}s`,
    group_eval_order: groups,
    tests: tests.map((cases) => ({ interval: `${stepOf(burn)}s`, input_series: cases.flatMap((each) => seriesOf(each, burn)), promql_expr_test: cases.flatMap((each) => expectationsOf(each, burn)) })),
  };
  return HEADER + stringify(file, { lineWidth: 0 });
}

const isLate = (after: number | undefined, every: number): boolean => after === undefined || after >= LATE * every;

/** Exported for its test. */
export function burnCases(objective: Objective, burn: BurnRate, every: number): readonly { readonly after: number | undefined; readonly each: Case }[] {
  const threshold = thresholdOf(objective, burn);
  // Both would be the same test.
  const shares = SHARES.filter((share) => Math.abs(share / threshold - 1) > 0.01);
  return [...shares, threshold * JUST_ABOVE, threshold * JUST_BELOW]
    .toSorted((a, b) => b - a)
    .map((share) => {
      const after = detectionSeconds(objective, burn, share);
      const common = { objective, share, eventsPerSecond: EVENTS_PER_SECOND, isQuiet: false, isDisturbed: share === 1 || share === threshold * JUST_BELOW };
      return { after, each: { ...common, ...expect(share, after, burn, every) } };
    });
}

function expect(share: number, after: number | undefined, burn: BurnRate, every: number): Pick<Case, 'title' | 'lasts' | 'expected'> {
  const name = `${Number((share * 100).toPrecision(4))} % bad`;
  const long = secondsOf(burn.long);
  if (after === undefined) {
    const lasts = long + 2 * every;
    return { title: `${name} never fires`, lasts, expected: new Map([[Math.round(long / 2 / every) * every, false], [long, false], [lasts, false]]) };
  }
  // Within one evaluation of the formula, before and after; the last evaluations that are.
  const [notYet, by] = [Math.floor(after / every - 1) * every, Math.floor(after / every + 1) * every];
  // Lifted, it is over as soon as the short window is, and not only when the long one has forgotten.
  const over = by + Math.ceil((secondsOf(burn.short) + 2 * stepOf(burn)) / every) * every;
  return { title: `${name} fires after ${Number(after.toPrecision(4))} s`, lasts: by, expected: new Map([...(notYet > 0 ? [[notYet, false] as const] : []), [by, true], [over, false]]) };
}

/** The guard: so little traffic that all of it may fail, and one that is more. */
function quietCases(objective: Objective, burn: BurnRate, minimumBad: number): readonly Case[] {
  const every = secondsOf(burn.evaluate);
  const common = { objective, share: 1, eventsPerSecond: minimumBad / (QUIET * every), isQuiet: true, isDisturbed: false };
  const [few, enough] = [(QUIET - QUIET / minimumBad) * every, (QUIET + 4) * every];
  return [
    { ...common, title: `only ${minimumBad - 1} events and all of them bad never fires`, lasts: few, expected: new Map([[few, false], [enough, false]]) },
    { ...common, title: `only ${minimumBad} events and all of them bad fires`, lasts: enough, expected: new Map([[few - 2 * every, false], [(QUIET + 2) * every, true]]) },
  ];
}

/** Its own, and those that record what it reads; the others would be evaluated in vain. */
function groupsOf(burn: BurnRate, burnRates: readonly BurnRate[]): readonly string[] {
  const recorders = [burn.short, burn.long].map((window) => burnRates.find(({ short, long }) => short === window || long === window) ?? burn);
  return [...new Set([...recorders, burn])].map(({ name }) => `objectives-${name}`);
}

/** As often as is scraped; over hours and days less often. */
function stepOf({ evaluate, long }: BurnRate): number {
  if (secondsOf(evaluate) <= 2 * SCRAPE_SECONDS) return SCRAPE_SECONDS;
  return isComposed(long) ? secondsOf(evaluate) / 2 : secondsOf(evaluate);
}

/** A whole long window in which all was well; without traffic there is nothing that could have been. */
const wellBefore = ({ isQuiet }: Case, { long, evaluate }: BurnRate): number => secondsOf(isQuiet ? evaluate : long);

const jobOf = ({ objective, title }: Case): string => `${objective.name}: ${title}`;

function expectationsOf(given: Case, burn: BurnRate): readonly object[] {
  return [...given.expected].map(([at, fires]) => ({
    expr: `count(ALERTS{alertname="${alertOf(given.objective, burn)}",alertstate="firing",job="${jobOf(given)}"})`,
    eval_time: `${wellBefore(given, burn) + at}s`,
    exp_samples: fires ? [{ labels: '{}', value: 1 }] : [],
  }));
}

function seriesOf(given: Case, burn: BurnRate): readonly { readonly series: string; readonly values: string }[] {
  const { objective, share, eventsPerSecond, isQuiet, isDisturbed, lasts, expected } = given;
  const { good, bad, uncounted } = objective.tested_with;
  const step = stepOf(burn);
  const disturbing = isDisturbed ? uncounted : [];
  const ratesOf = (name: string): Rates => {
    const always = disturbing.includes(name) ? UNCOUNTED_PER_SECOND : 0;
    const before = good.includes(name) && !isQuiet ? eventsPerSecond : 0;
    const during = (good.includes(name) ? eventsPerSecond * (1 - share) : 0) + (bad.includes(name) ? eventsPerSecond * share : 0);
    return { before: exact((always + before) * step), during: exact((always + during) * step) };
  };
  const [well, faulty, after] = [wellBefore(given, burn), lasts, Math.max(...expected.keys()) - lasts].map((seconds) => Math.ceil(seconds / step)) as [number, number, number];
  const series = [...new Set([...good, ...bad, ...disturbing])];
  return series.map((name) => ({ series: withJob(name, jobOf(given)), values: valuesOf(ratesOf(name), { well, faulty, after, bornLate: step === SCRAPE_SECONDS }) }));
}

function withJob(name: string, job: string): string {
  return name.includes('{') ? name.replace('{', `{job="${job}",`) : `${name}{job="${job}"}`;
}

/** Sums of these are exact: a sum that is rounded down would be a counter that was reset. */
const exact = (value: number): number => Math.round(value * 65_536) / 65_536;

interface Rates {
  readonly before: number;
  readonly during: number;
}
interface Steps {
  readonly well: number;
  readonly faulty: number;
  readonly after: number;
  /** What only the fault counts is not there before it, as with the service itself, and its first sample is lost on increase(). */
  readonly bornLate: boolean;
}

/** Counts up by one rate, from the fault on by the other, and by the first again. */
function valuesOf({ before, during }: Rates, { well, faulty, after, bornLate }: Steps): string {
  const start = before === 0 && bornLate ? `_x${well + 1}` : `0+${before}x${well}`;
  const [first, last] = [before * well + during, before * well + during * faulty];
  return [start, `${first}+${during}x${faulty - 1}`, ...(after > 0 ? [`${last + before}+${before}x${after - 1}`] : [])].join(' ');
}
