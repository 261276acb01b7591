// A dashboard of Grafana as its tests and its pictures see it: of the file's form, what they read. Tested by dashboards.test.ts.
import { posix } from 'node:path';
import { z } from 'zod';
import { matching, type Tree } from '../rules/tree.ts';
import type { Asked } from './query-rules.ts';

const Source = z.object({ type: z.string(), uid: z.string() });
const Link = z.looseObject({ title: z.string(), url: z.string().optional() });
const Step = z.object({ color: z.string(), value: z.number().nullable() });
const Mapping = z.looseObject({ options: z.record(z.string(), z.looseObject({ text: z.string(), color: z.string().optional() })) });

const Target = z.looseObject({ refId: z.string(), expr: z.string().optional(), query: z.string().optional(), legendFormat: z.string().optional(), format: z.string().optional(), instant: z.boolean().optional(), exemplar: z.boolean().optional() });
const Defaults = z.looseObject({
  unit: z.string().optional(),
  decimals: z.number().optional(),
  noValue: z.string().optional(),
  min: z.number().nullable().optional(),
  max: z.number().nullable().optional(),
  thresholds: z.looseObject({ steps: z.array(Step) }).optional(),
  mappings: z.array(Mapping).optional(),
  custom: z.looseObject({ stacking: z.looseObject({ mode: z.string() }).optional(), thresholdsStyle: z.looseObject({ mode: z.string() }).optional() }).optional(),
});

const Panel = z.looseObject({
  id: z.number(),
  type: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  gridPos: z.object({ h: z.number(), w: z.number(), x: z.number(), y: z.number() }),
  datasource: Source.optional(),
  targets: z.array(Target).optional(),
  fieldConfig: z.looseObject({ defaults: Defaults }).optional(),
  options: z.looseObject({ yAxis: z.looseObject({ unit: z.string() }).optional() }).optional(),
  transformations: z.array(z.looseObject({ options: z.looseObject({ excludeByName: z.record(z.string(), z.boolean()).optional() }) })).optional(),
  links: z.array(Link).optional(),
});

const Variable = z.looseObject({
  name: z.string(),
  label: z.string().optional(),
  type: z.string(),
  query: z.string(),
  datasource: Source.optional(),
  refresh: z.number().optional(),
  multi: z.boolean().optional(),
  includeAll: z.boolean().optional(),
  allValue: z.string().optional(),
});

const Dashboard = z.looseObject({
  uid: z.string(),
  title: z.string(),
  description: z.string().optional(),
  tags: z.array(z.string()),
  schemaVersion: z.number(),
  editable: z.boolean(),
  timezone: z.string(),
  time: z.object({ from: z.string(), to: z.string() }),
  links: z.array(Link),
  templating: z.object({ list: z.array(Variable) }),
  panels: z.array(Panel),
});

export type Dashboard = z.infer<typeof Dashboard>;
export type Panel = z.infer<typeof Panel>;
export type Target = z.infer<typeof Target>;
export type Variable = z.infer<typeof Variable>;

export interface DashboardFile {
  readonly file: string;
  readonly name: string;
  readonly text: string;
  readonly dashboard: Dashboard;
}

const FOLDER = /^observability\/grafana\/dashboards\/.*\.json$/;

/** @throws ZodError where a file is none that Grafana could draw */
export function readDashboards(tree: Tree): readonly DashboardFile[] {
  return matching(tree, FOLDER).map(([file, text]) => ({ file, name: posix.basename(file, '.json'), text, dashboard: parseDashboard(text) }));
}

export function parseDashboard(text: string): Dashboard {
  const dashboard: unknown = JSON.parse(text);
  Dashboard.parse(dashboard);
  // As it is in the file: the parsed copy has its keys in another order.
  return dashboard as Dashboard;
}

/** Rows are headings. */
export const drawnPanels = ({ panels }: Dashboard): readonly Panel[] => panels.filter(({ type }) => type !== 'row');

export const isPromql = ({ datasource }: { readonly datasource?: { readonly type: string } | undefined }): boolean => datasource?.type === 'prometheus';

/** Every query in PromQL, of panels and of the choices above them. */
export function queriesOf({ file, dashboard }: Pick<DashboardFile, 'file' | 'dashboard'>): readonly (Asked & { readonly where: string })[] {
  const panels = drawnPanels(dashboard)
    .filter(isPromql)
    .flatMap(({ title, targets = [] }) => targets.map(({ refId, expr = '', format }) => ({ where: `${file} ${title ?? ''} ${refId}`, text: expr, by: format === 'heatmap' ? ('heatmap' as const) : ('panel' as const) })));
  const variables = dashboard.templating.list.filter(isPromql).map(({ name, query }) => ({ where: `${file} $${name}`, text: choicesFrom(query), by: 'variable' as const }));
  return [...panels, ...variables];
}

/** `label_values(metric{…}, label)` is Grafana's own; its first part is a query. */
function choicesFrom(query: string): string {
  return /^label_values\((.*), *\w+\)$/s.exec(query)?.[1] ?? '';
}
