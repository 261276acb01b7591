// What the running service exports against what is asked for: a metric that nobody looks at, and a query of one that is not there.
// Tested by live-metrics.test.ts.
import { parseQuery } from './promql.ts';

/** Families of the older text format: name → the series that it has. */
export function readExposition(text: string): ReadonlyMap<string, readonly string[]> {
  return new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type]) => [name, type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name]]));
}

/** Of the pages that tell of metrics: the table's last column, or a feature's own page. */
export function rawMaterial(pages: readonly string[]): ReadonlySet<string> {
  return new Set(pages.flatMap((page) => [...page.matchAll(/^\| `(\w+)` \|.*raw material/gm)].map(([, name = '']) => name)));
}

/** Exported, and in no query and no list of raw material. */
export function unusedMetrics(families: ReadonlyMap<string, readonly string[]>, queries: readonly string[], raw: ReadonlySet<string>): readonly string[] {
  const used = new Set(metricsOf(queries));
  return [...families].filter(([name, series]) => !raw.has(name) && !series.some((one) => used.has(one))).map(([name]) => name);
}

/** Asked for, and unknown to the Prometheus that has scraped everything. */
export function absentMetrics(known: ReadonlySet<string>, queries: readonly string[]): readonly string[] {
  return metricsOf(queries).filter((name) => !known.has(name));
}

function metricsOf(queries: readonly string[]): readonly string[] {
  return [...new Set(queries.flatMap((query) => parseQuery(query).selectors.map(({ metric }) => metric)))];
}
