// What holds for every query of a panel or a rule, after the rules of dashboard-linter and of pint that need no running Prometheus.
// Each has queries that it refuses, and their nearest relatives that it lets pass. Tested by queries.test.ts.
import type { Catalogue, Series } from './catalogue.ts';
import { parseQuery, type Query, type Selector } from './promql.ts';

export interface Asked {
  readonly text: string;
  /** A panel is drawn for any time and any step; a rule has one interval for good; a variable fills the choices of the others. */
  readonly by: 'panel' | 'heatmap' | 'variable' | 'rule';
}

export interface QueryRule {
  readonly claim: string;
  readonly link: string;
  readonly problems: (query: Query, asked: Asked, catalogue: Catalogue) => readonly string[];
  readonly refuses: readonly Asked[];
  readonly allows: readonly Asked[];
}

const PINT = 'https://cloudflare.github.io/pint/checks';
const LINTER = 'https://github.com/grafana/dashboard-linter/blob/main/docs/rules';

const panel = (text: string): Asked => ({ text, by: 'panel' });
const heatmap = (text: string): Asked => ({ text, by: 'heatmap' });
const rule = (text: string): Asked => ({ text, by: 'rule' });

/** What the seeds ask for. */
export const SEED_CATALOGUE: Catalogue = new Map<string, Series>([
  ['up', { kind: 'gauge', origin: 'scrape', labels: new Set() }],
  ['hits_total', { kind: 'counter', origin: 'service', labels: new Set(['path']) }],
  ['depth', { kind: 'gauge', origin: 'service', labels: new Set(['queue']) }],
  ['wait_seconds_bucket', { kind: 'bucket', origin: 'service', labels: new Set(['path', 'le']) }],
  ['wait_seconds_count', { kind: 'counter', origin: 'service', labels: new Set(['path']) }],
  ['slo:bad:ratio', { kind: 'recorded', origin: 'rules', labels: undefined }],
  ['prometheus_errors_total', { kind: 'counter', origin: 'prometheus', labels: new Set() }],
  ['ALERTS', { kind: 'gauge', origin: 'rules', labels: undefined }],
]);

const RATES: ReadonlySet<string> = new Set(['rate', 'increase', 'irate', 'resets']);
/** These ask whether there is a series, not how high it is. */
const PRESENCE: ReadonlySet<string> = new Set(['absent', 'absent_over_time', 'count', 'group', 'present_over_time', 'count_over_time']);
/** Four scrapes, so that a lost one leaves two points: as Grafana makes $__rate_interval. */
const SHORTEST_SECONDS = 60;
const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800, y: 31_536_000 };
const EVERYWHERE = ['job', 'instance', '__name__'];

