// `npm run observability:panels`: every query of every panel and rule gives finite data while the real service lives through a day of a
// minute and a half; every metric that is asked for is exported, every exported one asked for. A table, and each dashboard as a page and a
// picture in .cache/observability/dashboards.
//   [--seconds 90] [--factor 15] [--out FOLDER] [--keep]: draws the pictures of observability/README.md anew
import { readFileSync } from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { parseArgs } from 'node:util';
import { browserMissing } from '#app/testing/browser.ts';
import { until } from '#app/testing/condition.ts';
import { exitCodeOfNotRun, formatRows } from '#app/testing/report.ts';
import { startTraceReceiver } from '#app/testing/trace-receiver.ts';
import { matching, readTree } from '../rules/tree.ts';
import { readRules } from './catalogue.ts';
import { queriesOf, readDashboards } from './dashboard.ts';
import { drawDashboards, keepTops, rowOf, TABLE_HEAD } from './draw-dashboards.ts';
import { absentMetrics, rawMaterial, readExposition, unusedMetrics } from './live-metrics.ts';
import { expand } from './panel-answers.ts';
import { DAILY_LIMITS, liveThrough } from './proof/daily-life.ts';
import { missingPrograms, type Stack, startStack } from './proof/stack.ts';
import { silentRules } from './rule-answers.ts';

/** With it a scrape takes a second, which is the least that a picture's step can be. */
const SCRAPE_SECONDS = 15;
/** Until the rules that run least often have recorded. */
const LATEST_RECORDING_MS = 120_000;
/** The text that is older than OpenMetrics has every series under its own name. */
const PAGES = /^(?:observability\/METRICS|app\/features\/[^/]+\/README)\.md$/;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** Shown by observability/README.md. */
const KEPT = ['stockade-service', 'stockade-live'];
const PICTURES = 'observability/pictures';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '90' }, factor: { type: 'string', default: String(SCRAPE_SECONDS) }, out: { type: 'string', default: '.cache/observability/dashboards' }, keep: { type: 'boolean', default: false } } });
const missing = missingPrograms() ?? (browserMissing() || undefined);
if (missing === undefined) process.exitCode = await prove();
else {
  console.log(`panels: not run, ${missing}`);
  process.exitCode = exitCodeOfNotRun(process.env['CI'] === 'true');
}

async function prove(): Promise<number> {
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const tree = readTree(path.resolve(import.meta.dirname, '../..'));
  const [dashboards, rules] = [readDashboards(tree), readRules(tree)];
  const collector = await startTraceReceiver();
  const stack = await startStack({ factor: Number(values.factor), environment: { ...DAILY_LIMITS, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint } });
  try {
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), readFileSync(stack.issuer.authorities, 'utf8')]);
    const from = Math.floor(Date.now() / 1_000);
    await liveThrough(stack, Number(values.seconds) * 1_000, say);
    say('asking');
    await until('all rules to have recorded', async () => (await unrecorded(stack, rules)).length === 0, LATEST_RECORDING_MS).catch(() => undefined);
    const to = Math.floor(Date.now() / 1_000);
    const window = { origin: stack.prometheus.origin, from, to, step: 1, scrape: SCRAPE_SECONDS / stack.factor };
    const { drawn, noPictures } = await drawDashboards(dashboards, window, values.out);
    const silent = await silentRules(rules, window);
    const missed = await unrecorded(stack, rules);
    // As they are asked: with the choices of a panel's variables filled in.
    const queries = [...dashboards.flatMap(queriesOf).map(({ text }) => expand(text, new Map([['job', '.+'], ['instance', '.+'], ['route', '.*'], ['objective', '.*']]), window)), ...rules.map(({ expr }) => expr)];
    const families = readExposition(await (await fetch(`${stack.service.adminOrigin}/metrics`)).text());
    const unused = unusedMetrics(families, queries, rawMaterial(matching(tree, PAGES).map(([, text]) => text)));
    const absent = absentMetrics(await seriesOf(stack), queries);

    console.log(formatRows([TABLE_HEAD, ...drawn.map(rowOf), ['together', String(sum(drawn.map(({ panels }) => panels))), String(sum(drawn.map(({ queries: all }) => all))), String(sum(drawn.map(({ queries: all, silent: none }) => all - none.length))), noPictures ?? values.out]]));
    console.log(`rules     ${rules.length - silent.length} of ${rules.length} read only what is there; ${rules.filter(({ records }) => records).length - missed.length} of ${rules.filter(({ records }) => records).length} recordings have a number`);
    console.log(`metrics   ${families.size - unused.length} of ${families.size} exported ones are asked for or raw material; ${absent.length} are asked for and not there`);
    const problems = [
      ...drawn.flatMap((one) => one.silent.map((query) => `no data: ${one.dashboard}: ${query}`)),
      ...silent.map(({ file, name, reads }) => `no data: ${file}: ${name}\n    ${reads.join('\n    ')}`),
      ...missed.map((name) => `not recorded: ${name}`),
      ...unused.map((name) => `exported, and neither asked for nor raw material: ${name}`),
      ...absent.map((name) => `asked for, and not exported: ${name}`),
      ...(noPictures === undefined ? [] : [`no pictures: ${noPictures}`]),
    ];
    for (const problem of problems) console.error(`✖ ${problem}`);
    if (problems.length > 0) return 1;
    if (values.keep) await keepTops(KEPT, values.out, PICTURES);
    return 0;
  } finally {
    await stack.close();
    await collector.close();
  }
}

/** Recordings of which the Prometheus that runs has no number. */
async function unrecorded({ prometheus }: Stack, rules: ReturnType<typeof readRules>): Promise<readonly string[]> {
  const names = [...new Set(rules.filter(({ records }) => records).map(({ name }) => name))];
  const answers = await Promise.all(names.map(async (name) => ({ name, answer: await prometheus.query(name) })));
  return answers.filter(({ answer }) => !answer.some(({ value }) => Number.isFinite(value))).map(({ name }) => name);
}

async function seriesOf({ prometheus }: Stack): Promise<ReadonlySet<string>> {
  const response = await fetch(`${prometheus.origin}/api/v1/label/__name__/values`);
  const { data } = (await response.json()) as { readonly data: readonly string[] };
  return new Set(data);
}
