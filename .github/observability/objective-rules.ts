// Writes the rules of the objectives: for each window the share of bad events, for each burn rate an alert, and what is left of the budget.
// Tested by objectives.test.ts, and in virtual time by observability/prometheus/objectives-*.test.yaml.
import { stringify } from 'yaml';
import { alertOf, budgetOf, type BurnRate, type Objective, type Objectives, secondsOf } from './objectives.ts';

export const RUNBOOKS = 'https://github.com/OWNER/REPOSITORY/blob/main/observability/runbooks/';
export const DASHBOARDS = 'https://grafana.example.com/d/';
const HEADER = '# Written by `npm run objectives` from observability/objectives.yaml; do not edit it.\n';
const BUDGET_EVERY = '5m';

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Name → text: a file for each burn rate, so that its test evaluates no other, and one for the budget. */
export function writeRules(given: Objectives): ReadonlyMap<string, string> {
  // A window that two alerts look at is recorded for the first of them.
  const recorded = new Set<string>();
  const burning = given.burnRates.map((burn) => {
    const windows = [burn.short, burn.long].filter((window) => !recorded.has(window));
    for (const window of windows) recorded.add(window);
    const rules = given.objectives.flatMap((objective) => [...windows.flatMap((window) => recordWindow(objective, window)), alertOn(objective, burn, given)]);
    return { name: `objectives-${burn.name}`, interval: burn.evaluate, rules };
  });
  const budget = { name: 'objectives-budget', interval: BUDGET_EVERY, rules: given.objectives.flatMap((objective) => recordBudget(objective, given)) };
  return new Map([...burning, budget].map((group) => [group.name, HEADER + stringify({ groups: [group] }, { lineWidth: 0 })]));
}

function recordWindow({ name, events, bad, good }: Objective, window: string): readonly Rule[] {
  const own = `{objective="${name}"}`;
  const count = (selector: string): string => `sum by (job) (increase(${selector}[${window}]))`;
  const all = `slo:sli_events:increase${window}${own}`;
  // Where nothing ever was bad there is no series of it, and none is zero. Buckets are all there from the first event on.
  const badCount =
    bad === undefined
      ? `clamp_min(\n  ${count(events)}\n  -\n  ${count(good ?? '')},\n  0\n)`
      : `${count(bad)}\nor\n0 * sum by (job) (${all})`;
  return [
    { record: `slo:sli_events:increase${window}`, expr: count(events), labels: { objective: name } },
    { record: `slo:sli_bad:increase${window}`, expr: badCount, labels: { objective: name } },
    { record: `slo:sli_error:ratio_rate${window}`, expr: `slo:sli_bad:increase${window}${own}\n/\n(${all} > 0)`, labels: { objective: name } },
  ];
}

function alertOn(objective: Objective, burn: BurnRate, { period, minimumBad }: Objectives): Rule {
  const alert = alertOf(objective, burn);
  const own = `{objective="${objective.name}"}`;
  const burns = (window: string): string => `slo:sli_error:ratio_rate${window}${own} > ${burn.rate} * ${budgetOf(objective)}`;
  return {
    alert,
    expr: [burns(burn.long), burns(burn.short), `slo:sli_bad:increase${burn.long}${own} >= ${minimumBad}`].join('\nand\n'),
    labels: { severity: burn.severity, team: 'service', burn: burn.name },
    annotations: {
      summary: `{{ $value | humanizePercentage }} of what {{ $labels.job }} did in ${burn.long} failed its objective: ${objective.symptom}. At this rate the budget of ${period} lasts ${lasting(period, burn.rate)} or less.`,
      runbook_url: `${RUNBOOKS}${alert}.md`,
      dashboard_url: `${DASHBOARDS}stockade-objectives`,
    },
  };
}

function lasting(period: string, rate: number): string {
  const hours = secondsOf(period) / rate / secondsOf('1h');
  return hours < 72 ? `${Math.round(hours)} hours` : `${Math.round(hours / 24)} days`;
}

/** Weighed by traffic, which a mean of ratios is not; over the recorded counts, for a month of counters is too much to read. */
function recordBudget(objective: Objective, { period, burnRates }: Objectives): readonly Rule[] {
  const own = `{objective="${objective.name}"}`;
  const shortest = burnRates.map(({ short }) => short).toSorted((a, b) => secondsOf(a) - secondsOf(b))[0] ?? '5m';
  const sum = (of: string): string => `sum by (job) (sum_over_time(slo:sli_${of}:increase${shortest}${own}[${period}]))`;
  const records: readonly (readonly [record: string, expr: string])[] = [
    ['slo:objective:ratio', `vector(${objective.objective})`],
    [`slo:sli_error:ratio_rate${period}`, `${sum('bad')}\n/\n(${sum('events')} > 0)`],
    ['slo:error_budget_remaining:ratio', `1 - slo:sli_error:ratio_rate${period}${own} / ${budgetOf(objective)}`],
  ];
  return records.map(([record, expr]) => ({ record, expr, labels: { objective: objective.name } }));
}
