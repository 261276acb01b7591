// `npm run dashboards -- --prometheus http://127.0.0.1:9090 --out FOLDER`: each dashboard as a page, and as a picture where there is a Chromium,
// drawn from live answers; `--minutes 15`, `--scrape 15` (seconds). A query without data fails; with `--rules` also what a rule reads.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { browserMissing, openBrowser, openTab } from '#app/testing/browser.ts';
import { formatRows } from '#app/testing/report.ts';
import { readTree } from '../rules/tree.ts';
import { readRules } from './catalogue.ts';
import { isPromql, readDashboards } from './dashboard.ts';
import { dashboardPage } from './dashboard-page.ts';
import { answersOf } from './panel-answers.ts';
import { silentRules } from './rule-answers.ts';

const { values } = parseArgs({ options: { prometheus: { type: 'string', default: 'http://127.0.0.1:9090' }, out: { type: 'string', default: '.data/dashboards' }, minutes: { type: 'string', default: '15' }, scrape: { type: 'string', default: '15' }, rules: { type: 'boolean', default: false } } });
const POINTS = 180;
const PAGE = { width: 1_480, height: 900 };

const [minutes, scrape] = [Number(values.minutes), Number(values.scrape)];
const step = Math.max(1, Math.ceil((minutes * 60) / POINTS));
const to = Math.floor(Date.now() / 1_000);
const window = { origin: values.prometheus, from: to - minutes * 60, to, step, scrape };
const tree = readTree(path.resolve(import.meta.dirname, '../..'));
const files = readDashboards(tree).filter(({ dashboard }) => dashboard.panels.some(isPromql));
mkdirSync(values.out, { recursive: true });

const missing = browserMissing();
const browser = missing === false ? await openBrowser() : undefined;
if (missing !== false) console.log(`pictures    not run: ${missing}`);
const rows: string[][] = [];
const silent: string[] = [];
try {
  for (const { name, dashboard } of files) {
    const answers = await answersOf(dashboard, window);
    const file = path.join(values.out, `${name}.html`);
    writeFileSync(file, dashboardPage(dashboard, answers, new Date(to * 1_000)));
    const empty = answers.flatMap((answer) => answer.silent.map((query) => `${name}: ${answer.panel.title ?? ''}\n    ${query}`));
    silent.push(...empty);
    rows.push([name, String(answers.length), String(answers.flatMap(({ queries }) => queries).length), String(empty.length), browser === undefined ? 'not drawn' : await picture(file)]);
  }
} finally {
  await browser?.close();
}
console.log(formatRows([['dashboard', 'panels', 'queries', 'without data', 'picture'], ...rows]));
if (values.rules) {
  const rules = readRules(tree);
  const mute = await silentRules(rules, window);
  console.log(`rules       ${rules.length - mute.length} of ${rules.length} read only what is there`);
  silent.push(...mute.map(({ file, name, reads }) => `${file}: ${name}\n    ${reads.join('\n    ')}`));
}
for (const one of silent) console.error(`✖ no data: ${one}`);
if (silent.length > 0) process.exitCode = 1;

async function picture(file: string): Promise<string> {
  if (browser === undefined) return '';
  const { page, complaints } = await openTab(browser, { viewport: PAGE });
  await page.goto(pathToFileURL(path.resolve(file)).href);
  await page.waitForSelector('body[data-drawn]');
  const target = file.replace(/\.html$/, '.png');
  writeFileSync(target, await page.screenshot({ fullPage: true }));
  await page.context().close();
  if (complaints.length > 0) throw new Error(`${file}: ${complaints.join('; ')}`);
  return `${path.basename(target)}, ${Math.round(readFileSync(target).length / 1_024)} KiB`;
}
