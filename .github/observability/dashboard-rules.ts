// What holds for every dashboard, after the rules of dashboard-linter, and what a reviewer or somebody who was woken needs besides.
// Each has changes to a good dashboard that it must notice. Tested by dashboards.test.ts.
import { type Dashboard, type DashboardFile, drawnPanels, isPromql, type Panel } from './dashboard.ts';
import { formatDashboard } from './dashboard-format.ts';

export interface Dashboards {
  readonly all: readonly DashboardFile[];
  /** Uids of the data sources that are provided, by their type. */
  readonly sources: ReadonlyMap<string, string>;
}

export interface DashboardRule {
  readonly claim: string;
  readonly problems: (file: DashboardFile, among: Dashboards) => readonly string[];
  /** Each makes a good dashboard one that the rule refuses. */
  readonly defects: Readonly<Record<string, (dashboard: Dashboard) => void>>;
}

/** Of https://github.com/grafana/grafana/blob/main/packages/grafana-data/src/valueFormats/categories.ts, those that are in use. */
const UNITS: ReadonlySet<string> = new Set(['none', 'short', 'percentunit', 's', 'bytes', 'reqps', 'ops', 'cps', 'bool']);
const COLUMNS = 24;
const WHERE_LINKS_LEAD = 'stockade-traces';
const TIME_RANGE = '${__url_time_range}';

const isSentence = (text: string | undefined): boolean => text !== undefined && /^\S.*\S[.)]$/s.test(text) && text.split(/\s+/).length >= 5;
const quoted = (panel: Panel): string => `panel ${panel.id} “${panel.title ?? ''}”`;
const repeated = <T>(items: readonly T[]): readonly T[] => items.filter((item, index) => items.indexOf(item) !== index);
const eachPanel = (dashboard: Dashboard, problem: (panel: Panel) => readonly string[]): readonly string[] => drawnPanels(dashboard).flatMap((panel) => problem(panel).map((text) => `${quoted(panel)} ${text}`));
const usesPrometheus = (dashboard: Dashboard): boolean => dashboard.templating.list.some(({ query }) => query === 'prometheus');

/** The first panel with a query, which every seed has. */
function first(dashboard: Dashboard): Panel {
  const panel = drawnPanels(dashboard)[0];
  if (panel === undefined) throw new Error('the seed has no panel');
  return panel;
}