function seconds(range: string): number {
  return [...range.matchAll(/(\d+)(ms|[smhdwy])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * (SECONDS[unit ?? ''] ?? 0), 0);
}

const isCounter = (series: Series | undefined): boolean => series?.kind === 'counter' || series?.kind === 'bucket';
const matcherOf = ({ matchers }: Selector, label: string) => matchers.find((matcher) => matcher.label === label);

/** What a panel's variables choose is asked for; what is beside the service has a job of its own. */
function missingMatchers(selector: Selector, series: Series | undefined): readonly string[] {
  const job = matcherOf(selector, 'job');
  const [byJob, byInstance] = [job?.operator === '=~' && job.value.includes('$job'), matcherOf(selector, 'instance')?.value === '$instance'];
  switch (series?.origin) {
    case 'service': return [...(byJob ? [] : ['job=~"$job"']), ...(byInstance ? [] : ['instance=~"$instance"'])];
    // An objective is promised once for all jobs; its other series have the job that they were counted for.
    case 'rules': return byJob || matcherOf(selector, 'objective') !== undefined || selector.metric === 'slo:objective:ratio' ? [] : ['job=~"$job"'];
    case 'prometheus':
    case 'alertmanager': return job?.operator === '=' && job.value === series.origin ? [] : [`job="${series.origin}"`];
    case 'scrape':
    case undefined: return job === undefined ? ['a job'] : [];
  }
}

export const queryRules: readonly QueryRule[] = [
  {
    claim: 'every query parses',
    link: `${LINTER}/target-promql-rule.md`,
    problems: ({ errors }) => errors,
    refuses: [panel('sum(up{job=~"$job"}'), rule('')],
    allows: [panel('sum(up{job=~"$job"})')],
  },
  {
    claim: 'every series that a query names is exported, recorded, or of Prometheus and Alertmanager',
    link: `${PINT}/promql/series.html`,
    problems: ({ selectors }, _, catalogue) => selectors.filter(({ metric }) => !catalogue.has(metric)).map(({ metric }) => `there is no ${metric || 'series without a name'}`),
    refuses: [rule('hit_total'), rule('{job="a"}')],
    allows: [rule('depth')],
  },
  {
    claim: 'every label that a query matches or groups by is one of its series',
    link: `${PINT}/promql/series.html`,
    problems: ({ selectors, groupings }, _, catalogue) => {
      const unknown = selectors.flatMap(({ metric, matchers }) => {
        const labels = catalogue.get(metric)?.labels;
        return labels === undefined ? [] : matchers.filter(({ label }) => !labels.has(label) && !EVERYWHERE.includes(label)).map(({ label }) => `${metric} has no label ${label}`);
      });
      const sets = selectors.map(({ metric }) => catalogue.get(metric)?.labels);
      const all = sets.includes(undefined) ? undefined : new Set([...EVERYWHERE, ...sets.flatMap((labels) => [...(labels ?? [])])]);
      return [...unknown, ...(all === undefined ? [] : groupings.filter((label) => !all.has(label)).map((label) => `none of its series has the label ${label}`))];
    },
    refuses: [rule('depth{path="a"}'), rule('sum by (path) (depth)')],
    allows: [rule('sum by (queue, instance) (depth{queue="a"})'), rule('sum by (anything) (slo:bad:ratio)')],
  },
  {
    claim: 'a counter is read by its rate or increase, at once',
    link: `${PINT}/promql/counter.html`,
    // A variable asks for labels, whatever the value.
    problems: ({ selectors }, { by }, catalogue) =>
      selectors.filter(({ metric, within }) => by !== 'variable' && isCounter(catalogue.get(metric)) && !RATES.has(within[0] ?? '') && !PRESENCE.has(within[0] ?? '')).map(({ metric }) => `${metric} only rises, and falls when a process starts`),
    refuses: [rule('sum(hits_total)'), rule('hits_total > 5'), rule('max_over_time(hits_total[5m])')],
    allows: [rule('sum(rate(hits_total[5m]))'), rule('absent(hits_total{job="a"})'), { text: 'hits_total', by: 'variable' }],
  },
  {
    claim: 'rate and increase read counters alone, as they were scraped',
    link: `${PINT}/promql/rate.html`,
    problems: ({ selectors }, _, catalogue) =>
      selectors.filter(({ metric, within }) => within.some((name) => RATES.has(name)) && catalogue.has(metric) && !isCounter(catalogue.get(metric))).map(({ metric, within }) => `${within[0] ?? ''} of ${metric}, which is no counter`),
    refuses: [rule('rate(depth[5m])'), rule('increase(slo:bad:ratio[1h])'), rule('rate(sum(depth)[5m:1m])')],
    allows: [rule('increase(hits_total[1h])'), rule('delta(depth[5m])')],
  },
  {
    claim: 'a rate sees four scrapes at least: on a panel by $__rate_interval',
    link: `${LINTER}/target-rate-interval-rule.md`,
    problems: ({ selectors }, { by }) =>
      selectors.flatMap(({ metric, range, within }) => {
        if (range === undefined) return [];
        if (by === 'rule') return range.includes('$') ? [`a rule knows no ${range}`] : seconds(range) < SHORTEST_SECONDS ? [`[${range}] of ${metric} is shorter than ${SHORTEST_SECONDS} s`] : [];
        if (within[0] === 'rate' || within[0] === 'irate') return range === '$__rate_interval' ? [] : [`${within[0]} of ${metric} over ${range}, whatever the zoom`];
        return range === '$__rate_interval' || seconds(range) >= SHORTEST_SECONDS ? [] : [`[${range}] of ${metric} is shorter than ${SHORTEST_SECONDS} s`];
      }),
    refuses: [panel('rate(hits_total[5m])'), panel('increase(hits_total[30s])'), rule('rate(hits_total[$__rate_interval])'), rule('rate(hits_total[45s])')],
    allows: [panel('rate(hits_total[$__rate_interval])'), panel('increase(hits_total[1h])'), rule('rate(hits_total[1m30s])')],
  },
  {
    claim: 'buckets meet in histogram_quantile, are one bound of it, or are drawn as a heatmap',
    link: `${LINTER}/../../lint/rule_target_histogram.go`,
    problems: ({ selectors }, { by }, catalogue) =>
      selectors
        .filter((selector) => catalogue.get(selector.metric)?.kind === 'bucket' && by !== 'heatmap' && !selector.within.includes('histogram_quantile') && !PRESENCE.has(selector.within[0] ?? '') && matcherOf(selector, 'le') === undefined)
        .map(({ metric }) => `${metric} counts each request in every bucket above it`),
    refuses: [panel('sum(rate(wait_seconds_bucket{job=~"$job"}[$__rate_interval]))')],
    allows: [panel('histogram_quantile(0.9, sum by (le) (rate(wait_seconds_bucket[$__rate_interval])))'), heatmap('sum by (le) (increase(wait_seconds_bucket[$__rate_interval]))'), rule('rate(wait_seconds_bucket{le="0.25"}[5m])')],
  },
  {
    // 3.0 writes le="1" as le="1.0" when it scrapes: https://prometheus.io/docs/prometheus/latest/migration/#le-and-quantile-label-values
    claim: 'a whole bound is asked for as Prometheus 2 and as Prometheus 3 write it',
    link: 'https://prometheus.io/docs/prometheus/latest/migration/',
    problems: ({ selectors }) =>
      selectors.flatMap(({ metric, matchers }) => matchers.filter(({ label, operator, value }) => (label === 'le' || label === 'quantile') && operator === '=' && /^\d+(?:\.0)?$/.test(value)).map(({ label, value }) => `${metric}{${label}="${value}"} is there in one of them only`)),
    refuses: [rule('rate(wait_seconds_bucket{le="1"}[5m])'), rule('rate(wait_seconds_bucket{le="1.0"}[5m])')],
    allows: [rule('rate(wait_seconds_bucket{le=~"1|1.0"}[5m])'), rule('rate(wait_seconds_bucket{le="0.25"}[5m])')],
  },
  {
    claim: 'every query of a panel follows the choice of job and instance',
    link: `${LINTER}/target-job-rule.md`,
    problems: ({ selectors }, { by }, catalogue) => (by === 'rule' || by === 'variable' ? [] : selectors.flatMap((selector) => missingMatchers(selector, catalogue.get(selector.metric)).map((matcher) => `${selector.metric} without ${matcher}`))),
    refuses: [panel('depth'), panel('depth{job=~"$job"}'), panel('depth{instance=~"$instance"}'), panel('slo:bad:ratio'), panel('rate(prometheus_errors_total{job=~"$job"}[$__rate_interval])'), panel('up')],
    allows: [panel('depth{job=~"$job", instance=~"$instance"}'), panel('slo:bad:ratio{job=~"$job"}'), panel('rate(prometheus_errors_total{job="prometheus"}[$__rate_interval])'), panel('ALERTS{job=~"$job|"}'), rule('depth')],
  },
  {
    claim: 'a matcher is a pattern only where it has to be, and has no anchors, which Prometheus adds',
    link: `${PINT}/promql/regexp.html`,
    problems: ({ selectors }) =>
      selectors.flatMap(({ matchers }) =>
        matchers.filter(({ operator, value }) => /~/.test(operator) && !value.includes('$') && /^[\w /-]*$/.test(value)).map(({ label, value }) => `${label} is matched against the plain text ${value}`).concat(matchers.filter(({ operator, value }) => /~/.test(operator) && /^\^|(?:^|[^\\])\$$/.test(value)).map(({ label, value }) => `${label} is matched against ${value}, which is anchored anyway`)),
      ),
    refuses: [rule('depth{queue=~"a"}'), rule('depth{queue=~"^a.*"}'), rule('depth{queue!~".*a$"}')],
    allows: [rule('depth{queue=~"a|b"}'), rule('depth{queue=~"a.+"}'), panel('depth{queue=~"$queue"}'), rule('depth{queue="a"}')],
  },
  {
    claim: 'no part of a query is impossible: labels that are gone, sides that never match, a quantile without le',
    link: `${PINT}/promql/impossible.html`,
    problems: ({ impossible }) => impossible,
    refuses: [rule('sum by (path) (sum(rate(hits_total[5m])))'), rule('sum(depth) / up'), rule('histogram_quantile(0.9, sum by (path) (rate(wait_seconds_bucket[5m])))')],
    allows: [rule('sum by (path) (rate(hits_total[5m]))'), rule('sum(depth) / sum(up)'), rule('histogram_quantile(0.9, sum by (path, le) (rate(wait_seconds_bucket[5m])))')],
  },
];

export function problemsOf(asked: Asked, catalogue: Catalogue, { problems }: QueryRule): readonly string[] {
  return problems(parseQuery(asked.text), asked, catalogue).map((problem) => `${problem}\n    ${asked.text}`);
}
