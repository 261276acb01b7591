// What holds for every alert: its runbook, its links, its labels, its test. Each check has a small tree that it refuses, and relatives of
// that which pass. What one file of rules can say alone, policies/observability holds. Tested by alerts.test.ts.
import { posix } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { linesThat, matching, type Rule, type Tree } from '../rules/tree.ts';

const FOLDER = 'observability/prometheus/';
const RUNBOOKS = 'observability/runbooks/';
export const SECTIONS = ['What it means', 'Who feels it', 'Look here', 'Do this', 'Undo', 'Why the threshold'];
const TEAMS = ['service', 'security'];

const Alert = z.looseObject({ alert: z.string(), expr: z.coerce.string(), labels: z.record(z.string(), z.string()).default({}), annotations: z.record(z.string(), z.string()).default({}) });
const Rules = z.looseObject({ groups: z.array(z.looseObject({ rules: z.array(z.looseObject({ alert: z.string().optional() })) })) });
const Tests = z.looseObject({
  rule_files: z.array(z.string()),
  tests: z.array(
    z.looseObject({
      alert_rule_test: z.array(z.looseObject({ alertname: z.string(), exp_alerts: z.array(z.unknown()).default([]) })).default([]),
      promql_expr_test: z.array(z.looseObject({ expr: z.string(), exp_samples: z.array(z.unknown()).default([]) })).default([]),
    }),
  ),
});

export type FoundAlert = z.infer<typeof Alert> & { readonly file: string };

export function readAlerts(tree: Tree): readonly FoundAlert[] {
  return matching(tree, /^observability\/prometheus\/.*\.rules\.yaml$/).flatMap(([file, text]) =>
    Rules.parse(parse(text)).groups.flatMap(({ rules }) => rules.filter(({ alert }) => alert !== undefined).map((rule) => ({ file, ...Alert.parse(rule) }))),
  );
}

/** Alerts → whether some test saw it fire, and whether some test saw that it does not. */
function readTested(tree: Tree): ReadonlyMap<string, { readonly fires: boolean; readonly rests: boolean }> {
  const seen = matching(tree, /^observability\/prometheus\/.*\.test\.yaml$/).flatMap(([, text]) =>
    Tests.parse(parse(text)).tests.flatMap(({ alert_rule_test: alerts, promql_expr_test: queries }) => [
      ...alerts.map(({ alertname, exp_alerts: expected }) => ({ alert: alertname, fires: expected.length > 0 })),
      ...queries.flatMap(({ expr, exp_samples: expected }) => [...expr.matchAll(/ALERTS\{alertname="([A-Za-z]+)"/g)].map(([, alert = '']) => ({ alert, fires: expected.length > 0 }))),
    ]),
  );
  const names = new Set(seen.map(({ alert }) => alert));
  return new Map([...names].map((name) => [name, { fires: seen.some(({ alert, fires }) => alert === name && fires), rests: seen.some(({ alert, fires }) => alert === name && !fires) }]));
}

const runbookOf = (alert: string): string => `${RUNBOOKS}${alert}.md`;

function sectionProblem(path: string, text: string): readonly string[] {
  const name = posix.basename(path, '.md');
  const parts = text.split(/^## /m);
  const found = parts.slice(1).map((part) => part.split('\n', 1)[0] ?? '');
  if (parts[0]?.trim() !== `# ${name}`) return [`${path} begins with something else than its name`];
  if (found.join() !== SECTIONS.join()) return [`${path} has the sections ${found.join(', ')}`];
  return parts.slice(1).flatMap((part, index) => (part.split('\n').slice(1).join('').trim().length < 12 ? [`${path} says nothing in "${SECTIONS[index] ?? ''}"`] : []));
}

function brokenLinks(tree: Tree, [path, text]: readonly [string, string]): readonly string[] {
  const targets = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target = '']) => target).filter((target) => !/^[a-z]+:/.test(target));
  return targets.filter((target) => !tree.has(posix.join(posix.dirname(path), target))).map((target) => `${path} leads to ${target}, which is not there`);
}

/** Settings and metrics, as prose writes them. */
function unknownNames(tree: Tree, [path, text]: readonly [string, string]): readonly string[] {
  const known = `${tree.get('.env.example') ?? ''}${tree.get('observability/METRICS.md') ?? ''}`;
  const named = [...text.matchAll(/`((?:stockade|http|db|nodejs|v8js|process)_[a-z0-9_]+|[A-Z]+(?:_[A-Z]+)+)`/g)].map(([, name = '']) => name);
  // Node's own, and a part of a setting that is a file.
  const ours = named.filter((name) => !name.startsWith('NODE_') && !name.endsWith('_FILE'));
  return ours.filter((name) => !new RegExp(`\\b${name}\\b`).test(known)).map((name) => `${path} names ${name}, which is not there`);
}