function overlaps({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

function linkProblems(url: string, { all }: Dashboards): readonly string[] {
  const [, uid, query = ''] = /^\/d\/([\w-]+)\?(.*)$/.exec(url) ?? [];
  const target = all.find(({ dashboard }) => dashboard.uid === uid)?.dashboard;
  if (target === undefined) return [`links to ${url}, which is no dashboard here`];
  const names = query.split('&').flatMap((part) => /^var-(\w+)=/.exec(part)?.[1] ?? []);
  const known = new Set(target.templating.list.map(({ name }) => name));
  return [...(query.split('&').includes(TIME_RANGE) ? [] : ['links to another time']), ...names.filter((name) => !known.has(name)).map((name) => `sets ${name}, which ${target.uid} does not have`)];
}

/** Grafana's own begin with two underscores. */
function variablesIn(text: string): readonly string[] {
  return [...text.matchAll(/\$(?:\{(\w+)(?::\w+)?\}|(\w+))/g)].map(([, braced, plain]) => braced ?? plain ?? '').filter((name) => !name.startsWith('__') && !/^\d/.test(name));
}

export const dashboardRules: readonly DashboardRule[] = [
  {
    claim: 'a dashboard is written in one way: `npx node .github/observability/format-dashboards.command.ts` does it',
    problems: ({ text, dashboard }) => (text === formatDashboard(dashboard) ? [] : ['is not as the command writes it']),
    defects: {},
  },
  {
    claim: 'a dashboard is found by its file, says what it is for, and leads to the others',
    problems: ({ name, dashboard }, { all }) => [
      ...(dashboard.uid === name ? [] : [`has the uid ${dashboard.uid}`]),
      ...(repeated(all.map((file) => file.dashboard.title)).includes(dashboard.title) ? [`shares its title “${dashboard.title}”`] : []),
      ...(isSentence(dashboard.description) ? [] : ['does not say what it is for']),
      ...(dashboard.tags.includes('stockade') && dashboard.links.length > 0 ? [] : ['is not among the links of the others, or has none to them']),
    ],
    defects: {
      'another uid': (dashboard) => { dashboard.uid = 'other'; },
      'no description': (dashboard) => { dashboard.description = 'Requests'; },
      'no tag': (dashboard) => { dashboard.tags = []; },
      'no way to the others': (dashboard) => { dashboard.links = []; },
    },
  },
  {
    claim: 'a dashboard changes by a commit alone, shows one time zone to everybody, and is of a schema that needs no migration',
    problems: ({ dashboard }) => [
      ...(dashboard.editable ? ['can be edited where nobody reviews it'] : []),
      ...(dashboard.timezone === 'utc' ? [] : ['shows each reader another time']),
      ...(dashboard.schemaVersion >= 41 ? [] : ['is of an old schema']),
    ],
    defects: {
      editable: (dashboard) => { dashboard.editable = true; },
      'local time': (dashboard) => { dashboard.timezone = 'browser'; },
      'old schema': (dashboard) => { dashboard.schemaVersion = 16; },
    },
  },
  {
    // template-datasource-rule, template-job-rule, template-instance-rule, template-on-time-change-reload-rule. Other than the linter, “all” of
    // the jobs is the list of them: its .+ takes along whatever else has a process_cpu_seconds_total, as Prometheus has.
    claim: 'data source and job are chosen above, every choice is offered anew with the time, and “all” is all',
    problems: ({ dashboard }) => {
      const { list } = dashboard.templating;
      const missing = usesPrometheus(dashboard) ? ['datasource', 'job'].filter((name) => !list.some((variable) => variable.name === name)) : [];
      const queries = list.filter(({ type }) => type === 'query');
      return [
        ...(list.some(({ type }) => type === 'datasource') ? [] : ['has no choice of a data source']),
        ...missing.map((name) => `has no choice of ${name}`),
        ...queries.filter(({ refresh, multi, includeAll }) => refresh !== 2 || multi !== true || includeAll !== true).map(({ name }) => `$${name} is not offered anew, or not all of it`),
        ...queries.filter(({ name, allValue }) => (name === 'job' ? allValue !== undefined : !/^\.[*+]$/.test(allValue ?? ''))).map(({ name }) => `“all” of $${name} is something else`),
        ...queries.filter(({ query }) => !/^label_values\(.*, *\w+\)$/s.test(query)).map(({ name }) => `$${name} is no label_values(…)`),
        ...list.filter(({ label }) => label === undefined || label === '').map(({ name }) => `$${name} has no label`),
      ];
    },
    defects: {
      'no data source': (dashboard) => { dashboard.templating.list = dashboard.templating.list.filter(({ name }) => name !== 'datasource'); },
      'no job': (dashboard) => { dashboard.templating.list = dashboard.templating.list.filter(({ name }) => name !== 'job'); },
      'choices of yesterday': (dashboard) => { for (const variable of dashboard.templating.list) if (variable.type === 'query') variable.refresh = 1; },
      'one at a time': (dashboard) => { for (const variable of dashboard.templating.list) variable.multi = false; },
      'no name for a choice': (dashboard) => { for (const variable of dashboard.templating.list) delete variable.label; },
      'all instances as a list': (dashboard) => { for (const variable of dashboard.templating.list) delete variable.allValue; },
      'every job there is': (dashboard) => { for (const variable of dashboard.templating.list) if (variable.type === 'query') variable.allValue = '.+'; },
    },
  },
  {
    claim: 'every variable that is used is there, and every one that is there is used',
    problems: ({ dashboard }) => {
      const declared = dashboard.templating.list.map(({ name }) => name);
      const used = new Set(variablesIn(JSON.stringify([dashboard.panels, dashboard.templating.list.map(({ query, datasource }) => [query, datasource])])));
      return [...[...used].filter((name) => !declared.includes(name)).map((name) => `uses $${name}, which nobody can choose`), ...declared.filter((name) => !used.has(name)).map((name) => `offers $${name}, which changes nothing`)];
    },
    defects: {
      'a variable that is not there': (dashboard) => { dashboard.templating.list = dashboard.templating.list.filter(({ name }) => name !== 'instance'); },
      'a variable that changes nothing': (dashboard) => { dashboard.templating.list.push({ name: 'region', label: 'Region', type: 'textbox', query: '' }); },
    },
  },
  {
    claim: 'every panel has an id of its own, and a place of its own',
    problems: ({ dashboard }) => [
      ...repeated(dashboard.panels.map(({ id }) => id)).map((id) => `has two panels ${id}`),
      ...dashboard.panels.filter(({ gridPos: { x, w } }) => x < 0 || w < 1 || x + w > COLUMNS).map((panel) => `${quoted(panel)} is wider than the page`),
      ...dashboard.panels.flatMap((panel, index) => dashboard.panels.slice(index + 1).filter((other) => overlaps(panel, other)).map((other) => `${quoted(panel)} lies over ${quoted(other)}`)),
    ],
    defects: {
      'an id twice': (dashboard) => { dashboard.panels.push({ ...first(dashboard), gridPos: { h: 1, w: 1, x: 0, y: 99 } }); },
      'one over another': (dashboard) => { dashboard.panels.push({ ...first(dashboard), id: 99 }); },
      'past the edge': (dashboard) => { first(dashboard).gridPos.w = 25; },
    },
  },
  {
    // panel-title-description-rule
    claim: 'every panel has a title of its own, and a description that says what is counted and what to make of it',
    problems: ({ dashboard }) => [
      ...eachPanel(dashboard, ({ title, description }) => [...((title ?? '').trim() === '' ? ['has no title'] : []), ...(isSentence(description) ? [] : ['has no description'])]),
      ...repeated(drawnPanels(dashboard).map(({ title }) => title)).map((title) => `has two panels “${title ?? ''}”`),
      ...drawnPanels(dashboard).filter(({ title, description }) => (description ?? '').replace(/\.$/, '').toLowerCase() === (title ?? '').toLowerCase()).map((panel) => `${quoted(panel)} only repeats its title`),
    ],
    defects: {
      'no title': (dashboard) => { first(dashboard).title = ' '; },
      'no description': (dashboard) => { delete first(dashboard).description; },
      'a word as description': (dashboard) => { first(dashboard).description = 'Depth.'; },
      'a title twice': (dashboard) => { dashboard.panels.push({ ...first(dashboard), id: 99, gridPos: { h: 1, w: 1, x: 0, y: 99 } }); },
    },
  },
  {
    // panel-units-rule
    claim: 'every panel has a unit that Grafana knows',
    problems: ({ dashboard }) =>
      eachPanel(dashboard, ({ fieldConfig, type, options }) => [fieldConfig?.defaults.unit, ...(type === 'heatmap' ? [options?.yAxis?.unit] : [])].filter((unit) => unit === undefined || !UNITS.has(unit)).map((unit) => `has the unit ${unit ?? 'nobody knows which'}`)),
    defects: {
      'no unit': (dashboard) => { delete first(dashboard).fieldConfig?.defaults.unit; },
      'a unit of its own': (dashboard) => { first(dashboard).fieldConfig = { defaults: { unit: 'apples' } }; },
      'no unit of the axis': (dashboard) => { first(dashboard).type = 'heatmap'; },
    },
  },
  {
    // panel-no-targets-rule, panel-datasource-rule
    claim: 'every panel asks something, of the data source that is chosen above',
    problems: ({ dashboard }, { sources }) =>
      eachPanel(dashboard, ({ targets = [], datasource }) => {
        const variable = dashboard.templating.list.find(({ name }) => datasource?.uid === `\${${name}}`);
        return [
          ...(targets.length === 0 ? ['asks nothing'] : []),
          ...(targets.some(({ expr, query }) => (expr ?? query ?? '').trim() === '') ? ['has an empty query'] : []),
          ...repeated(targets.map(({ refId }) => refId)).map((refId) => `has two queries ${refId}`),
          ...(variable?.type === 'datasource' && variable.query === datasource?.type ? [] : ['asks another data source than the one that is chosen']),
          ...(sources.get(variable?.query ?? '') === undefined ? [`asks a ${datasource?.type ?? 'data source'} that is not provided`] : []),
        ];
      }),
    defects: {
      'no query': (dashboard) => { first(dashboard).targets = []; },
      'an empty query': (dashboard) => { first(dashboard).targets = [{ refId: 'A', expr: ' ' }]; },
      'a query twice': (dashboard) => { first(dashboard).targets = [{ refId: 'A', expr: 'up' }, { refId: 'A', expr: 'up' }]; },
      'a data source by its name': (dashboard) => { first(dashboard).datasource = { type: 'prometheus', uid: 'prometheus' }; },
      'no data source': (dashboard) => { delete first(dashboard).datasource; },
      'a data source that is not provided': (dashboard) => { for (const variable of dashboard.templating.list) if (variable.type === 'datasource') variable.query = 'graphite'; },
    },
  },
  {
    claim: 'every line has a name that a person reads: a legend wherever there is more than one query or a label',
    problems: ({ dashboard }) =>
      eachPanel(dashboard, (panel) => {
        const { targets = [], type } = panel;
        if (!isPromql(panel) || !['timeseries', 'state-timeline'].includes(type)) return [];
        return targets.filter(({ legendFormat }) => (legendFormat ?? '') === '').map(({ refId }) => `names no line of ${refId}`);
      }),
    defects: { 'no legend': (dashboard) => { first(dashboard).targets = [{ refId: 'A', expr: 'up' }]; } },
  },
  {
    claim: 'every panel leads to the traces and the lines of the log of the same time, and no link leads nowhere',
    problems: ({ dashboard }, among) =>
      eachPanel(dashboard, ({ links = [] }) => {
        const titles = dashboard.uid === WHERE_LINKS_LEAD ? [] : ['Traces', 'Logs'];
        return [
          ...titles.filter((title) => !links.some((link) => link.title === title && link.url?.startsWith(`/d/${WHERE_LINKS_LEAD}?`))).map((title) => `has no link “${title}”`),
          ...links.flatMap(({ url = '' }) => linkProblems(url, among)),
        ];
      }),
    defects: {
      'no links': (dashboard) => { delete first(dashboard).links; },
      'no traces': (dashboard) => { first(dashboard).links = first(dashboard).links?.filter(({ title }) => title !== 'Traces'); },
      'a dashboard that is gone': (dashboard) => { first(dashboard).links?.push({ title: 'Old', url: `/d/gone?${TIME_RANGE}` }); },
      'another time': (dashboard) => { first(dashboard).links?.push({ title: 'Now', url: `/d/${WHERE_LINKS_LEAD}?var-search=` }); },
      'a choice that is gone': (dashboard) => { first(dashboard).links?.push({ title: 'Shard', url: `/d/${WHERE_LINKS_LEAD}?${TIME_RANGE}&var-shard=1` }); },
    },
  },
];
