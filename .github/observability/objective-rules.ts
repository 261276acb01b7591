// Writes the rules of the objectives: for each window the share of bad events, for each burn rate an alert, and what is left of the budget.
// Tested by objectives.test.ts, and in virtual time by observability/prometheus/objectives-*.test.yaml.
import { stringify } from 'yaml';
import { alertOf, budgetOf, type BurnRate, COUNT_EVERY, isComposed, type Objective, type Objectives, secondsOf } from './objectives.ts';

export const RUNBOOKS = 'https://github.com/OWNER/REPOSITORY/blob/main/observability/runbooks/';
export const DASHBOARDS = 'https://grafana.example.com/d/';
const HEADER = '# Written by `npm run objectives` from observability/objectives.yaml; do not edit it.\n';


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
    const rules = given.objectives.flatMap((objective) => [...(isComposed(burn.long) ? recordCounts(objective) : []), ...windows.flatMap((window) => recordWindow(objective, window)), alertOn(objective, burn, given)]);
    return { name: `objectives-${burn.name}`, interval: burn.evaluate, rules };
  });
  const budget = { name: 'objectives-budget', interval: COUNT_EVERY, rules: given.objectives.flatMap((objective) => recordBudget(objective, given)) };
  return new Map([...burning, budget].map((group) => [group.name, HEADER + stringify({ groups: [group] }, { lineWidth: 0 })]));
}

function recordWindow({ name, ...counted }: Objective, window: string): readonly Rule[] {
  const [events, bad, error] = [`slo:sli_events:increase${window}`, `slo:sli_bad:increase${window}`, `slo:sli_error:ratio_rate${window}`];
  const own = `{objective="${name}"}`;
  const records = isComposed(window) ? composeCounts(name, { events, bad, window }) : count(counted, { events, bad, window, own });
  return [...records, [error, `${bad}${own}\n/\n(${events}${own} > 0)`] as const].map(([record, expr]) => ({ record, expr, labels: { objective: name } }));
}

type Recording = readonly [name: string, expr: string];
interface Names {
  readonly events: string;
  readonly bad: string;
  readonly window: string;
}

function count(counted: Omit<Objective, 'name'>, { events, bad, window, own }: Names & { readonly own: string }): readonly Recording[] {
  const sum = (selector: string): string => `sum by (job) (increase(${selector}[${window}]))`;
  // Where nothing ever was bad there is no series of it, and none is zero. Buckets are all there from the first event on.
  const ofBad = counted.bad === undefined ? `clamp_min(\n  ${sum(counted.events)}\n  -\n  ${sum(counted.good ?? '')},\n  0\n)` : `${sum(counted.bad)}\nor\n0 * sum by (job) (${events}${own})`;
  return [[events, sum(counted.events)], [bad, ofBad]];
}

/** In the group that composes them, so that they are its evaluations apart. */
function recordCounts({ name, ...counted }: Objective): readonly Rule[] {
  const names = { events: `slo:sli_events:count${COUNT_EVERY}`, bad: `slo:sli_bad:count${COUNT_EVERY}`, window: COUNT_EVERY };
  return count(counted, { ...names, own: `{objective="${name}"}` }).map(([record, expr]) => ({ record, expr, labels: { objective: name } }));
}

/** Weighed by traffic, which a mean of ratios is not. Half a count less than the window, or Prometheus 2 would take one more than 3. */
function composeCounts(objective: string, { events, bad, window }: Names): readonly Recording[] {
  const range = `${secondsOf(window) - secondsOf(COUNT_EVERY) / 2}s`;
  const sum = (of: string): string => `sum by (job) (sum_over_time(slo:sli_${of}:count${COUNT_EVERY}{objective="${objective}"}[${range}]))`;
  return [[events, sum('events')], [bad, sum('bad')]];
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
  return [
    { record: 'slo:objective:ratio', expr: `vector(${objective.objective})`, labels: { objective: name } },
    ...recordWindow(objective, given.period),
    { record: 'slo:error_budget_remaining:ratio', expr: `1 - slo:sli_error:ratio_rate${given.period}{objective="${name}"} / ${budgetOf(objective)}`, labels: { objective: name } },
  ];
}