/** The dashboards' own addresses, as Grafana gives them by uid. */
function dashboardIds(tree: Tree): ReadonlySet<string> {
  return new Set(matching(tree, /^observability\/grafana\/.*\.json$/).flatMap(([, text]) => z.looseObject({ uid: z.string() }).safeParse(JSON.parse(text)).data?.uid ?? []));
}

const rule = (alert: string, more = ''): string => `groups:\n  - name: a\n    rules:\n      - alert: ${alert}\n        expr: up == 0\n${more}`;
const runbook = (name: string, sections = SECTIONS): string => `# ${name}\n${sections.map((section) => `\n## ${section}\n\nIt is written here.\n`).join('')}`;
const [rules, page, tests] = [`${FOLDER}a.rules.yaml`, runbookOf('DiskFull'), `${FOLDER}a.test.yaml`];
const labelled = (severity: string, team: string): string => rule('DiskFull', `        labels: { severity: ${severity}, team: ${team} }\n`);
const linked = (url: string, dashboard: string): string => rule('DiskFull', `        annotations: { runbook_url: '${url}', dashboard_url: '${dashboard}' }\n`);
const url = 'https://github.com/OWNER/REPOSITORY/blob/main/observability/runbooks/';
const tested = (expected: readonly string[]): string => `rule_files: [a.rules.yaml]\ntests:\n  - alert_rule_test:\n${expected.map((each) => `      - { eval_time: 1m, alertname: DiskFull, exp_alerts: ${each} }\n`).join('')}`;
const bothWays = `${tested(['[]', '[{ exp_labels: { a: b } }]'])}      - { eval_time: 1m, alertname: DiskEmpty, exp_alerts: [] }\n`;

