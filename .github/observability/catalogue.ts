// Which series there are: the service's own (observability/METRICS.md), the recorded ones, and those of Prometheus and Alertmanager.
// Tested by queries.test.ts.
import { parse } from 'yaml';
import { z } from 'zod';
import type { Tree } from '../rules/tree.ts';

export interface Series {
  readonly kind: 'counter' | 'gauge' | 'bucket' | 'recorded';
  /** undefined: whatever its expression leaves. */
  readonly labels: ReadonlySet<string> | undefined;
  /** Of the service, of the rules, or of a job beside it. */
  readonly origin: 'service' | 'rules' | 'prometheus' | 'alertmanager' | 'scrape';
}

export type Catalogue = ReadonlyMap<string, Series>;

/** https://prometheus.io/docs/concepts/jobs_instances/ and what the two programs say of themselves, as far as something here asks for it. */
const BESIDE: Readonly<Record<string, Pick<Series, 'kind' | 'origin'> & { readonly labels: readonly string[] }>> = {
  up: { kind: 'gauge', origin: 'scrape', labels: [] },
  scrape_samples_scraped: { kind: 'gauge', origin: 'scrape', labels: [] },
  scrape_duration_seconds: { kind: 'gauge', origin: 'scrape', labels: [] },
  prometheus_config_last_reload_successful: { kind: 'gauge', origin: 'prometheus', labels: [] },
  prometheus_notifications_alertmanagers_discovered: { kind: 'gauge', origin: 'prometheus', labels: [] },
  prometheus_notifications_dropped_total: { kind: 'counter', origin: 'prometheus', labels: [] },
  prometheus_notifications_errors_total: { kind: 'counter', origin: 'prometheus', labels: ['alertmanager'] },
  prometheus_notifications_sent_total: { kind: 'counter', origin: 'prometheus', labels: ['alertmanager'] },
  prometheus_rule_evaluation_failures_total: { kind: 'counter', origin: 'prometheus', labels: ['rule_group'] },
  prometheus_rule_group_iterations_missed_total: { kind: 'counter', origin: 'prometheus', labels: ['rule_group'] },
  alertmanager_config_last_reload_successful: { kind: 'gauge', origin: 'alertmanager', labels: [] },
  alertmanager_notifications_total: { kind: 'counter', origin: 'alertmanager', labels: ['integration'] },
  alertmanager_notifications_failed_total: { kind: 'counter', origin: 'alertmanager', labels: ['integration', 'reason'] },
};

const TABLE = 'observability/METRICS.md';
const RULES = /^observability\/prometheus\/(?!.*\.test\.ya?ml$).*\.ya?ml$/;
const Rules = z.looseObject({ groups: z.array(z.looseObject({ rules: z.array(z.looseObject({ record: z.string().optional(), alert: z.string().optional(), expr: z.coerce.string() })) })) });

export interface RuleQuery {
  readonly file: string;
  readonly name: string;
  readonly expr: string;
  readonly records: boolean;
}

export function readCatalogue(tree: Tree): Catalogue {
  const recorded = readRules(tree).filter(({ records }) => records).map(({ name }): [string, Series] => [name, { kind: 'recorded', origin: 'rules', labels: undefined }]);
  const beside = Object.entries(BESIDE).map(([name, series]): [string, Series] => [name, { ...series, labels: new Set(series.labels) }]);
  return new Map([...exported(tree.get(TABLE) ?? ''), ...recorded, ...beside, ['ALERTS', { kind: 'gauge', origin: 'rules', labels: undefined }], ['ALERTS_FOR_STATE', { kind: 'gauge', origin: 'rules', labels: undefined }]]);
}

/** The rows `| name | type | … |` of the table that the service's test holds against its registry. */
function exported(text: string): readonly [string, Series][] {
  const rows = text.split('\n').map((line) => line.split('|').slice(1, -1).map((cell) => cell.replaceAll('`', '').trim()));
  const columns = rows.find((cells) => cells[0] === 'name') ?? [];
  const [type, labels] = [columns.indexOf('type'), columns.indexOf('labels')];
  return rows
    .filter(([name]) => /^[a-z][a-z0-9_]*$/.test(name ?? '') && name !== 'name')
    .flatMap((cells) => seriesOf(cells[0] ?? '', cells[type] ?? '', (cells[labels] ?? '').split(/[\s,]+/).filter((label) => /^[a-z_][a-z0-9_]*$/.test(label))));
}

function seriesOf(name: string, type: string, labels: readonly string[]): readonly [string, Series][] {
  const own = (kind: Series['kind'], ...more: readonly string[]): Series => ({ kind, origin: 'service', labels: new Set([...labels, ...more]) });
  if (type === 'counter') return [[name, own('counter')]];
  if (type !== 'histogram' && type !== 'summary') return [[name, own('gauge')]];
  return [[`${name}_bucket`, own('bucket', 'le')], [`${name}_sum`, own('counter')], [`${name}_count`, own('counter')]];
}

/** Every expression of the rules, with the name of what it records or of the alert. */
export function readRules(tree: Tree): readonly RuleQuery[] {
  return [...tree]
    .filter(([path]) => RULES.test(path))
    .flatMap(([file, text]) => {
      const parsed = Rules.safeParse(parse(text));
      if (!parsed.success) return [];
      return parsed.data.groups.flatMap(({ rules }) => rules.map(({ record, alert, expr }) => ({ file, name: record ?? alert ?? '', expr, records: record !== undefined })));
    });
}
