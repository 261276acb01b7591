// Writes the rules of the objectives: for each window the share of bad events, for each burn rate an alert, and what is left of the budget.
// Tested by objectives.test.ts, and in virtual time by observability/prometheus/objectives-*.test.yaml.
import { stringify } from 'yaml';
import { alertOf, budgetOf, type BurnRate, isComposed, type Objective, type Objectives, secondsOf, shortestWindow } from './objectives.ts';

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
    const rules = given.objectives.flatMap((objective) => [...windows.flatMap((window) => recordWindow(objective, window, shortestWindow(given))), alertOn(objective, burn, given)]);
    return { name: `objectives-${burn.name}`, interval: burn.evaluate, rules };
  });
  const budget = { name: 'objectives-budget', interval: BUDGET_EVERY, rules: given.objectives.flatMap((objective) => recordBudget(objective, given)) };
  return new Map([...burning, budget].map((group) => [group.name, HEADER + stringify({ groups: [group] }, { lineWidth: 0 })]));
}

function recordWindow(objective: Objective, window: string, shortest: string): readonly Rule[] {
  const { name } = objective;
  const own = `{objective="${name}"}`;
  const { events, bad } = isComposed(window) ? composedCounts(name, window, shortest) : counts(objective, window);
  return [
    { record: `slo:sli_events:increase${window}`, expr: events, labels: { objective: name } },
    { record: `slo:sli_bad:increase${window}`, expr: bad, labels: { objective: name } },
    { record: `slo:sli_error:ratio_rate${window}`, expr: `slo:sli_bad:increase${window}${own}\n/\n(slo:sli_events:increase${window}${own} > 0)`, labels: { objective: name } },
  ];
}

interface Counts {
  readonly events: string;
  readonly bad: string;
}

function counts({ name, events, bad, good }: Objective, window: string): Counts {
  const count = (selector: string): string => `sum by (job) (increase(${selector}[${window}]))`;
  // Where nothing ever was bad there is no series of it, and none is zero. Buckets are all there from the first event on.
  const orNone = `or\n0 * sum by (job) (slo:sli_events:increase${window}{objective="${name}"})`;
  return { events: count(events), bad: bad === undefined ? `clamp_min(\n  ${count(events)}\n  -\n  ${count(good ?? '')},\n  0\n)` : `${count(bad)}\n${orNone}` };
}

/** The counts of the shortest window laid end to end, weighed by traffic therefore, which a mean of ratios is not. */
function composedCounts(name: string, window: string, shortest: string): Counts {
  const sum = (of: string): string => `sum by (job) (sum_over_time(slo:sli_${of}:increase${shortest}{objective="${name}"}[${window}:${shortest}]))`;
  return { events: sum('events'), bad: sum('bad') };
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

function recordBudget(objective: Objective, given: Objectives): readonly Rule[] {
  const { name } = objective;
  const labels = { objective: name };
  return [
    { record: 'slo:objective:ratio', expr: `vector(${objective.objective})`, labels: { ...labels } },
    ...recordWindow(objective, given.period, shortestWindow(given)),
    { record: 'slo:error_budget_remaining:ratio', expr: `1 - slo:sli_error:ratio_rate${given.period}{objective="${name}"} / ${budgetOf(objective)}`, labels: { ...labels } },
  ];
}