export const alertRules: readonly Rule[] = [
  {
    claim: 'every alert has a runbook of its name, and every runbook an alert',
    violations: (tree) => {
      const alerts = readAlerts(tree);
      const missing = alerts.filter(({ alert }) => !tree.has(runbookOf(alert))).map(({ file, alert }) => `${file} ${alert} has no runbook`);
      const idle = matching(tree, /^observability\/runbooks\//).filter(([path]) => !alerts.some(({ alert }) => path === runbookOf(alert)));
      return [...missing, ...idle.map(([path]) => `${path} belongs to no alert`)];
    },
    refuses: { [rules]: rule('DiskFull'), [runbookOf('DiskEmpty')]: runbook('DiskEmpty') },
    allows: { [rules]: rule('DiskFull'), [page]: runbook('DiskFull') },
  },
  {
    claim: `a runbook has its name and the sections ${SECTIONS.join(', ')}, none of them empty`,
    violations: (tree) => matching(tree, /^observability\/runbooks\//).flatMap(([path, text]) => sectionProblem(path, text)),
    refuses: { [page]: runbook('DiskFull', SECTIONS.toReversed()), [runbookOf('A')]: runbook('B'), [runbookOf('C')]: runbook('C', SECTIONS.slice(1)), [runbookOf('D')]: runbook('D').replace('It is written here.', '') },
    allows: { [page]: runbook('DiskFull') },
  },
  {
    claim: 'what a runbook leads to in the repository is there',
    violations: (tree) => matching(tree, /^observability\/runbooks\//).flatMap((file) => brokenLinks(tree, file)),
    refuses: { [page]: 'See [there](../gone.md#at-once).' },
    allows: { [page]: 'See [there](../objectives.yaml), [elsewhere](https://example.com) and [here](#undo).', 'observability/objectives.yaml': '' },
  },
  {
    claim: 'the settings and metrics that a runbook names are there',
    violations: (tree) => matching(tree, /^observability\/runbooks\//).flatMap((file) => unknownNames(tree, file)),
    refuses: { [page]: 'Lower `DISK_SIZE`.', [runbookOf('A')]: 'Look at `stockade_disk_inodes`.', '.env.example': '# DISK_SIZE_MB=1\n', 'observability/METRICS.md': '| `stockade_disk_bytes` |' },
    allows: { [page]: 'Lower `DISK_SIZE_MB`, look at `stockade_disk_bytes`, or give `NODE_EXTRA_CA_CERTS`.', '.env.example': '# DISK_SIZE_MB=1\n', 'observability/METRICS.md': '| `stockade_disk_bytes` |' },
  },
  {
    claim: "an alert leads to its own runbook, and to a dashboard that is there; all at one address, which a fork replaces with its own",
    violations: (tree) => {
      const ids = dashboardIds(tree);
      const alerts = readAlerts(tree);
      const bases = new Set(alerts.flatMap(({ annotations }) => [annotations['runbook_url']?.replace(/[^/]*$/, ''), annotations['dashboard_url']?.replace(/[^/]*$/, '')]));
      const wrong = alerts.filter(({ alert, annotations }) => annotations['runbook_url']?.endsWith(`/${runbookOf(alert)}`) !== true || !ids.has(posix.basename(annotations['dashboard_url'] ?? '')));
      return [...wrong.map(({ file, alert }) => `${file} ${alert} leads astray`), ...(bases.size > 2 ? [`${alerts[0]?.file ?? ''} and others lead to ${[...bases].join(', ')}`] : [])];
    },
    refuses: { [rules]: linked(`${url}DiskEmpty.md`, 'https://grafana.example.com/d/disk'), [`${FOLDER}b.rules.yaml`]: linked(`${url}DiskFull.md`, 'https://grafana.example.com/d/gone'), 'observability/grafana/disk.json': '{"uid":"disk"}' },
    allows: { [rules]: linked(`${url}DiskFull.md`, 'https://grafana.example.com/d/disk'), 'observability/grafana/disk.json': '{"uid":"disk"}' },
  },
  {
    claim: 'an alert says by its labels how urgent it is and whose it is, as the routes read them; those in security.rules.yaml are security’s',
    violations: (tree) =>
      readAlerts(tree)
        .filter(({ file, labels }) => !['page', 'ticket'].includes(labels['severity'] ?? '') || !TEAMS.includes(labels['team'] ?? '') || (labels['team'] === 'security') !== file.endsWith('/security.rules.yaml'))
        .map(({ file, alert }) => `${file} ${alert}`),
    refuses: { [rules]: labelled('warning', 'service'), [`${FOLDER}b.rules.yaml`]: labelled('page', 'nobody'), [`${FOLDER}security.rules.yaml`]: labelled('page', 'service'), [`${FOLDER}c.rules.yaml`]: labelled('page', 'security') },
    allows: { [rules]: labelled('page', 'service'), [`${FOLDER}security.rules.yaml`]: labelled('ticket', 'security') },
  },
  {
    claim: 'every alert was seen to fire by a test beside the rules, and seen not to',
    violations: (tree) => {
      const seen = readTested(tree);
      // Of the one that always fires there is nothing else to see.
      return readAlerts(tree)
        .filter(({ alert, expr }) => seen.get(alert)?.fires !== true || (seen.get(alert)?.rests !== true && expr !== 'vector(1)'))
        .map(({ file, alert }) => `${file} ${alert} is not tested both ways`);
    },
    refuses: { [rules]: rule('DiskEmpty'), [tests]: bothWays, [`${FOLDER}b.rules.yaml`]: rule('DiskSlow') },
    allows: { [rules]: rule('DiskFull'), [tests]: bothWays },
  },
  {
    claim: 'what is YAML beside the rules is loaded as rules, tests rules, or is the configuration',
    violations: (tree) => {
      const known = /\/(?:[a-z-]+\.(?:rules|test)|prometheus)\.yaml$/;
      const all = matching(tree, /^observability\/prometheus\/.*\.ya?ml$/);
      const untested = all.filter(([path]) => path.endsWith('.test.yaml')).flatMap(([path, text]) => Tests.parse(parse(text)).rule_files.filter((file) => !tree.has(`${FOLDER}${file}`)).map((file) => `${path} tests ${file}, which is not there`));
      return [...all.filter(([path]) => !known.test(path)).map(([path]) => path), ...untested];
    },
    refuses: { [`${FOLDER}disk.yaml`]: rule('DiskFull'), [`${FOLDER}b.test.yaml`]: tested(['[]']) },
    allows: { [rules]: rule('DiskFull'), [tests]: tested(['[]']), [`${FOLDER}prometheus.yaml`]: '' },
  },
  {
    claim: 'no rule names a job: a fork that renames the service keeps its alerts',
    violations: (tree) => matching(tree, /^observability\/prometheus\/.*\.rules\.yaml$/).flatMap((file) => linesThat(/\bjob\s*[=!]~?\s*["']/, file)),
    refuses: { [rules]: rule('DiskFull').replace('up', 'up{job="stockade"}') },
    allows: { [rules]: rule('DiskFull').replace('up', 'sum by (job) (up)') },
  },
];
