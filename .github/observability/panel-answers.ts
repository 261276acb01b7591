// The queries of a dashboard's panels, asked of a live Prometheus as Grafana would ask them, and whether each gave something to see.
// Tested by panel-answers.test.ts.
import { z } from 'zod';
import { type Dashboard, drawnPanels, isPromql, type Panel, type Target } from './dashboard.ts';

export interface Window {
  /** Of Prometheus' HTTP API: https://prometheus.io/docs/prometheus/latest/querying/api/ */
  readonly origin: string;
  /** In seconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly step: number;
  /** What $__rate_interval stands for: four scrapes, or a step and a scrape. */
  readonly scrape: number;
}

export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

export interface Exemplar {
  readonly time: number;
  readonly value: number;
  readonly traceId: string;
}

export interface Answer {
  readonly panel: Panel;
  readonly queries: readonly string[];
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  /** Observations that are kept with the trace that they are of. */
  readonly exemplars: readonly Exemplar[];
  /** Rows of a table, by the name of their column. */
  readonly rows: readonly Readonly<Record<string, string>>[];
  /** Queries that gave nothing, or no number. */
  readonly silent: readonly string[];
}

const Labels = z.record(z.string(), z.string());
const Point = z.tuple([z.number(), z.string()]);
const Reply = z.union([
  z.looseObject({ status: z.literal('success'), data: z.looseObject({ result: z.array(z.looseObject({ metric: Labels, values: z.array(Point).optional(), value: Point.optional() })) }) }),
  z.looseObject({ status: z.literal('error'), error: z.string() }),
]);

const Exemplars = z.looseObject({ data: z.array(z.looseObject({ exemplars: z.array(z.looseObject({ labels: Labels, value: z.string(), timestamp: z.number() })) })).nullish() });

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [number, number])[];
}

/** @throws Error when Prometheus refuses the query */
async function ask(window: Window, target: Pick<Target, 'instant'>, query: string): Promise<readonly Series[]> {
  const { origin, from, to, step } = window;
  const [path, times] = target.instant === true ? ['query', { time: String(to) }] : ['query_range', { start: String(from), end: String(to), step: String(step) }];
  const response = await fetch(`${origin}/api/v1/${path}`, { method: 'POST', body: new URLSearchParams({ query, ...times }) });
  const reply = Reply.parse(await response.json());
  if (reply.status === 'error') throw new Error(`Prometheus refuses ${query}: ${reply.error}`);
  return reply.data.result.map(({ metric, values, value }) => ({ metric, points: (values ?? (value === undefined ? [] : [value])).map(([time, text]) => [time, Number(text)] as const) }));
}

export type Asking = Pick<Window, 'origin' | 'from' | 'to'>;

export const askNow = (asking: Asking, query: string): Promise<readonly Series[]> => ask({ ...asking, step: 1, scrape: 1 }, { instant: true }, query);

/** Empty where Prometheus keeps none: it wants `--enable-feature=exemplar-storage`. */
async function askExemplars({ origin, from, to }: Window, query: string): Promise<readonly Exemplar[]> {
  const response = await fetch(`${origin}/api/v1/query_exemplars`, { method: 'POST', body: new URLSearchParams({ query, start: String(from), end: String(to) }) });
  const { data } = Exemplars.parse(await response.json());
  return (data ?? []).flatMap(({ exemplars }) => exemplars.flatMap(({ labels, value, timestamp }) => (labels['trace_id'] === undefined ? [] : [{ time: timestamp, value: Number(value), traceId: labels['trace_id'] }])));
}

export type Choices = ReadonlyMap<string, string>;

/** Each at “all”: its own pattern, or one of every value that there was in the time. */
async function choicesOf({ templating }: Dashboard, window: Window): Promise<Choices> {
  const choices = new Map<string, string>();
  for (const { name, type, query, allValue } of templating.list) {
    const [, selector, label] = /^label_values\((.*), *(\w+)\)$/s.exec(query) ?? [];
    if (allValue !== undefined || type !== 'query' || selector === undefined || label === undefined) choices.set(name, allValue ?? '.*');
    else {
      const series = await ask(window, { instant: true }, `group by (${label}) (last_over_time(${selector}[${window.to - window.from}s]))`);
      choices.set(name, series.map(({ metric }) => (metric[label] ?? '').replaceAll(/[^\w-]/g, '\\\\$&')).join('|'));
    }
  }
  return choices;
}

export function expand(query: string, choices: Choices, { step, scrape }: Pick<Window, 'step' | 'scrape'>): string {
  const interval = `${Math.max(4 * scrape, step + scrape)}s`;
  return query.replaceAll('$__rate_interval', interval).replaceAll(/\$(\w+)/g, (whole, name: string) => choices.get(name) ?? whole);
}

/** `{{label}}` of a legend, as Grafana fills it in. */
export function nameOf(legend: string | undefined, metric: Readonly<Record<string, string>>): string {
  if (legend === undefined || legend === '') return Object.entries(metric).filter(([label]) => label !== '__name__').map(([label, value]) => `${label}=${value}`).join(' ');
  const name = legend.replaceAll(/\{\{ *(\w+) *\}\}/g, (_, label: string) => metric[label] ?? '').trim();
  return name === '' ? '(none)' : name;
}

function timesOf({ from, to, step }: Window): readonly number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

function lineOf(series: Series, name: string, times: readonly number[]): Line {
  const values = new Map(series.points.map(([time, value]) => [Math.round(time * 1_000), value]));
  return { name, values: times.map((time) => finite(values.get(Math.round(time * 1_000)))) };
}

const finite = (value: number | undefined): number | null => (value !== undefined && Number.isFinite(value) ? value : null);
const speaks = ({ points }: Series): boolean => points.some(([, value]) => Number.isFinite(value));

async function answerOf(panel: Panel, choices: Choices, window: Window): Promise<Answer> {
  const times = timesOf(window);
  const asked = await Promise.all(
    (panel.targets ?? []).map(async (target) => {
      const query = expand(target.expr ?? '', choices, window);
      return { target, query, series: await ask(window, target, query), exemplars: target.exemplar === true ? await askExemplars(window, query) : [] };
    }),
  );
  const isTable = panel.type === 'table';
  const hidden = new Set(panel.transformations?.flatMap(({ options }) => Object.entries(options.excludeByName ?? {}).filter(([, hides]) => hides).map(([name]) => name)));
  const rows = isTable ? asked.flatMap(({ series }) => series.map(({ metric, points }) => ({ ...metric, Value: String(points.at(-1)?.[1] ?? '') }))) : [];
  return {
    panel,
    queries: asked.map(({ query }) => query),
    times,
    lines: isTable ? [] : asked.flatMap(({ target, series }) => series.map((one) => lineOf(one, nameOf(target.legendFormat, one.metric), times))),
    exemplars: asked.flatMap(({ exemplars }) => exemplars),
    rows: rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !hidden.has(name)))),
    silent: asked.filter(({ series }) => !series.some(speaks)).map(({ query }) => query),
  };
}

/** One after another: a laptop's Prometheus has other things to do. */
export async function answersOf(dashboard: Dashboard, window: Window): Promise<readonly Answer[]> {
  const choices = await choicesOf(dashboard, window);
  const answers: Answer[] = [];
  for (const panel of drawnPanels(dashboard).filter(isPromql)) answers.push(await answerOf(panel, choices, window));
  return answers;
}
